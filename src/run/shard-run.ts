import { createHash } from 'node:crypto';
import type { SentOfStream, ShardClock } from '../generator/messages.ts';
import { OPERATIONS, routeOf } from '../generator/operations/index.ts';
import { BroadcastLog, encodeBroadcasts, MAX_GATHERED } from '../measure/encoded-broadcasts.ts';
import type { BroadcastPart } from '../measure/fanout.ts';
import type { AccountRow } from '../measure/ledger.ts';
import { SlowestBroadcasts } from '../measure/slowest-broadcasts.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { arrivalsOf } from '../plan/schedules.ts';
import {
  clientsOfShard,
  crossesShards,
  type Shard,
  shardOfClient,
  shardText,
  sharedPlan,
} from '../plan/shard.ts';
import type { Finding } from '../result/findings.ts';
import type { StoredInterval } from '../result/run-result.ts';
import type { StoredShard } from '../result/stored-shard.ts';
import { formatCount, formatDurationMs } from '../units.ts';
import type { ShardHost } from './host.ts';
import type { StartedRun } from './phases.ts';
import type { Meeting, OtherShard } from './rendezvous/rendezvous.ts';

/** The part of a run that this machine carries out, and its meeting with the other parts. */
export class ShardRun {
  readonly shard: Shard;
  /** Client numbers of this shard, ascending. */
  readonly clients: readonly number[];
  /** Null where no message goes to clients of another shard than its sender's. */
  readonly #log: BroadcastLog | null;
  readonly #host: ShardHost;
  /** Shards whose clock is that of this host. */
  readonly #sameClock = new Set<number>();
  readonly #planned: PlannedRun;
  readonly #slowest = new SlowestBroadcasts();
  #meeting: Meeting | null = null;
  #others: readonly OtherShard[] = [];
  #measureStartMs = 0;
  #lateMs = 0;

  constructor(host: ShardHost, planned: PlannedRun) {
    const { plan, layout } = planned;
    const { shard } = host;
    this.shard = shard;
    this.clients = clientsOfShard(shard, plan.clients);
    this.#log = crossesShards(layout, shard.count) ? new BroadcastLog() : null;
    this.#host = host;
    this.#planned = planned;
  }

  /** Keeps what this shard got of a broadcast; false where the clock of its sender is not that of this host. */
  keepPart(part: BroadcastPart, second: number): boolean {
    const { stream, seq, latenciesNs } = part;
    this.#log?.add(stream, seq, second, latenciesNs);
    const [firstNs, lastNs] = extentOf(latenciesNs);
    const reached = latenciesNs.length;
    this.#slowest.offer({ ...part, firstNs, lastNs, expected: reached, reached });
    const { streams } = this.#planned.layout;
    const index = shardOfClient(streams[stream]?.sender ?? 0, this.shard.count);
    return index === this.shard.index || this.#sameClock.has(index);
  }

  /** Waits for the other shards, and gives the workers what all have agreed on. */
  async meet({ plan, membership, control, workers }: StartedRun): Promise<void> {
    const { shard, rendezvous } = this.#host;
    const { connected } = membership;
    const meeting = await rendezvous.meet(
      { shard, planDigest: digestOf(plan), members: connected },
      control.signal,
    );
    this.#meeting = meeting;
    this.#others = meeting.others;
    this.#lateMs = meeting.lateMs;
    const clocks = meeting.others.map(clockOf);
    for (const { index, kind } of clocks) if (kind === 'same') this.#sameClock.add(index);
    const everyClient = Array.from({ length: plan.clients }, (_, client) => ({ client, node: null }));
    const members = (meeting.members ?? everyClient).filter(({ client }) => membership.isElsewhere(client));
    workers.postAll({ type: 'meet', key: meeting.key, members, clocks });
  }

  /** When the warm-up begins, on the clock of this host. */
  get startNs(): number {
    return this.#meeting?.startNs ?? 0;
  }

  /** When the warm-up of all shards should begin; earlier than {@link startNs} where this one is late. */
  get agreedStartNs(): number {
    return this.startNs - this.#lateMs * 1e6;
  }

  /**
   * Notes when measuring begins on the clock of this host, and when it should begin. A shard that begins later than the
   * others is late.
   */
  measureFrom(startNs: number, agreedNs: number, nowNs: number): void {
    this.#measureStartMs = this.#host.wallMs() + (startNs - nowNs) / 1e6;
    this.#lateMs = Math.max(this.#lateMs, (startNs - agreedNs) / 1e6);
  }

  /** Compares the clocks of the hosts again. */
  async compareAgain(): Promise<void> {
    if (this.#meeting !== null) this.#others = await this.#meeting.compareAgain();
  }

  close(): Promise<void> {
    return this.#host.rendezvous.close();
  }

  /** Why the shards did not measure together; null when they did. */
  findLate(): Finding | null {
    if (this.#lateMs <= 0) return null;
    const message = `shard ${shardText(this.shard)} was ready ${formatDurationMs(Math.ceil(this.#lateMs))} after the agreed start`;
    return { code: 'shard_late', message };
  }

  /**
   * How many messages the clients of other shards send by the schedule, by stream; null where iterations send any
   * number. Only a merge knows how many they really sent.
   */
  scheduledElsewhere(): SentOfStream[] | null {
    const { layout, plan } = this.#planned;
    const isElsewhere = layout.streams.map(
      ({ sender, receivers }) =>
        shardOfClient(sender, this.shard.count) !== this.shard.index &&
        receivers.some((client) => shardOfClient(client, this.shard.count) === this.shard.index),
    );
    if (!isElsewhere.includes(true)) return [];
    const starts = layout.streams.map(({ operation }) => OPERATIONS[operation.kind].starts);
    if (starts.some((each, stream) => each === 'iteration' && isElsewhere[stream] === true)) return null;
    const counts = new Array<number>(layout.streams.length).fill(0);
    for (const { index } of arrivalsOf(plan, layout, plan.profile, isElsewhere)) {
      const stream = index % counts.length;
      counts[stream] = (counts[stream] ?? 0) + 1;
    }
    return counts
      .map((sent, stream) => ({ stream, sent, rejected: 0 }))
      .filter(({ stream }) => isElsewhere[stream]);
  }

  /** What a merge needs beside the rest of the result. `expected`: as the senders of this shard count it. */
  store(
    { collector, membership }: Pick<StartedRun, 'collector' | 'membership'>,
    expected: number[],
  ): StoredShard {
    const { shard, hostname, rendezvous } = this.#host;
    const sentOf = new Map(collector.sent().map((each) => [each.stream, each]));
    const { plan, layout } = this.#planned;
    const streams = layout.streams.map((each, stream) => {
      const { series, broadcast } = routeOf(each, plan.headline);
      return { stream, sender: each.sender, broadcast, isHeadline: series === plan.headline };
    });
    const isOverfull = this.#log?.isOverfull === true;
    const lost = [...membership.lostWorkers];
    return {
      ...shard,
      host: hostname,
      rendezvous: rendezvous.kind,
      meeting: this.#meeting?.id ?? '',
      lateMs: Math.max(0, this.#lateMs),
      others: [...this.#others],
      measureStartAt: new Date(this.#measureStartMs).toISOString(),
      streams: streams
        .filter(({ sender }) => !membership.isElsewhere(sender))
        .map((each) => ({
          ...each,
          copies: membership.copies(each.stream),
          sent: sentOf.get(each.stream)?.sent ?? 0,
          rejected: sentOf.get(each.stream)?.rejected ?? 0,
        })),
      accounts: groupAccounts(collector.workers.flatMap(({ rows }) => rows)),
      silent: {
        receivers: streams
          .map(({ stream }) => ({ stream, count: membership.silentReceivers(stream) }))
          .filter(({ count }) => count > 0),
        delivered: lost.reduce((sum, worker) => sum + (collector.workers[worker]?.totals.delivered ?? 0), 0),
        includesSender: lost.some((worker) => membership.hasSender(worker)),
      },
      expected,
      slowest: this.#slowest.list().map(({ stream, seq, intendedNs, lastNs, lastReceiver }) => {
        const atMs = (intendedNs - collector.measureStartNs) / 1e6;
        return { stream, seq, atMs, lastNs, lastReceiver };
      }),
      broadcasts: this.#log === null || isOverfull ? null : encodeBroadcasts(this.#log.broadcasts()),
      broadcastsProblem: isOverfull
        ? `more than ${formatCount(MAX_GATHERED)} latencies of broadcasts are not kept`
        : null,
    };
  }
}

/** The smallest and the largest latency; infinite where none is timed. */
function extentOf(latenciesNs: Float64Array): readonly [min: number, max: number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const latencyNs of latenciesNs) {
    if (latencyNs < min) min = latencyNs;
    if (latencyNs > max) max = latencyNs;
  }
  return [min, max];
}

function clockOf({ index, aheadNs, boundNs }: OtherShard): ShardClock {
  const kind = aheadNs === null ? 'unknown' : boundNs === 0 ? 'same' : 'other';
  return { index, kind, aheadNs: aheadNs ?? 0 };
}

/** The intervals of a shard: what its own clients got. How much they should have got, only a merge knows. */
export function intervalsOfShard(intervals: readonly StoredInterval[]): StoredInterval[] {
  return intervals.map((interval) => ({ ...interval, expected: interval.delivered, lost: 0 }));
}

/** A digest of what all shards of a run must agree on. */
function digestOf(plan: PlannedRun['plan']): string {
  return createHash('sha256')
    .update(JSON.stringify(sharedPlan(plan)))
    .digest('hex');
}

function groupAccounts(rows: readonly AccountRow[]): StoredShard['accounts'] {
  const groups = new Map<string, StoredShard['accounts'][number]>();
  for (const { receiver, ...counts } of rows) {
    const key = JSON.stringify(counts);
    const group = groups.get(key) ?? { ...counts, receivers: [] };
    group.receivers.push(receiver);
    groups.set(key, group);
  }
  return [...groups.values()];
}
