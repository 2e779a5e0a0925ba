/**
 * The contract of a scenario, and everything that a scenario may import.
 *
 * A scenario is data: it assigns clients to rooms, and says who sends what to whom. A scenario whose users do several
 * things in a row adds a function with these steps. Pacing, stamping, timing and accounting happen elsewhere, in the
 * same way for every scenario.
 */
import type { GivenOptions, OptionTable, OptionValues } from './options.ts';
import type { Payload, Scope } from './protocol.ts';
import type { Layout } from './streams.ts';
import type { Client, Protocol, Transport } from './target.ts';

export { fail } from '../errors.ts';
export { parseByteRateHz, parseDurationMs } from '../units.ts';
export { choice, integer, type OptionTable, type OptionValues, onOff, option } from './options.ts';
export { SCOPES, type Scope } from './protocol.ts';
export {
  aloneEach,
  everyClient,
  isHolding,
  isObserving,
  type Layout,
  OPERATION_KINDS,
  type Operation,
  requireAtMost,
  type Stream,
} from './streams.ts';
export { type Client, PROTOCOLS, type Protocol, TRANSPORTS, type Transport } from './target.ts';

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
   * `publishers` are the clients that send, ascending, where --population says so; null where the scenario chooses them.
   * Throws a SockbenchError for options that contradict one another.
   */
  readonly layout: (
    options: OptionValues<T>,
    clients: number,
    speech: Speech,
    publishers: readonly number[] | null,
  ) => Layout;
  /** Whether {@link layout} follows `publishers`; not by default. */
  readonly takesPublishers?: boolean;
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
