import type { Finding } from '../../result/findings.ts';
import { median } from '../../result/order-statistics.ts';
import type { RunResult } from '../../result/run-result.ts';
import { receivedInTime } from '../../result/telemetry.ts';
import { measuredIntervals, type ResultView } from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatCount, formatNs } from '../../units.ts';
import { BACKLOG_SECONDS, describeMachine, describeServer, isServerAtLimit } from './server-load.ts';

/** Latency has grown when the last median is more than this multiple of the first, and higher by more than this time. */
const MIN_GROWTH_RATIO = 2;
const MIN_GROWTH_NS = 10e6;
/**
 * Latency has also grown when it rises by more than this share of the time that passes. Where more is sent than a server
 * handles, the messages received at time t waited t * (1 - handled / sent), so 0.1 is a load of 1.11 times its capacity.
 */
const MIN_GROWTH_OF_TIME = 0.1;
/** A backlog of fewer messages is chance. */
const MIN_MESSAGES = 10;
const MIN_INTERVALS = 3;

/** The median latency of one interval, and the middle of that interval. */
interface MedianPoint {
  readonly atMs: number;
  readonly p50Ns: number;
}

type Growth = { readonly fromNs: number; readonly toNs: number };

/**
 * Growth from the first third to the last third of the medians; null when there is none. A queue that formed before
 * measuring need not double in the run, but it grows by a share of the time in both halves. One late interval does not.
 */
function growthOf(points: readonly MedianPoint[]): Growth | null {
  const { length } = points;
  if (length < MIN_INTERVALS) return null;
  const third = Math.ceil(length / 3);
  const thirdFrom = (start: number) => centerOf(points.slice(start, start + third));
  const first = thirdFrom(0);
  const middle = thirdFrom(Math.floor((length - third) / 2));
  const last = thirdFrom(length - third);
  const growth = { fromNs: first.p50Ns, toNs: last.p50Ns };
  const hasDoubled = growth.toNs > growth.fromNs * MIN_GROWTH_RATIO;
  const hasGrown = hasDoubled || (isSteep(first, middle) && isSteep(middle, last));
  return hasGrown && growth.toNs - growth.fromNs > MIN_GROWTH_NS ? growth : null;
}

function centerOf(points: readonly MedianPoint[]): MedianPoint {
  return { atMs: median(points.map(({ atMs }) => atMs)), p50Ns: median(points.map(({ p50Ns }) => p50Ns)) };
}

function isSteep(from: MedianPoint, to: MedianPoint): boolean {
  return to.p50Ns - from.p50Ns > (to.atMs - from.atMs) * 1e6 * MIN_GROWTH_OF_TIME;
}

/**
 * Messages in flight at the end of the schedule: they arrived in the drain, or never. Messages that iterations publish
 * after the schedule are excluded, and so are those that arrived corrupted, and those of clients that were away.
 */
function backlogAtEnd(result: RunResult): number {
  const { ledger, intervals, timing, disruptions } = result;
  const later = intervals.filter(({ startMs }) => startMs >= timing.measureMs);
  const expectedLater = later.reduce((sum, { expected }) => sum + expected, 0);
  const untimed = disruptions.reduce((sum, { replayed, early }) => sum + replayed + early, 0);
  const inTime = receivedInTime(result);
  // What was replayed is in no latency, so that all deliveries are taken to have arrived as the others did.
  const live = ledger.delivered === 0 ? inTime : (inTime * (ledger.delivered - untimed)) / ledger.delivered;
  const arrived = Math.round(live) + untimed + ledger.missed + ledger.corrupted;
  return Math.max(0, ledger.expected - expectedLater - ledger.unknown - ledger.dropped - arrived);
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
  readonly growth: Growth | null;
  readonly grewIn: 'run' | 'warm-up';
  readonly backlog: number;
  /** Whether more than usual arrived after the end of the schedule. */
  readonly arrivedLate: boolean;
}

function findQueue(view: ResultView): Queue | null {
  const { result } = view;
  const measured = measuredIntervals(view).map(({ startMs, lengthMs, p50Ns }) => ({
    atMs: startMs + lengthMs / 2,
    p50Ns,
  }));
  const warmup = result.warmup.windowMediansNs.flatMap((p50Ns, window) =>
    p50Ns === null ? [] : [{ atMs: window * result.warmup.windowMs, p50Ns }],
  );
  const [grewInRun, grewInWarmup] = [growthOf(measured), growthOf(warmup)];
  const backlog = backlogAtEnd(result);
  const fair = fairlyInFlight(
    result,
    [...measured, ...warmup].map(({ p50Ns }) => p50Ns),
  );
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
 * overload of the server where the server itself was at its limit, and one of the machine where processes waited for a
 * CPU instead. Otherwise the cause is unknown, and the finding says what was seen; losses alone are a finding of their
 * own. Null when the server kept up.
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
  const machine = growth !== null || arrivedLate ? describeMachine(result) : null;
  if (machine !== null) return { code: 'machine_overloaded', message: `${message}; ${machine}` };
  if (growth !== null) return { code: 'latency_grows', message };
  return arrivedLate ? { code: 'late_at_end', message } : null;
}
