/**
 * The contract of a scenario, and all that a scenario may import.
 *
 * A scenario is data: it lays out who sits in which room, who sends what and who is owed it. Where a user's
 * behaviour has several steps, it adds a function of these. Pacing, stamping, timing and accounting are the same
 * for all of them and happen elsewhere.
 */
import { SockbenchError } from '../errors.ts';
import { formatCount } from '../units.ts';
import { flagOf, type GivenOptions, type OptionTable, type OptionValues } from './options.ts';
import type { Payload, Scope } from './protocol.ts';
import type { Client, Protocol, Transport } from './target.ts';

export { parseDurationMs } from '../units.ts';
export { choice, integer, type OptionTable, type OptionValues, onOff } from './options.ts';
export { SCOPES, type Scope } from './protocol.ts';
export { type Client, PROTOCOLS, type Protocol, TRANSPORTS, type Transport } from './target.ts';

/** What a sender does when one of its messages is due. */
export type Operation =
  /** Sends a message to others; `room` is null for the two scopes without a room. */
  | { readonly kind: 'publish'; readonly scope: Scope; readonly room: string | null }
  /** Sends a request that the server acknowledges. */
  | { readonly kind: 'request' }
  /** Has the server send it a request, which it acknowledges; the server then reports back. */
  | { readonly kind: 'ask-me' }
  /** Sends a message that comes back to it as an event; of the plan's payload type unless given. */
  | { readonly kind: 'echo'; readonly payloadType?: 'text' | 'binary' }
  /** Sends a request that is answered by so many replies. */
  | { readonly kind: 'stream-reply'; readonly replies: number }
  /** Sends a ping of the protocol. */
  | { readonly kind: 'ping' }
  /** Closes its connection and, when that is done, opens another. */
  | { readonly kind: 'close' }
  /** Carries out the scenario's `steps`. */
  | { readonly kind: 'steps' };

/** Messages of one sender to one audience; the k-th due message of a run goes to stream k modulo their number. */
export interface Stream {
  /** Client number. */
  readonly sender: number;
  readonly operation: Operation;
  /**
   * Client numbers to which each message is owed, or to whom its reply is: ascending, none twice. With `steps`:
   * to whom each message is owed that the steps publish.
   */
  readonly receivers: readonly number[];
  /** The series of these latencies; the headline series unless given. */
  readonly series?: string;
}

/** Who is where and who talks to whom: one entry per client in `rooms`. */
export interface Layout {
  /** The rooms that each client joins before the warm-up. */
  readonly rooms: ReadonlyArray<readonly string[]>;
  /** None when the server pushes on its own and clients only listen: then the target says what it pushes. */
  readonly streams: readonly Stream[];
  /** The headline series where it depends on the options; the scenario's unless given. */
  readonly headline?: string;
}

/** How the clients of a run connect. */
export interface Speech {
  readonly protocol: Protocol;
  readonly transport: Transport;
}

/** A connection that one visit opened. */
export interface OwnConnection {
  /**
   * Resolves when a connection that began by polling is on WebSocket; at once for any other. Rejects after the plan's
   * connect timeout.
   */
  readonly upgraded: Promise<void>;
  /** Sends a request, recorded in this series; resolves when it was answered, throws as `request` of the user does. */
  request(series: string): Promise<void>;
}

/** One user in the middle of its steps. Everything is stamped, timed and accounted for as in any other scenario. */
export interface User<T extends OptionTable = OptionTable> {
  readonly client: Client;
  readonly options: OptionValues<T>;
  /** Which time this client goes through the steps, from 0. */
  readonly iteration: number;
  /**
   * Sends a stamped message, owed to the receivers of this user's stream, and returns it: no other message has the
   * same text or bytes.
   */
  publish(scope: Scope, room?: string | null): Payload;
  /**
   * Sends a stamped request, recorded in the series `ack`; resolves when it was answered. Throws after the plan's
   * connect timeout.
   */
  request(): Promise<void>;
  /** Sends any event. */
  emit(event: string, data?: unknown): void;
  /** Sends any event and resolves to its acknowledgement. Throws after the plan's connect timeout. */
  call(event: string, data?: unknown): Promise<unknown>;
  /**
   * The data of the next event of this name from now on, or of the next that `isMeant` is true for. An event with
   * several arguments has a list of them. What comes after is timed from when it is done. Throws after the plan's
   * connect timeout.
   */
  next(event: string, isMeant?: (data: unknown) => boolean): Promise<unknown>;
  /**
   * Opens another connection for this visit, in the way of the run's own; it is closed when the visit ends. Throws
   * when the server does not take it.
   */
  open(): Promise<OwnConnection>;
  /** Waits, as a person does between two steps; what comes next is timed from when the wait should have ended. */
  think(durationMs: number): Promise<void>;
  /** How long `work` takes from when it was due, into one of the scenario's own series. */
  time<R>(series: string, work: () => Promise<R>): Promise<R>;
  /** A value of the scenario's own, in nanoseconds. */
  record(series: string, valueNs: number): void;
}

export interface Scenario<T extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line for help and `list`. */
  readonly summary: string;
  /**
   * The series that is shown first and judged for validity: `delivery` when messages are published, `ack` for
   * requests, `reply` for streamed replies, `iteration` for steps, `push_skew` where clients only listen, or one of
   * the scenario's own.
   */
  readonly headline: string;
  /** Series of its own: name in lower case with underscores, and what one value is. */
  readonly series?: Readonly<Record<string, string>>;
  readonly options: T;
  /** Values of options of every run that suit this scenario better, as on the command line. */
  readonly defaults?: GivenOptions;
  /**
   * Lays out a run over `clients` clients. Pure: every process of a run calls it and must get the same.
   * Throws a SockbenchError when the options do not fit together.
   */
  readonly layout: (options: OptionValues<T>, clients: number, speech: Speech) => Layout;
  /** What a user does when one of its visits is due. A visit that throws has failed and is counted by its message. */
  readonly steps?: (user: User<T>) => Promise<void>;
}

/** Types a scenario's options from its own table. */
export function defineScenario<const T extends OptionTable>(scenario: Scenario<T>): Scenario {
  return scenario as unknown as Scenario;
}

/** How many messages each receiver of a stream is owed for each one that is sent. */
export function copiesOf({ operation }: Stream): number {
  return operation.kind === 'stream-reply' ? operation.replies : 1;
}

/** Whether the clients of this layout only listen to what the server pushes on its own. */
export function isObserving({ streams }: Layout): boolean {
  return streams.length === 0;
}

/** The client numbers 0 to count - 1. */
export function everyClient(count: number): number[] {
  return Array.from({ length: count }, (_, client) => client);
}

/**
 * Refuses an option of which there is more than there can be: `requireAtMost('publishers', 5, 3, 'clients')`
 * says that --publishers 5 is more than the 3 clients. Throws TOO_MANY.
 */
export function requireAtMost(option: string, given: number, available: number, ofWhat: string): void {
  if (given <= available) return;
  const flag = flagOf(option);
  refuse(
    'TOO_MANY',
    `${flag} ${given} is more than the ${formatCount(available)} ${ofWhat}`,
    `Give ${flag} ${available} or less, or more ${ofWhat}.`,
  );
}

/** Refuses options that do not fit together or not here: `message` names what was given, `hint` what to do. */
export function refuse(code: string, message: string, hint: string): never {
  throw new SockbenchError({ code, message, hint });
}
