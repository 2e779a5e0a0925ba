import type { Finding } from '../../result/findings.ts';
import { median } from '../../result/order-statistics.ts';
import type { RunResult } from '../../result/run-result.ts';
import { receivedInTime } from '../../result/telemetry.ts';
import { measuredIntervals, type ResultView } from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatCount, formatNs } from '../../units.ts';
import { BACKLOG_SECONDS, describeServer, isServerAtLimit } from './server-load.ts';

/** Latency has grown when the last median is at least this multiple of the first, and higher by at least this time. */
const MIN_GROWTH_RATIO = 2;
const MIN_GROWTH_NS = 10e6;
/** A backlog of fewer messages is chance. */
const MIN_MESSAGES = 10;
const MIN_INTERVALS = 3;

/** Growth from the first third to the last third of the medians of equal intervals; null when there is none. */
function growthOf(medians: readonly number[]): { readonly fromNs: number; readonly toNs: number } | null {
  if (medians.length < MIN_INTERVALS) return null;
  const third = Math.ceil(medians.length / 3);
  const growth = { fromNs: median(medians.slice(0, third)), toNs: median(medians.slice(-third)) };
  const grown = growth.toNs > growth.fromNs * MIN_GROWTH_RATIO && growth.toNs - growth.fromNs > MIN_GROWTH_NS;
  return grown ? growth : null;
}

/**
 * Messages in flight at the end of the schedule: they arrived in the drain, or never. Messages that iterations publish
 * after the schedule are excluded, and so are those that arrived corrupted.
 */
function backlogAtEnd(result: RunResult): number {
  const { ledger, intervals, timing } = result;
  const later = intervals.filter(({ startMs }) => startMs >= timing.measureMs);
  const expectedLater = later.reduce((sum, { expected }) => sum + expected, 0);
  const arrived = receivedInTime(result) + ledger.corrupted;
  return Math.max(0, ledger.expected - expectedLater - ledger.unknown - arrived);
}

/**
 * Messages that were lost for another reason than a queue. A queue loses the last messages, a leak loses all the time:
 * the share that the first half of the run lost.
 */
function leaked(result: RunResult): number {
  const firstHalf = result.intervals.filter(({ startMs }) => startMs < result.timing.measureMs / 2);
  const sum = (name: 'lost' | 'expected') => firstHalf.reduce((total, interval) => total + interval[name], 0);
  return sum('expected') === 0 ? 0 : (sum('lost') / sum('expected')) * result.ledger.expected;
}

/** How many messages a server that keeps up has in flight at the end (Little's law), with a margin. */
function fairlyInFlight(result: RunResult, medians: readonly number[]): number {
  const latencyNs = medians.length === 0 ? 0 : Math.min(...medians);
  const atEnd = result.intervals.findLast(({ startMs }) => startMs < result.timing.measureMs);
  const perMessage = result.rate.sent === 0 ? 0 : result.ledger.expected / result.rate.sent;
  const seconds = latencyNs / 1e9 + BACKLOG_SECONDS;
  const expectedHz = atEnd === undefined ? 0 : (atEnd.expected / atEnd.lengthMs) * 1000;
  return Math.max(expectedHz * seconds, MIN_MESSAGES * perMessage);
}

/** What messages that queue look like from outside. */
interface Queue {
  readonly growth: { readonly fromNs: number; readonly toNs: number } | null;
  readonly grewIn: 'run' | 'warm-up';
  readonly backlog: number;
  /** Whether more than usual arrived after the end of the schedule. */
  readonly arrivedLate: boolean;
}

function findQueue(view: ResultView): Queue | null {
  const { result } = view;
  const medians = measuredIntervals(view).map(({ p50Ns }) => p50Ns);
  const warmupMedians = result.warmup.windowMediansNs.filter((median) => median !== null);
  const [grewInRun, grewInWarmup] = [growthOf(medians), growthOf(warmupMedians)];
  const backlog = backlogAtEnd(result);
  const fair = fairlyInFlight(result, [...medians, ...warmupMedians]);
  const hasBacklog = (grewInWarmup === null ? backlog - leaked(result) : backlog) > fair;
  if (grewInRun === null && !hasBacklog) return null;
  return {
    growth: grewInRun ?? grewInWarmup,
    grewIn: grewInRun === null ? 'warm-up' : 'run',
    backlog,
    arrivedLate: backlog - result.ledger.lost > fair,
  };
}

/**
 * Finds messages that queue: latency grew over the run or over its warm-up, or a backlog was left at the end. That is an
 * overload where the server itself was at its limit. Otherwise the cause is unknown, and the finding says what was seen;
 * losses alone are a finding of their own. Null when the server kept up.
 */
export function findOverload(view: ResultView): Finding | null {
  const { result } = view;
  const queue = findQueue(view);
  if (queue === null) return null;
  const { growth, grewIn, backlog, arrivedLate } = queue;
  const signs = [
    growth === null
      ? null
      : `${result.headline} p50 grew from ${formatNs(growth.fromNs)} to ${formatNs(growth.toNs)} over the ${grewIn}`,
    `${plural(backlog, 'message')} in flight when sending ended`,
    result.ledger.lost === 0 ? null : `${formatCount(result.ledger.lost)} lost at the end of the drain`,
  ].filter((sign) => sign !== null);
  const message = `${signs.join(', ')}; ${describeServer(result)}`;
  if (isServerAtLimit(result)) return { code: 'server_overloaded', message };
  if (growth !== null) return { code: 'latency_grows', message };
  return arrivedLate ? { code: 'late_at_end', message } : null;
}
