import { isObserving } from '../contract/scenario.ts';
import { mayBeAway } from '../plan/reconnect.ts';
import type { RunResult, StoredInterval } from '../result/run-result.ts';
import { formatNs } from '../units.ts';
import { NO_ABSENCES } from './absences/balance.ts';
import { gatherResult, judgeGathered, type RunRecord } from './assemble.ts';
import { balanceLedger } from './deliveries.ts';
import { isGone, OWNER } from './leftovers/owner.ts';
import { LOST_AFTER_S, slowestSeries } from './live-run.ts';

/** Encoded histograms of the intervals of a checkpoint, in characters. Of more, the headline and its like are kept. */
const MAX_CHECKPOINT_CHARACTERS = 12 * 1024 ** 2;

/**
 * The result so far of a run that is measuring, which is written so that a killed run can be reported. Null in the first
 * seconds. It takes nothing from the run and asks the workers for nothing: what is measured is as of their last snapshots.
 * It is judged when it is read, by {@link finishCheckpoint}.
 */
export function makeCheckpoint(record: Omit<RunRecord, 'timing'>): RunResult | null {
  const { plan, collector, membership } = record;
  const seconds = reportedSeconds(record);
  if (seconds === 0) return null;
  const measuredMs = Math.min(plan.durationMs, seconds * 1000);
  const lostBefore = Math.floor(seconds - Math.max(LOST_AFTER_S, plan.drainMs / 1000));
  const intervals = collector.timeline.storedBefore(seconds, lostBefore);
  const message = `the run has not ended: this is its checkpoint at ${placeInRun({ measuredMs }, plan)}`;
  const timing = { startMs: 0, connectMs: 0, warmupMs: 0, measureMs: measuredMs, drainMs: 0, collectMs: 0 };
  // Workers report absences at the end only.
  const absent = NO_ABSENCES;
  const ledger = isObserving(membership.layout)
    ? balanceLedger({ ...record, absent })
    : ledgerSoFar(record, lostBefore);
  const gathered = gatherResult({ ...record, timing }, ledger, withFewerSeries(intervals, record), absent);
  return {
    ...gathered,
    status: 'partial',
    invalid: [...gathered.invalid, { code: 'run_killed', message }],
    checkpoint: { measuredMs, owner: OWNER },
  };
}

/** Full seconds from the start of measuring that all workers have reported. */
function reportedSeconds({ collector, membership }: Pick<RunRecord, 'collector' | 'membership'>): number {
  const alive = collector.workers.filter((_, worker) => !membership.lostWorkers.has(worker));
  const endNs = Math.min(...alive.map(({ reportedNs }) => reportedNs));
  return Math.max(0, Math.round((endNs - collector.measureStartNs) / 1e9)) || 0;
}

/** The deliveries so far. What may still arrive is unknown, and so is what became of messages to clients that were away. */
function ledgerSoFar(
  { plan, collector }: Pick<RunRecord, 'plan' | 'collector'>,
  lostBefore: number,
): RunResult['ledger'] {
  const { delivered, ...anomalous } = collector.totals();
  const expected = Math.max(collector.timeline.counts().expected, delivered);
  const missing = Math.min(collector.timeline.missingBefore(lostBefore), expected - delivered);
  const lost = mayBeAway(plan) ? 0 : missing;
  const unknown = expected - delivered - lost;
  const none = { dropped: 0, missed: 0, anomalies: [], anomalyCount: 0 };
  return { expected, delivered, ...anomalous, lost, unknown, ...none };
}

function withFewerSeries(
  intervals: readonly StoredInterval[],
  { plan }: Pick<RunRecord, 'plan'>,
): readonly StoredInterval[] {
  const characters = intervals
    .flatMap(({ series }) => Object.values(series))
    .reduce((sum, { length }) => sum + length, 0);
  if (characters <= MAX_CHECKPOINT_CHARACTERS) return intervals;
  const kept = new Set(['delivery', plan.headline, slowestSeries(plan)]);
  const pick = (series: StoredInterval['series']) =>
    Object.fromEntries(Object.entries(series).filter(([name]) => kept.has(name)));
  return intervals.map((each) => ({ ...each, series: pick(each.series) }));
}

/** Judges a checkpoint that was read, as the result of a run is judged at its end. Any other result is returned as it is. */
export function finishCheckpoint(result: RunResult): RunResult {
  const { checkpoint, plan, invalid } = result;
  if (checkpoint === null) return result;
  const message = isGone(checkpoint.owner)
    ? `the run was killed after ${placeInRun(checkpoint, plan)}: this is its last checkpoint`
    : `the run was killed, or still runs: this is its checkpoint at ${placeInRun(checkpoint, plan)}`;
  const reasons = invalid.map((each) => (each.code === 'run_killed' ? { ...each, message } : each));
  return judgeGathered({ ...result, invalid: reasons }, []);
}

function placeInRun(
  { measuredMs }: Pick<NonNullable<RunResult['checkpoint']>, 'measuredMs'>,
  { durationMs }: Pick<RunResult['plan'], 'durationMs'>,
): string {
  return `${formatNs(measuredMs * 1e6)} of ${formatNs(durationMs * 1e6)}`;
}
