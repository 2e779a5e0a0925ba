import { mayBeAway } from '../../plan/reconnect.ts';
import { shardOfClient } from '../../plan/shard.ts';
import { isAnomalous, keepWorst } from '../bound.ts';
import type { RunResult } from '../run-result.ts';
import type { StoredShard } from '../stored-shard.ts';
import type { ShardResult } from './shard-set.ts';

type MergedLedger = RunResult['ledger'];

const SUMMED_COUNTS = ['delivered', 'late', 'duplicated', 'reordered', 'corrupted', 'unexpected'] as const;

/** The ledgers of all shards as one: a message is expected at the receivers of all shards, and lost where none got it. */
export class LedgerSum {
  readonly #sums = { delivered: 0, late: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };
  readonly #streams = new Map<number, StoredShard['streams'][number]>();
  /** Receivers by stream: all of them, and those whose generator process was lost. */
  readonly #receivers = new Map<number, number>();
  readonly #silent = new Map<number, number>();
  readonly #accounts: Array<StoredShard['accounts'][number]> = [];
  #deliveredToSilent = 0;
  #isSenderLost = false;
  /** The sums of shards whose clients were away, and which therefore exchange no messages. */
  #apart: MergedLedger | null = null;

  add({ ledger, shard, plan }: ShardResult): void {
    // Each shard alone knows what its own clients expected.
    if (mayBeAway(plan)) this.#apart = this.#apart === null ? ledger : addLedgers(this.#apart, ledger);
    for (const name of SUMMED_COUNTS) this.#sums[name] += ledger[name];
    for (const each of shard.streams) this.#streams.set(each.stream, each);
    for (const account of shard.accounts) {
      addCount(this.#receivers, account.stream, account.receivers.length);
      this.#accounts.push(account);
    }
    for (const { stream, count } of shard.silent.receivers) {
      addCount(this.#receivers, stream, count);
      addCount(this.#silent, stream, count);
    }
    this.#deliveredToSilent += shard.silent.delivered;
    this.#isSenderLost ||= shard.silent.includesSender;
  }

  get delivered(): number {
    return this.#sums.delivered;
  }

  /** The stream of this number; undefined when no shard sends it. */
  stream(stream: number): StoredShard['streams'][number] | undefined {
    return this.#streams.get(stream);
  }

  /** Messages sent, and not rejected, in streams whose deliveries are values of the headline. */
  get sentOfHeadline(): number {
    return [...this.#streams.values()].reduce(
      (sum, { sent, rejected, isHeadline }) => sum + (isHeadline ? sent - rejected : 0),
      0,
    );
  }

  /** How many copies all receivers together get of each message of a stream. */
  copiesOfEach(stream: number): number {
    return (this.#receivers.get(stream) ?? 0) * (this.#streams.get(stream)?.copies ?? 1);
  }

  /**
   * Compares what all shards sent with what all receivers got. `expected`: deliveries that the senders counted as they
   * sent, which is the minimum where a sender was lost before it reported its total.
   */
  balance(expected: number): MergedLedger {
    if (this.#apart !== null) return this.#apart;
    const { delivered } = this.#sums;
    const total = Math.max(this.#expectedAt(this.#receivers), expected, delivered);
    const silent = this.#expectedAt(this.#silent);
    const inDoubt = this.#isSenderLost ? total - delivered : silent - this.#deliveredToSilent;
    const unknown = Math.max(0, Math.min(inDoubt, total - delivered));
    return {
      ...this.#sums,
      expected: total,
      unknown,
      dropped: 0,
      missed: 0,
      lost: total - delivered - unknown,
      ...keepWorst(this.#anomalous()),
    };
  }

  /** How many deliveries each shard got from each other one, in parts. */
  *deliveries(
    shards: number,
  ): Generator<{ readonly receiver: number; readonly sender: number; readonly count: number }> {
    for (const { stream, receivers, delivered } of this.#accounts) {
      const [first] = receivers;
      const sender = this.#streams.get(stream)?.sender;
      if (first === undefined || sender === undefined) continue;
      const [receiver, of] = [shardOfClient(first, shards), shardOfClient(sender, shards)];
      yield { receiver, sender: of, count: delivered * receivers.length };
    }
  }

  #expectedAt(receivers: ReadonlyMap<number, number>): number {
    return [...receivers].reduce((sum, [stream, count]) => {
      const { sent = 0, rejected = 0, copies = 1 } = this.#streams.get(stream) ?? {};
      return sum + (sent - rejected) * copies * count;
    }, 0);
  }

  /** What receivers got alike, with what they should have got. */
  *accounts(): Generator<
    Omit<MergedLedger['anomalies'][number], 'receiver'> & { readonly receivers: readonly number[] }
  > {
    for (const account of this.#accounts) {
      const { sender = 0, sent = 0, rejected = 0, copies = 1 } = this.#streams.get(account.stream) ?? {};
      const expected = (sent - rejected) * copies;
      yield { ...account, sender, expected, missed: 0, lost: Math.max(0, expected - account.delivered) };
    }
  }

  /** Accounts in which anything was lost, late, duplicated, out of order or corrupted. */
  *#anomalous(): Generator<MergedLedger['anomalies'][number]> {
    for (const { receivers, ...account } of this.accounts())
      if (isAnomalous(account)) for (const receiver of receivers) yield { ...account, receiver };
  }
}

const LEDGER_COUNTS = [...SUMMED_COUNTS, 'expected', 'lost', 'unknown', 'dropped', 'missed'] as const;

function addLedgers(a: MergedLedger, b: MergedLedger): MergedLedger {
  const sums = Object.fromEntries(LEDGER_COUNTS.map((name) => [name, a[name] + b[name]])) as Record<
    (typeof LEDGER_COUNTS)[number],
    number
  >;
  const { anomalies } = keepWorst([...a.anomalies, ...b.anomalies]);
  return { ...sums, anomalies, anomalyCount: a.anomalyCount + b.anomalyCount };
}

function addCount(counts: Map<number, number>, key: number, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
