import type { Finding, RunResult } from '../../result/run-result.ts';
import {
  headlineBySecond,
  type MeasuredTelemetry,
  measuredProcesses,
  NsHistogram,
  type ResultView,
  receivedInTime,
} from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatCount, formatNs, formatPercent } from '../../units.ts';

/** Latency has grown when the end's median is so many times the beginning's, and by so much. */
const GROWTH_RATIO = 2;
const GROWTH_NS = 10e6;
/** A backlog is more than is under way at the latency of the calmest second, and so many seconds' worth on top. */
const BACKLOG_SECONDS = 0.25;
/** Fewer messages than this are chance. */
const FEWEST_MESSAGES = 10;
const FEWEST_SECONDS = 3;

interface Growth {
  readonly fromNs: number;
  readonly toNs: number;
}

/** From the first third to the last third of some seconds' medians; null when it is no growth worth the word. */
function growthOf(medians: readonly number[]): Growth | null {
  if (medians.length < FEWEST_SECONDS) return null;
  const third = Math.ceil(medians.length / 3);
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const growth = { fromNs: middle(medians.slice(0, third)), toNs: middle(medians.slice(-third)) };
  const grown = growth.toNs > growth.fromNs * GROWTH_RATIO && growth.toNs - growth.fromNs > GROWTH_NS;
  return grown ? growth : null;
}

/**
 * Messages that were still under way at the end of the schedule: they arrived in the drain, or never. Visits that
 * last longer than the schedule publish after it; those messages are not meant.
 */
function backlogAtEnd(result: RunResult): number {
  const { ledger, intervals, timing } = result;
  const later = intervals.filter(({ startMs }) => startMs >= timing.measureMs);
  const expectedLater = later.reduce((sum, { expected }) => sum + expected, 0);
  return Math.max(0, ledger.expected - expectedLater - ledger.unknown - receivedInTime(result));
}

/**
 * Messages that were lost for another reason than a queue. A queue loses what was sent last, a leak loses all
 * the time: the share that the first half of the run lost.
 */
function leaked(result: RunResult): number {
  const firstHalf = result.intervals.filter(({ startMs }) => startMs < result.timing.measureMs / 2);
  const sum = (name: 'lost' | 'expected') => firstHalf.reduce((total, interval) => total + interval[name], 0);
  return sum('expected') === 0 ? 0 : (sum('lost') / sum('expected')) * result.ledger.expected;
}

/** How many messages a server that keeps up has under way at the end (Little's law), with a margin. */
function fairlyUnderWay(result: RunResult, medians: readonly number[]): number {
  const latencyNs = Math.min(...medians);
  const atEnd = result.intervals.findLast(({ startMs }) => startMs < result.timing.measureMs);
  const perMessage = result.rate.sent === 0 ? 0 : result.ledger.expected / result.rate.sent;
  const seconds = (Number.isFinite(latencyNs) ? latencyNs / 1e9 : 0) + BACKLOG_SECONDS;
  return Math.max((atEnd?.expected ?? 0) * seconds, FEWEST_MESSAGES * perMessage);
}

/** How near a process is to its limit: by its event loop where that is known. */
function busyness({ loopUtilization, cpuRatio }: MeasuredTelemetry): number {
  return loopUtilization ?? cpuRatio;
}

/** What the server's own processes say about it: of several the busiest, where its clients wait. */
function serverEvidence(result: RunResult): string {
  const processes = measuredProcesses(result.telemetry.servers, result);
  const [busiest] = processes.toSorted((a, b) => busyness(b.measured) - busyness(a.measured));
  if (busiest === undefined) return '';
  const { cpuRatio, loopUtilization, loopDelayMaxNs } = busiest.measured;
  const isAlone = processes.length === 1;
  const which = `${busiest.role}, the busiest of ${processes.length} processes,`;
  if (loopUtilization === null || loopDelayMaxNs === null) {
    return `; ${isAlone ? 'the server' : which} used ${formatPercent(cpuRatio)} of one CPU core`;
  }
  const loop = isAlone ? "the server's event loop" : `the event loop of ${which}`;
  return `; ${loop} was busy ${formatPercent(loopUtilization)} of the time and up to ${formatNs(loopDelayMaxNs)} late`;
}

/**
 * Says so when the server could not keep up with a load that the generator held: latency that grows over
 * the run or over its warm-up, or a backlog at the end. Null when it kept up.
 */
export function findOverload(view: ResultView): Finding | null {
  const { result } = view;
  const medians = headlineBySecond(result).map((encoded) => NsHistogram.decode(encoded).quantileNs(0.5));
  const warmupMedians = result.warmup.windowMediansNs.filter((median) => median !== null);
  const [grewInRun, grewInWarmup] = [growthOf(medians), growthOf(warmupMedians)];
  const backlog = backlogAtEnd(result);
  const queued = grewInWarmup === null ? backlog - leaked(result) : backlog;
  const hasBacklog = queued > fairlyUnderWay(result, [...medians, ...warmupMedians]);
  if (grewInRun === null && !hasBacklog) return null;
  const growth = grewInRun ?? grewInWarmup;
  const signs = [
    growth === null
      ? null
      : `${result.headline} p50 grew from ${formatNs(growth.fromNs)} to ${formatNs(growth.toNs)} over the ${grewInRun === null ? 'warm-up' : 'run'}`,
    `${plural(backlog, 'message')} under way when sending ended`,
    result.ledger.lost === 0 ? null : `${formatCount(result.ledger.lost)} lost at the deadline`,
  ].filter((sign) => sign !== null);
  return { code: 'server_overloaded', message: `${signs.join(', ')}${serverEvidence(result)}` };
}
