import type { Finding } from '../../result/findings.ts';
import { median } from '../../result/order-statistics.ts';
import type { RunResult } from '../../result/run-result.ts';
import { type MeasuredTelemetry, measuredProcesses, receivedInTime } from '../../result/telemetry.ts';
import { measuredIntervals, type ResultView } from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatCount, formatNs, formatPercent } from '../../units.ts';

/** Latency has grown when the last median is at least this multiple of the first, and higher by at least this time. */
const MIN_GROWTH_RATIO = 2;
const MIN_GROWTH_NS = 10e6;
/** A backlog exceeds the messages in flight at the lowest median latency by more than this many seconds' messages. */
const BACKLOG_SECONDS = 0.25;
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
 * after the schedule are excluded.
 */
function backlogAtEnd(result: RunResult): number {
  const { ledger, intervals, timing } = result;
  const later = intervals.filter(({ startMs }) => startMs >= timing.measureMs);
  const expectedLater = later.reduce((sum, { expected }) => sum + expected, 0);
  return Math.max(0, ledger.expected - expectedLater - ledger.unknown - receivedInTime(result));
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

/** How near a process is to its limit, by its event loop where that is known. */
function busyness({ loopUtilization, cpuRatio }: MeasuredTelemetry): number {
  return loopUtilization ?? cpuRatio;
}

/** The utilization of the busiest server process: its clients wait there. */
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
 * Finds a server that could not keep up with a load that the generator held: latency grew over the run or over its
 * warm-up, or a backlog was left at the end. Null when the server kept up.
 */
export function findOverload(view: ResultView): Finding | null {
  const { result } = view;
  const medians = measuredIntervals(view).map(({ p50Ns }) => p50Ns);
  const warmupMedians = result.warmup.windowMediansNs.filter((median) => median !== null);
  const [grewInRun, grewInWarmup] = [growthOf(medians), growthOf(warmupMedians)];
  const backlog = backlogAtEnd(result);
  const queued = grewInWarmup === null ? backlog - leaked(result) : backlog;
  const hasBacklog = queued > fairlyInFlight(result, [...medians, ...warmupMedians]);
  if (grewInRun === null && !hasBacklog) return null;
  const growth = grewInRun ?? grewInWarmup;
  const signs = [
    growth === null
      ? null
      : `${result.headline} p50 grew from ${formatNs(growth.fromNs)} to ${formatNs(growth.toNs)} over the ${grewInRun === null ? 'warm-up' : 'run'}`,
    `${plural(backlog, 'message')} in flight when sending ended`,
    result.ledger.lost === 0 ? null : `${formatCount(result.ledger.lost)} lost at the end of the drain`,
  ].filter((sign) => sign !== null);
  return { code: 'server_overloaded', message: `${signs.join(', ')}${serverEvidence(result)}` };
}
