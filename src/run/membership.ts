import { isHolding, isObserving, type Layout } from '../contract/scenario.ts';
import type { Member, SentOfStream } from '../generator/messages.ts';
import { copiesOf, OPERATIONS } from '../generator/operations/index.ts';
import { crossesShards, type Shard, shardOfClient } from '../plan/shard.ts';

/** Who takes part in a run: which clients connected, who receives each stream, and which worker has which clients. */
export class Membership {
  readonly layout: Layout;
  /** Client numbers by worker. */
  readonly spread: ReadonlyArray<readonly number[]>;
  /** Workers that ended, or were given up, before their final report. */
  readonly lostWorkers = new Set<number>();
  /** Whether messages go from one shard to another. */
  readonly crosses: boolean;
  readonly #shard: Shard | null;
  readonly #connected = new Map<number, Member>();
  readonly #silent = new Set<number>();
  readonly #dropped = new Set<number>();

  constructor(layout: Layout, spread: ReadonlyArray<readonly number[]>, shard: Shard | null = null) {
    this.layout = layout;
    this.spread = spread;
    this.#shard = shard;
    this.crosses = shard !== null && crossesShards(layout, shard.count);
  }

  /** Whether a client belongs to another shard of the run. */
  isElsewhere(client: number): boolean {
    return this.#shard !== null && shardOfClient(client, this.#shard.count) !== this.#shard.index;
  }

  /** Whether the messages of a stream come from another shard. */
  isFromElsewhere(stream: number): boolean {
    return this.isElsewhere(this.layout.streams[stream]?.sender ?? -1);
  }

  /** Connected clients of this shard, including those that were dropped later. */
  get connected(): readonly Member[] {
    return [...this.#connected.values()];
  }

  /** Those of {@link connected} that were dropped. */
  get cut(): readonly Member[] {
    return this.connected.filter(({ client }) => this.#dropped.has(client));
  }

  connect(members: readonly Member[]): void {
    for (const member of members) this.#connected.set(member.client, member);
  }

  /** The client has lost its connection for the rest of the run. */
  drop(client: number): void {
    this.#dropped.add(client);
  }

  /**
   * Whom the run has lost so that nothing can be measured any more: all clients, all that send, or all that receive what
   * the others send. Null while something can be measured.
   */
  get lost(): 'client' | 'sender' | 'receiver' | null {
    const isHere = (client: number) => this.#connected.has(client) && !this.#dropped.has(client);
    // Who is cut is the result.
    if (isHolding(this.layout)) return null;
    if (!this.connected.some(({ client }) => isHere(client))) return 'client';
    // What other shards have lost is theirs to report.
    const isAlive = (client: number) => isHere(client) || this.isElsewhere(client);
    if (isObserving(this.layout)) return null;
    const sending = this.layout.streams.filter(({ sender }) => isAlive(sender));
    if (sending.length === 0) return 'sender';
    const canMeasure = sending.some(
      ({ operation, receivers }) =>
        // Iterations measure more than deliveries.
        OPERATIONS[operation.kind].starts === 'iteration' ||
        receivers.length === 0 ||
        receivers.some(isAlive),
    );
    return canMeasure ? null : 'receiver';
  }

  /** From now on nothing is known of this worker's clients. */
  loseWorker(worker: number): void {
    this.lostWorkers.add(worker);
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

  /** How many receivers of a stream belong to lost workers. */
  silentReceivers(stream: number): number {
    return this.receivers(stream).filter((client) => this.#silent.has(client)).length;
  }

  /** How many connected clients belong to lost workers. */
  get silentCount(): number {
    return this.connected.filter(({ client }) => this.#silent.has(client)).length;
  }

  /** How many messages each receiver expects for one that is sent. */
  copies(stream: number): number {
    const found = this.layout.streams[stream];
    return found === undefined ? 1 : copiesOf(found);
  }

  /** Messages sent and not rejected x connected receivers x copies. `silent` is the part of it to clients of lost workers. */
  expected(sent: readonly SentOfStream[]): { readonly total: number; readonly silent: number } {
    let total = 0;
    let silent = 0;
    for (const stream of sent) {
      const receivers = this.receivers(stream.stream);
      const each = (stream.sent - stream.rejected) * this.copies(stream.stream);
      total += each * receivers.length;
      silent += each * this.silentReceivers(stream.stream);
    }
    return { total, silent };
  }
}
