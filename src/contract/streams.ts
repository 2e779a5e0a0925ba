/** Who is in which rooms and sends what to whom: what a scenario lays out. */
import { fail } from '../errors.ts';
import { formatCount } from '../units.ts';
import { flagOf } from './options.ts';
import type { Scope } from './protocol.ts';

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

/**
 * Returns a layout without rooms in which every client, or each of `publishers`, carries out the operation, and receives
 * the reply alone.
 */
export function aloneEach(
  clients: number,
  operation: Operation,
  publishers: readonly number[] | null = null,
): Layout {
  const senders = publishers ?? everyClient(clients);
  return {
    rooms: everyClient(clients).map(() => []),
    streams: senders.map((client) => ({ sender: client, operation, receivers: [client] })),
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
