import type { SentOfStream } from '../load/messages.ts';
import type { Layout } from '../scenario.ts';

/** What was owed in all, and the part of it that was owed to clients of generator processes that died. */
export interface Owed {
  readonly total: number;
  readonly silent: number;
}

/** Who takes part in a run: the clients that connected, who of them is owed a stream, and which worker has whom. */
export class Membership {
  readonly layout: Layout;
  readonly spread: ReadonlyArray<readonly number[]>;
  readonly #connected = new Set<number>();
  readonly #silent = new Set<number>();

  constructor(layout: Layout, spread: ReadonlyArray<readonly number[]>) {
    this.layout = layout;
    this.spread = spread;
  }

  get connected(): ReadonlySet<number> {
    return this.#connected;
  }

  connect(clients: readonly number[]): void {
    for (const client of clients) this.#connected.add(client);
  }

  /** From now on nobody hears of this worker's clients. */
  loseWorker(worker: number): void {
    for (const client of this.spread[worker] ?? []) this.#silent.add(client);
  }

  /** Whether one of this worker's clients sends. */
  hasSender(worker: number): boolean {
    const clients = new Set(this.spread[worker]);
    return this.layout.streams.some(({ sender }) => clients.has(sender));
  }

  /** Connected receivers of a stream. */
  receivers(stream: number): number[] {
    return this.layout.streams[stream]?.receivers.filter((client) => this.#connected.has(client)) ?? [];
  }

  /** Messages sent x connected receivers. */
  owed(sent: readonly SentOfStream[]): Owed {
    let total = 0;
    let silent = 0;
    for (const stream of sent) {
      const receivers = this.receivers(stream.stream);
      total += stream.sent * receivers.length;
      silent += stream.sent * receivers.filter((client) => this.#silent.has(client)).length;
    }
    return { total, silent };
  }
}
