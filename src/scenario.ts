/**
 * The contract of a scenario, and all that a scenario may import.
 *
 * A scenario is data: it lays out who sits in which room, who sends what and who is owed it. Pacing,
 * stamping, timing and accounting are the same for all of them and happen elsewhere.
 */
import { SockbenchError } from './errors.ts';
import { flagOf, type OptionTable, type OptionValues } from './options.ts';
import { formatCount } from './units.ts';
import type { Scope } from './wire.ts';

export { choice, integer, type OptionTable, type OptionValues, onOff } from './options.ts';
export { SCOPES, type Scope } from './wire.ts';

/** What a sender does when one of its messages is due. */
export type Operation =
  /** Sends a message to others; `room` is null for the two scopes without a room. */
  | { readonly kind: 'publish'; readonly scope: Scope; readonly room: string | null }
  /** Sends a request that the server acknowledges. */
  | { readonly kind: 'request' }
  /** Has the server send it a request, which it acknowledges; the server then reports back. */
  | { readonly kind: 'ask-me' };

/** Messages of one sender to one audience; the k-th due message of a run goes to stream k modulo their number. */
export interface Stream {
  /** Client number. */
  readonly sender: number;
  readonly operation: Operation;
  /** Client numbers to which each message is owed, or to whom its reply is: ascending, none twice. */
  readonly receivers: readonly number[];
}

/** Who is where and who talks to whom: one entry per client in `rooms`, one stream or more. */
export interface Layout {
  /** The rooms that each client joins before the warm-up. */
  readonly rooms: ReadonlyArray<readonly string[]>;
  readonly streams: readonly Stream[];
}

/** `delivery`: broadcasts to receivers. `ack`: requests and their replies. */
export type Headline = 'delivery' | 'ack';

export interface Scenario<T extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line for help and `list`. */
  readonly summary: string;
  /** The series that is shown first and judged for validity. */
  readonly headline: Headline;
  readonly options: T;
  /**
   * Lays out a run over `clients` clients. Pure: every process of a run calls it and must get the same.
   * Throws a SockbenchError when the options do not fit together.
   */
  readonly layout: (options: OptionValues<T>, clients: number) => Layout;
}

/** Types a scenario's options from its own table. */
export function defineScenario<const T extends OptionTable>(scenario: Scenario<T>): Scenario {
  return scenario as unknown as Scenario;
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
  throw new SockbenchError({
    code: 'TOO_MANY',
    message: `${flag} ${given} is more than the ${formatCount(available)} ${ofWhat}`,
    hint: `Give ${flag} ${available} or less, or more ${ofWhat}.`,
  });
}
