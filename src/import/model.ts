import type { Note, Notes } from './notes.ts';

export const SCRIPT_ENGINES = ['socketio', 'socketio-v3', 'ws'] as const;
export type ScriptEngine = (typeof SCRIPT_ENGINES)[number];

/** How a user connects, with templates. */
export interface ConnectOptionsPart {
  readonly url?: string;
  readonly auth?: unknown;
  readonly headers?: unknown;
  readonly query?: unknown;
}

/** What the server must answer, and what is kept of it. Paths are those in what `call` and `next` resolve to. */
export interface ExpectedAnswer {
  /** The data that Artillery compares; undefined when it compares none. */
  readonly data: unknown;
  readonly matches: ReadonlyArray<{ readonly path: readonly string[]; readonly value: unknown }>;
  readonly captures: ReadonlyArray<{ readonly path: readonly string[]; readonly as: string }>;
}

interface StepPart {
  readonly line: number;
  /** What of this step needs attention. */
  readonly notes: readonly Note[];
}

export type Step = StepPart &
  (
    | { readonly kind: 'note' }
    | { readonly kind: 'connect'; readonly namespace: string; readonly options: ConnectOptionsPart }
    | {
        readonly kind: 'emit';
        readonly namespace: string;
        readonly event: string;
        /** One argument of `emit.data`, or the list of all arguments. */
        readonly args: { readonly data: unknown } | { readonly list: readonly unknown[] };
        readonly response: (ExpectedAnswer & { readonly event: string }) | null;
        readonly acknowledge: ExpectedAnswer | null;
      }
    /** `payload` is undefined for a step that only waits. */
    | { readonly kind: 'send'; readonly payload: unknown; readonly expected: ExpectedAnswer | null }
    | { readonly kind: 'think'; readonly durationMs: number | string; readonly jitterMs: number }
    | { readonly kind: 'log'; readonly text: string }
    | {
        readonly kind: 'loop';
        readonly rounds: Rounds;
        readonly body: readonly Step[];
        readonly counter: string;
        readonly element: string;
      }
  );

export type StepOf<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/** How often a loop goes round. Numbers may be templates. */
export type Rounds =
  | { readonly kind: 'count'; readonly from: number; readonly to: number | string }
  | { readonly kind: 'over'; readonly values: readonly unknown[] | string }
  | { readonly kind: 'endless' };

export interface Flow {
  readonly name: string;
  readonly weight: number;
  readonly line: number;
  readonly steps: readonly Step[];
}

/** A CSV file whose rows become variables of users. */
export interface PayloadFile {
  readonly path: string;
  readonly fields: readonly string[];
  readonly order: 'sequence' | 'random';
  /** The variable that holds all rows; null when each user gets one row. */
  readonly all: string | null;
  readonly delimiter: string;
  readonly skipHeader: boolean;
  readonly cast: boolean;
}

/** Everything of a script that is carried over. */
export interface ImportedScript {
  readonly engine: ScriptEngine;
  readonly url: string;
  readonly transport: 'websocket' | 'polling' | 'upgrade';
  readonly path: string | null;
  readonly isMsgpack: boolean;
  readonly tls: Readonly<Record<string, unknown>>;
  /** Options of every connection. */
  readonly connect: ConnectOptionsPart;
  /** A profile of `--rate`. */
  readonly rate: string;
  readonly isPoisson: boolean;
  /** The number of users at a time above which arrivals are skipped; null for no limit. */
  readonly maxUsers: number | null;
  readonly timeoutMs: number;
  readonly payloads: readonly PayloadFile[];
  readonly variables: ReadonlyMap<string, unknown>;
  /** Values of `target` and `$environment`. */
  readonly constants: ReadonlyMap<string, string>;
  readonly flows: readonly Flow[];
  readonly notes: readonly Note[];
}

/** What the reader of steps knows of the script around them. */
export interface StepContext {
  readonly engine: ScriptEngine;
  readonly notes: Notes;
  /** `config.defaults.think.jitter`. */
  readonly jitter: string | undefined;
  readonly timeoutMs: number;
}
