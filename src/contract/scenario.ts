/**
 * The contract of a scenario, and everything that a scenario may import.
 *
 * A scenario is data: it assigns clients to rooms, and says who sends what to whom. A scenario whose users do several
 * things in a row adds a function with these steps. Pacing, stamping, timing and accounting happen elsewhere, in the
 * same way for every scenario.
 */
import { fail } from '../errors.ts';
import { formatCount } from '../units.ts';
import { flagOf, type GivenOptions, type OptionTable, type OptionValues } from './options.ts';
import type { Payload, Scope } from './protocol.ts';
import type { Client, Protocol, Transport } from './target.ts';

export { fail } from '../errors.ts';
export { parseByteRateHz, parseDurationMs } from '../units.ts';
export { choice, integer, type OptionTable, type OptionValues, onOff, option } from './options.ts';
export { SCOPES, type Scope } from './protocol.ts';
export { type Client, PROTOCOLS, type Protocol, TRANSPORTS, type Transport } from './target.ts';

/** The action of a sender when one of its messages is due. */
export type Operation =
  /**
   * Sends a message to others; `room` is null for the two scopes without a room. `to` is the number of the client that a
   * direct message is for; its room then has that client only, and a target without `join` is not asked for one.
   */
  | {
      readonly kind: 'publish';
      readonly scope: Scope;
      readonly room: string | null;
      readonly to?: number;
    }
  /** Sends a request that the server acknowledges. */
  | { readonly kind: 'request' }
  /** Makes the server send a request to this client, which acknowledges it; the server then reports the time. */
  | { readonly kind: 'ask-me' }
  /** Sends a message that returns to its sender as an event. The payload type is the plan's by default. */
  | { readonly kind: 'echo'; readonly payloadType?: 'text' | 'binary' }
  /** Sends a request that is answered by `replies` replies. */
  | { readonly kind: 'stream-reply'; readonly replies: number }
  /** Sends a ping of the protocol. */
  | { readonly kind: 'ping' }
  /** Closes the connection, and opens another when it is closed. */
  | { readonly kind: 'close' }
  /** Carries out the scenario's `steps`. */
  | { readonly kind: 'steps' };

/** Every kind; one that is missing does not compile. */
const KINDS_OF_OPERATION: Readonly<Record<Operation['kind'], true>> = {
  publish: true,
  request: true,
  'ask-me': true,
  echo: true,
  'stream-reply': true,
  ping: true,
  close: true,
  steps: true,
};

export const OPERATION_KINDS: readonly string[] = Object.keys(KINDS_OF_OPERATION);

/** Messages of one sender to one audience. The k-th due message of a run belongs to stream k modulo their number. */
export interface Stream {
  /** Client number. */
  readonly sender: number;
  readonly operation: Operation;
  /**
   * Numbers of the clients that each message, or the reply to it, is expected at: ascending, each once. With `steps`,
   * the clients that each message is expected at that the steps publish.
   */
  readonly receivers: readonly number[];
  /** The series of these latencies; the headline series by default. */
  readonly series?: string;
}

/** Which clients are in which rooms, and who sends what to whom. */
export interface Layout {
  /** The rooms that each client joins before the warm-up: one entry per client. */
  readonly rooms: ReadonlyArray<readonly string[]>;
  /** Empty when clients only receive what the server pushes on its own; the target describes these pushes. */
  readonly streams: readonly Stream[];
  /** The headline series when it depends on the options; the scenario's by default. */
  readonly headline?: string;
  /**
   * Whether connections are held for their own sake. Without streams, clients do nothing else, and one that is cut is a
   * result. With steps, connections that iterations open stay open until the end of the run.
   */
  readonly holds?: boolean;
}

/** The stages of a handshake, in this order: those that the protocol has and the driver reports. */
export const HANDSHAKE_STAGES = ['tcp', 'tls', 'upgrade', 'namespace'] as const;
export type HandshakeStage = (typeof HANDSHAKE_STAGES)[number];

/** The way in which the clients of a run connect. */
export interface Speech {
  readonly protocol: Protocol;
  readonly transport: Transport;
}

/** How a connection of an iteration differs from those that the target describes. */
export interface OwnConnectionOptions {
  /** Absolute, or relative to the URL of the target. Another host needs --allow-remote. */
  readonly url?: string;
  /** Socket.IO namespace, beginning with a slash. */
  readonly namespace?: string;
  /** Added to the target's `auth`, `headers` and `query`. */
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

/**
 * A connection that an iteration opened. Once the server has dropped it, everything but `close` throws, and what waits
 * rejects.
 */
export interface OwnConnection extends Pick<User, 'emit' | 'call' | 'next'> {
  /**
   * Resolves when a connection that began by polling has upgraded to WebSocket; at once for any other. Rejects after
   * the plan's connect timeout.
   */
  readonly upgraded: Promise<void>;
  /** The length of each stage of the handshake in nanoseconds, in order; empty where the driver reports none. */
  readonly stages: Readonly<Partial<Record<HandshakeStage, number>>>;
  /** Time from when `open` was due until the connection was ready for use, in nanoseconds. */
  readonly handshakeNs: number;
  /** Sends a request, recorded in this series. Resolves when it is answered; throws as `request` of the user does. */
  request(series: string): Promise<void>;
  /** Closes the connection before the end of the iteration. Resolves when it is closed. */
  close(): Promise<void>;
}

/** One user during its steps. Everything is stamped, timed and accounted for as in any other scenario. */
export interface User<T extends OptionTable = OptionTable> {
  readonly client: Client;
  readonly options: OptionValues<T>;
  /** Number of this iteration of the client, from 0. */
  readonly iteration: number;
  /** Number of this iteration among those of all clients, in the order of the schedule, from 0. */
  readonly arrival: number;
  /**
   * Sends a stamped message to the receivers of this user's stream, and returns it. No other message has the same text
   * or bytes.
   */
  publish(scope: Scope, room?: string | null): Payload;
  /**
   * Sends a stamped request, recorded in the series `ack`. Resolves when it is answered; throws when the reply has a
   * corrupted payload or the timestamp of another message, and after the plan's connect timeout.
   */
  request(): Promise<void>;
  /** Sends any event. */
  emit(event: string, data?: unknown): void;
  /** Sends any event and resolves to its acknowledgement. Throws after the plan's connect timeout. */
  call(event: string, data?: unknown): Promise<unknown>;
  /**
   * Takes the first event of this name that has arrived since the iteration began and was not taken, or the first that
   * `isMeant` accepts; waits where there is none. `isNew`: the event has arrived since the call. Resolves to its data:
   * of several arguments, a list. The following step is timed from when it arrived, or from the call if that is later.
   * Throws after the plan's connect timeout. The last 100 events of each name are kept.
   */
  next(event: string, isMeant?: (data: unknown, isNew: boolean) => boolean): Promise<unknown>;
  /**
   * Opens another connection for this iteration, as the target describes it except for `options`. It is closed when the
   * iteration ends, unless the layout holds connections. Throws when the server refuses it.
   */
  open(options?: OwnConnectionOptions): Promise<OwnConnection>;
  /** Waits as a person does between two steps. The following step is timed from the intended end of the wait. */
  think(durationMs: number): Promise<void>;
  /** Records how long `work` takes, from when it was due, into one of the scenario's own series. */
  time<R>(series: string, work: () => Promise<R>): Promise<R>;
  /** Records a value in nanoseconds into one of the scenario's own series. */
  record(series: string, valueNs: number): void;
}

export interface Scenario<T extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line for help and `list`. */
  readonly summary: string;
  /**
   * The series that is shown first and judged for validity: `delivery` for published messages, `ack` for requests,
   * `reply` for streamed replies, `iteration` for steps, `push_skew` when clients only listen, or an own series.
   */
  readonly headline: string;
  /**
   * Who opens connections. `clients`, the default: each client opens one before the warm-up and keeps it. `iterations`:
   * clients have no connection, and `steps` open theirs by `open()`.
   */
  readonly connections?: 'clients' | 'iterations';
  /** Own series: the name in lower case with underscores, and the meaning of one value. */
  readonly series?: Readonly<Record<string, string>>;
  readonly options: T;
  /** Defaults of this scenario for options of every run, written as on the command line. */
  readonly defaults?: GivenOptions;
  /**
   * Computes the layout of a run with `clients` clients. It must be pure: the same arguments give the same layout.
   * Throws a SockbenchError for options that contradict one another.
   */
  readonly layout: (options: OptionValues<T>, clients: number, speech: Speech) => Layout;
  /** The disruptions of a run that is given none, written as the value of --disrupt. */
  readonly disrupt?: (options: OptionValues<T>) => string;
  /** Carries out the steps of a user when an iteration is due. An iteration that throws has failed, and is counted by its message. */
  readonly steps?: (user: User<T>) => Promise<void>;
}

/** Whether clients have no connection, and iterations open their own. */
export function connectsByIteration({ connections }: Pick<Scenario, 'connections'>): boolean {
  return connections === 'iterations';
}

/** Types the options of a scenario from its own table. */
export function defineScenario<const T extends OptionTable>(scenario: Scenario<T>): Scenario {
  return scenario as unknown as Scenario;
}

/** Whether the clients of a layout only listen to what the server pushes on its own. */
export function isObserving({ streams, holds = false }: Layout): boolean {
  return streams.length === 0 && !holds;
}

/** Whether the clients of a layout do nothing but hold their connections. */
export function isHolding({ streams, holds = false }: Layout): boolean {
  return streams.length === 0 && holds;
}

/** Returns the client numbers 0 to count - 1. */
export function everyClient(count: number): number[] {
  return Array.from({ length: count }, (_, client) => client);
}

/** Returns a layout without rooms in which every client carries out the operation, and receives the reply alone. */
export function aloneEach(clients: number, operation: Operation): Layout {
  return {
    rooms: everyClient(clients).map(() => []),
    streams: everyClient(clients).map((client) => ({ sender: client, operation, receivers: [client] })),
  };
}

/**
 * Checks that an option is not above what is available: `requireAtMost('publishers', 5, 3, 'clients')` says that
 * --publishers 5 is more than the 3 clients. Throws TOO_MANY.
 */
export function requireAtMost(option: string, given: number, available: number, ofWhat: string): void {
  if (given <= available) return;
  const flag = flagOf(option);
  fail(
    'TOO_MANY',
    `${flag} ${given} is more than the ${formatCount(available)} ${ofWhat}`,
    `Give ${flag} ${available} or less, or more ${ofWhat}.`,
  );
}
