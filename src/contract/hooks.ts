/** What a client does in the life of its connection: the hooks of a target, in the order in which they are called. */
import type { OutgoingEvent } from './mapping.ts';
import type { Client, ClientConnection } from './target.ts';

type Settled<T> = T | Promise<T>;

/** What a client sends at an occasion: nothing for null. */
export type SentEvents = OutgoingEvent | readonly OutgoingEvent[] | null;

export interface ClientHooks {
  /**
   * Called once for each client, before it connects for the first time and after --exec is up: an HTTP login, a ticket.
   * The fields of its result are added to `client.values`.
   */
  readonly prepare?: (client: Client) => Settled<Readonly<Record<string, unknown>> | undefined>;
  /** Called for each connection when it is open, before the client joins rooms: says hello, authenticates, subscribes. */
  readonly opened?: (connection: ClientConnection, client: Client) => Settled<unknown>;
  /** Returns what a client sends back for each event of these names, from the first byte of each connection on. */
  readonly answer?: Readonly<Record<string, (data: unknown, client: Client) => Settled<SentEvents>>>;
  /**
   * The acknowledgement of each event of these names for which the server asks for one: a value, Arguments of several, or a
   * function that returns it. Deliveries and echoes have an `acknowledge` of their own.
   */
  readonly acknowledge?: Readonly<
    Record<string, ((data: unknown, client: Client) => unknown) | string | number | boolean | object | null>
  >;
  /** What a client sends while it is connected, every so often: `25s`. The first one follows after that time. */
  readonly keepAlive?: { readonly every: string; readonly send: (client: Client) => Settled<SentEvents> };
  /** Called for each connection before the client closes it. */
  readonly leave?: (connection: ClientConnection, client: Client) => Settled<unknown>;
}

/** The reason of a failed hook, or of another function of the target that a client needs: it begins with the client. */
export function clientProblem(client: number, reason: string): string {
  return `client ${client}: ${reason}`;
}

/** Whether a reason is a {@link clientProblem}. */
export function isClientProblem(reason: string): boolean {
  return /^client \d+: /.test(reason);
}
