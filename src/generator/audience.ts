import type { Layout } from '../contract/scenario.ts';
import type { Ledger } from '../measure/ledger.ts';
import type { Member } from './messages.ts';
import { copiesOf } from './operations/index.ts';

/** Who receives what. It is empty until {@link open} is called with the connected clients. */
export class Audience {
  readonly #layout: Layout;
  /** The server process of each client whose process is known. */
  readonly #nodes = new Map<number, number>();
  #total: readonly number[] = [];
  #local: readonly number[] = [];

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /**
   * Opens the accounts of this worker's receivers. `members` are the connected clients of all workers, `own` the
   * client numbers of this one.
   */
  open(members: readonly Member[], own: ReadonlySet<number>, ledger: Ledger): void {
    const connected = new Set(members.map(({ client }) => client));
    for (const { client, node } of members) if (node !== null) this.#nodes.set(client, node);
    const { streams } = this.#layout;
    const receivers = streams.map((stream) => stream.receivers.filter((client) => connected.has(client)));
    const local = receivers.map((clients) => clients.filter((client) => own.has(client)));
    local.forEach((clients, stream) => {
      for (const client of clients) ledger.open(client, stream);
    });
    this.#total = receivers.map((clients) => clients.length);
    this.#local = streams.map((stream, index) => (local[index]?.length ?? 0) * copiesOf(stream));
  }

  /** Connected receivers of a stream, over all workers. */
  total(stream: number): number {
    return this.#total[stream] ?? 0;
  }

  /** How many messages the receivers of this worker get for each one of a stream that is sent. */
  local(stream: number): number {
    return this.#local[stream] ?? 0;
  }

  /** Whether one process of the server serves the sender of a stream and a receiver; null where that is unknown. */
  isSameNode(stream: number, receiver: number): boolean | null {
    if (this.#nodes.size === 0) return null;
    const sender = this.#nodes.get(this.#layout.streams[stream]?.sender ?? -1);
    const own = this.#nodes.get(receiver);
    return sender === undefined || own === undefined ? null : sender === own;
  }
}
