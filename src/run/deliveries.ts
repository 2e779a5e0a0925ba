import { isHolding, isObserving, type Layout } from '../contract/scenario.ts';
import { OPERATIONS, routeOf } from '../generator/operations/index.ts';
import { REMARKS } from '../generator/replies.ts';
import { seriesNamed } from '../measure/series.ts';
import { isAnomalous, keepWorst } from '../result/bound.ts';
import type { Finding } from '../result/findings.ts';
import type { RunResult } from '../result/run-result.ts';
import { plural } from '../text.ts';
import { formatCount } from '../units.ts';
import type { BalancedAbsences } from './absences/balance.ts';
import type { Collector } from './collector.ts';
import type { RunParts } from './phases.ts';

type RecordedRun = Pick<RunParts, 'membership' | 'collector'>;

/** A run with what its clients missed while they were away. */
interface BalancedRun extends RecordedRun {
  readonly absent: BalancedAbsences;
}

/** Counts the messages of the schedule; where clients only listen, the server's pushes, which have no schedule. */
export function countMessages({ collector, membership }: RecordedRun): { intended: number; sent: number } {
  if (!isObserving(membership.layout)) return collector.timeline.counts();
  const { pushes } = collector.pushes.counts;
  return { intended: pushes, sent: pushes };
}

/** Counts independent samples. Only its sender knows of a broadcast that reached no receiver. */
export function countSamples(run: Pick<RunParts, 'plan' | 'membership' | 'collector'>): RunResult['samples'] {
  const { membership, collector } = run;
  const { headline } = run.plan;
  const { series } = collector.timeline;
  const { sampleUnit: unit = 'sample', sampledBy = null } = seriesNamed(headline) ?? {};
  if (isObserving(membership.layout)) {
    const { pushes, complete } = collector.pushes.counts;
    return { unit, count: pushes, incomplete: pushes - complete };
  }
  if (isHolding(membership.layout)) {
    const { length: cut } = membership.cut;
    return { unit, count: membership.connected.length - cut, incomplete: cut };
  }
  if (sampledBy === null) return { unit, count: series.get(headline)?.count ?? 0, incomplete: 0 };
  const reached = series.get(sampledBy)?.count ?? 0;
  const sent = sentOfHeadline(headline, membership.layout, collector);
  const reachedNobody = Math.max(0, sent - reached);
  return { unit, count: reached, incomplete: collector.broadcasts.incomplete + reachedNobody };
}

/**
 * Messages whose deliveries or replies are the headline, without those that the server rejected. Iterations publish any
 * number of messages, and other streams may have other operations. Without either the counts by second are used, which a
 * lost worker has reported too.
 */
function sentOfHeadline(headline: string, { streams }: Layout, collector: Collector): number {
  const isHeadline = streams.map((stream) => routeOf(stream, headline).series === headline);
  const hasIterations = streams.some(({ operation }) => OPERATIONS[operation.kind].starts === 'iteration');
  const sent = collector.sent();
  if (!hasIterations && !isHeadline.includes(false)) {
    const rejected = sent.reduce((sum, stream) => sum + stream.rejected, 0);
    return Math.max(0, collector.timeline.counts().sent - rejected);
  }
  return sent.reduce(
    (sum, { stream, sent: all, rejected }) => sum + (isHeadline[stream] === true ? all - rejected : 0),
    0,
  );
}

/**
 * Compares expected deliveries, by membership, with what every receiver got. What clients missed while they were away is
 * not lost, and what they did not expect is in no count.
 */
export function balanceLedger({ collector, membership, absent }: BalancedRun): RunResult['ledger'] {
  if (isObserving(membership.layout)) return balancePushes(collector, membership.silentCount);
  const { delivered, ...anomalous } = collector.totals();
  const expected = membership.expected(collector.sent());
  // A lost worker with a sender never reported its total: what is known to be expected is the minimum.
  const known = membership.crosses
    ? expected.total + deliveredFromElsewhere({ collector, membership })
    : Math.max(expected.total - absent.notExpected.total, collector.timeline.counts().expected);
  const expectedTotal = Math.max(known, delivered);
  const lostWorkers = [...membership.lostWorkers];
  const deliveredToSilent = lostWorkers.reduce(
    (sum, worker) => sum + (collector.workers[worker]?.totals.delivered ?? 0),
    0,
  );
  // Without its sender's worker, the receivers of its last messages are unknown.
  const isSenderLost = lostWorkers.some((worker) => membership.hasSender(worker));
  const inDoubt = isSenderLost ? expectedTotal - delivered : expected.silent - deliveredToSilent;
  const unknown = Math.max(0, inDoubt);
  const missed = Math.min(absent.missed.total, expectedTotal - delivered - unknown);
  return {
    expected: expectedTotal,
    delivered,
    ...anomalous,
    lost: Math.max(0, expectedTotal - delivered - unknown - missed),
    missed,
    unknown,
    dropped: 0,
    ...keepWorst(anomalousAccounts({ collector, membership, absent })),
  };
}

/** What this shard's clients got from those of others. How much they should have got, only a merge knows. */
function deliveredFromElsewhere({ collector, membership }: RecordedRun): number {
  return collector.workers
    .flatMap(({ rows }) => rows)
    .filter(({ stream }) => membership.isFromElsewhere(stream))
    .reduce((sum, { delivered }) => sum + delivered, 0);
}

/** `silent`: how many clients stopped reporting. Which pushes they received before is not known one by one. */
function balancePushes({ pushes: { expected, counts } }: Collector, silent: number): RunResult['ledger'] {
  const { pushes, delivered, duplicated } = counts;
  const none = {
    late: 0,
    missed: 0,
    reordered: 0,
    corrupted: 0,
    unexpected: 0,
    anomalies: [],
    anomalyCount: 0,
  };
  const missing = Math.max(0, expected - delivered);
  const unknown = Math.min(missing, pushes * silent);
  return { ...none, expected, delivered, duplicated, unknown, lost: missing - unknown, dropped: 0 };
}

/** Accounts in which anything was lost, late, duplicated, out of order or corrupted. */
export function anomalousAccounts(run: BalancedRun): RunResult['ledger']['anomalies'] {
  return accountsOf(run).filter(isAnomalous);
}

/** What each receiver got of each stream, and what it should have got. */
export function accountsOf({ collector, membership, absent }: BalancedRun): RunResult['ledger']['anomalies'] {
  const sentOf = new Map(collector.sent().map(({ stream, sent, rejected }) => [stream, sent - rejected]));
  return collector.workers
    .flatMap(({ rows }) => rows)
    .map((row) => {
      const expected = membership.isFromElsewhere(row.stream)
        ? row.delivered
        : (sentOf.get(row.stream) ?? 0) * membership.copies(row.stream) -
          absent.notExpected.of(row.receiver, row.stream);
      const sender = membership.layout.streams[row.stream]?.sender ?? 0;
      const missed = absent.missed.of(row.receiver, row.stream);
      return { ...row, sender, expected, missed, lost: Math.max(0, expected - row.delivered - missed) };
    });
}

/** How messages were counted where no declaration of the target says it. */
export function remarksOf({ remarks }: Pick<Collector, 'remarks'>): Finding[] {
  const counts = new Map(remarks.list().map(({ reason, count }) => [reason, count]));
  const [inOrder = 0, guessed = 0, broadcast = 0] = [
    counts.get(REMARKS.inOrder),
    counts.get(REMARKS.guessed),
    counts.get(REMARKS.broadcast),
  ];
  const notes: Finding[] = [];
  if (inOrder > 0) {
    const several =
      guessed === 0
        ? ''
        : `; several requests waited for ${formatCount(guessed)} of them, which a loss shifts`;
    const message = `${plural(inOrder, 'reply')} without a payload or an id counted for the oldest request of the client${several}`;
    notes.push({ code: 'replies_in_order', message });
  }
  if (broadcast > 0) {
    const message = `the server also broadcast requests: ${plural(broadcast, 'message')} received by their broadcast ${broadcast === 1 ? 'is' : 'are'} not counted`;
    notes.push({ code: 'requests_broadcast', message });
  }
  return notes;
}
