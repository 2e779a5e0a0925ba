import { MIN_TESTED_WINDOWS, WARMUP_WINDOWS } from '../../plan/tested-windows.ts';
import type { Finding } from '../../result/findings.ts';
import { findDrift, findUnsettled } from '../../result/level-change.ts';
import type { RunResult } from '../../result/run-result.ts';
import { SHORT_GAPS, type StoredSchedule } from '../../result/stored-schedule.ts';
import type { StoredLevelChange, StoredSteadiness } from '../../result/stored-steadiness.ts';
import { isHeld, measuredIntervals, type ResultView } from '../../result/view.ts';
import { plural } from '../../text.ts';
import {
  formatCount,
  formatDurationMs,
  formatFigure,
  formatNs,
  formatPercent,
  formatShare,
} from '../../units.ts';

/** A change of level that is smaller than a share of it, or than a time, makes no difference. */
const MIN_CHANGE = 0.05;
const MIN_CHANGE_NS = 20e3;
/** So many samples in each window are enough for its p95. */
const SAMPLES_FOR_P95 = 40;
/** A longer part of windows without values leaves too little to test. */
const MAX_EMPTY = 0.25;

type TestedWindows = Pick<StoredSteadiness, 'windowMs' | 'p50Ns' | 'p95Ns'>;

/**
 * Tests whether the p50 and the p95 of the headline keep their level over the windows of the measured time. Two tests of
 * each: where there is no change, those of one quantile find one with a probability of at most 1 %. Null where the headline has no values, and for one
 * of several shards.
 */
export function testSteadiness(view: ResultView): StoredSteadiness | null {
  const { result } = view;
  const windows = result.steadiness;
  if (isHeld(result) || result.shard !== null || view.samples(result.headline) === 0) return null;
  const tested = windows !== null && areReported(windows) ? windows : intervalsAsWindows(view);
  const p95Ns = result.samples.count >= SAMPLES_FOR_P95 * tested.p50Ns.length ? tested.p95Ns : [];
  const given = { windowMs: tested.windowMs, p50Ns: tested.p50Ns, p95Ns };
  const reason = whyUntested(result, tested);
  if (reason !== null) return { verdict: 'cannot say', reason, ...given, changes: [] };
  const changes = [levelChangeOf('p50', given, result), levelChangeOf('p95', given, result)].filter(
    (change) => change !== null,
  );
  return { verdict: changes.length === 0 ? 'steady' : 'drifts', reason: '', ...given, changes };
}

/** Whether generator processes reported windows: what the coordinator records itself has those of its intervals only. */
function areReported({ p50Ns }: TestedWindows): boolean {
  return p50Ns.filter((median) => median === null).length <= MAX_EMPTY * p50Ns.length && p50Ns.length > 0;
}

function intervalsAsWindows(view: ResultView): TestedWindows {
  const intervals = measuredIntervals(view);
  const windowMs = Math.max(1000, ...intervals.map(({ lengthMs }) => lengthMs));
  const whole = intervals.filter(({ lengthMs }) => lengthMs === windowMs);
  return {
    windowMs,
    p50Ns: whole.map(({ p50Ns }) => p50Ns),
    p95Ns: whole.map(({ p95Ns }) => p95Ns),
  };
}

/** Why windows of the run say nothing about a drift; null where they do. */
function whyUntested({ plan }: RunResult, { p50Ns, windowMs }: TestedWindows): string | null {
  const [first] = plan.profile;
  if (plan.profile.some(({ fromHz, toHz }) => fromHz !== first?.fromHz || toHz !== fromHz))
    return 'the plan changes the rate';
  if (plan.disruptions.length > 0) return 'the plan disturbs clients or the server';
  if (plan.network?.links.some((link) => link.stall !== null || link.resetAfterMs !== null) === true)
    return 'links of the plan stall or end';
  const known = p50Ns.filter((median) => median !== null).length;
  if (known >= MIN_TESTED_WINDOWS) return null;
  return `${plural(known, 'window')} of ${formatDurationMs(windowMs)} with messages; a test needs ${MIN_TESTED_WINDOWS}: run longer (--duration)`;
}

function levelChangeOf(
  of: StoredLevelChange['of'],
  { windowMs, p50Ns, p95Ns }: TestedWindows,
  { pushResolutionNs }: RunResult,
): StoredLevelChange | null {
  const known = (of === 'p50' ? p50Ns : p95Ns).flatMap((valueNs, window) =>
    valueNs === null ? [] : [{ valueNs, window }],
  );
  const found = findDrift(known.map(({ valueNs }) => valueNs));
  if (found === null) return null;
  const { kind, from: fromNs, to: toNs, at } = found;
  const leastNs = Math.max(MIN_CHANGE_NS, MIN_CHANGE * fromNs, pushResolutionNs ?? 0);
  if (Math.abs(toNs - fromNs) < leastNs) return null;
  const atMs = kind === 'trend' ? null : (known[at]?.window ?? 0) * windowMs;
  return { of, kind, fromNs, toNs, atMs };
}

/** Reports a drift, with its size. */
export function findDrifting({ steadiness, headline, timing }: RunResult): Finding | null {
  if (steadiness === null || steadiness.changes.length === 0) return null;
  const length = formatDurationMs(timing.measureMs);
  const changes = steadiness.changes.map(({ of, fromNs, toNs, atMs }) => {
    const by = `${toNs > fromNs ? '+' : '-'}${formatPercent(Math.abs(toNs / fromNs - 1))}`;
    const when = atMs === null ? 'over' : `${formatDurationMs(atMs)} into`;
    return `${headline} ${of} ${toNs > fromNs ? 'rose' : 'fell'} from ${formatNs(fromNs)} to ${formatNs(toNs)} (${by}) ${when} the measured ${length}`;
  });
  return { code: 'drifting', message: changes.join('; ') };
}

/** Notes that the latency of a warm-up was not stable when it ended. */
export function noteWarmup({ warmup }: RunResult): Finding | null {
  const { stable, windowMediansNs, windowMs, durationMs, endedBy } = warmup;
  if (stable !== false) return null;
  const last = windowMediansNs.slice(-WARMUP_WINDOWS);
  const span = formatDurationMs(WARMUP_WINDOWS * windowMs);
  const known = last.filter((median) => median !== null);
  const change = findUnsettled(known);
  // A merge of shards has no windows.
  const empty =
    known.length === last.length
      ? ''
      : `: ${plural(last.length - known.length, 'window')} of its last ${span} had no messages`;
  const why =
    change === null
      ? empty
      : `: p50 ${change.to > change.from ? 'rose' : 'fell'} from ${formatNs(change.from)} to ${formatNs(change.to)} in its last ${span}`;
  const end = endedBy === 'maximum' ? ', its maximum' : '';
  const message = `the warm-up did not stabilize within ${formatDurationMs(Math.round(durationMs))}${end}${why}`;
  return { code: 'warmup_unstable', message };
}

/** What late sends add to the median: less than this share of it, or this time, changes no reported figure. */
const MIN_LAG = 0.05;
const MIN_LAG_NS = 20e3;

/** Notes that messages were not sent as planned, where that changes what is reported. Lags that are longer invalidate the run. */
export function noteSchedule(view: ResultView): Finding | null {
  const { schedule, headline } = view.result;
  if (schedule === null || schedule.fits) return null;
  const lagNs = view.histogram('send_lag')?.quantileNs(0.9) ?? 0;
  const medianNs = view.histogram(headline)?.quantileNs(0.5) ?? 0;
  if (lagNs <= Math.max(MIN_LAG_NS, MIN_LAG * medianNs)) return null;
  return { code: 'bursty_sends', message: `messages were not sent as planned: ${misfitText(schedule)}` };
}

function misfitText({
  messages,
  offSchedule,
  maxDeviation,
  andersonDarling,
  shortGaps,
}: StoredSchedule): string {
  if (offSchedule !== null && maxDeviation !== null) {
    return `${formatShare(offSchedule / messages)} of them when a later one was due, up to ${formatCount(Math.ceil(maxDeviation))} messages off the schedule`;
  }
  const gaps = `${formatShare(shortGaps ?? 0)} of the gaps are as short as the shortest ${formatPercent(SHORT_GAPS)} of Poisson arrivals`;
  return `${gaps} (Anderson-Darling ${formatFigure(andersonDarling ?? 0)})`;
}
