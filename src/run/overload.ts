import type { Finding, RunResult } from '../result/schema.ts';
import { measuredTelemetry, NsHistogram, type ResultView } from '../result/view.ts';
import { formatCount, formatNs, formatPercent, plural } from '../units.ts';

/** Latency has grown when the end's median is so many times the beginning's, and by so much. */
const GROWTH_RATIO = 2;
const GROWTH_NS = 10e6;
/** A backlog is more than so many seconds' worth of deliveries still under way when sending ended. */
const BACKLOG_SECONDS = 0.25;
const FEWEST_SECONDS = 3;

interface Growth {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Medians of the first and the last third of the measured seconds, by the time of receiving. */
function latencyGrowth(result: RunResult): Growth | null {
  const medians = result.intervals
    .filter(({ startMs }) => startMs < result.timing.measureMs)
    .map(({ series }) => series[result.headline])
    .filter((encoded) => encoded !== undefined)
    .map((encoded) => NsHistogram.decode(encoded).quantileNs(0.5));
  if (medians.length < FEWEST_SECONDS) return null;
  const third = Math.ceil(medians.length / 3);
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const growth = { fromNs: middle(medians.slice(0, third)), toNs: middle(medians.slice(-third)) };
  const grown = growth.toNs > growth.fromNs * GROWTH_RATIO && growth.toNs - growth.fromNs > GROWTH_NS;
  return grown ? growth : null;
}

/** Messages that were still under way when the last one had been sent: they arrived in the drain, or never. */
function backlogAtEnd(result: RunResult): number {
  const inTime = result.intervals
    .filter(({ startMs }) => startMs < result.timing.measureMs)
    .reduce((sum, { series }) => {
      const encoded = series[result.headline];
      return sum + (encoded === undefined ? 0 : NsHistogram.decode(encoded).count);
    }, 0);
  return Math.max(0, result.ledger.owed - result.ledger.unknown - inTime);
}

/**
 * Messages that were lost for another reason than a queue. A queue loses what was sent last, a leak loses all
 * the time: what the first half of the run lost, the second half lost too.
 */
function leaked(result: RunResult): number {
  const firstHalf = result.intervals.filter(({ startMs }) => startMs < result.timing.measureMs / 2);
  return 2 * firstHalf.reduce((sum, { lost }) => sum + lost, 0);
}

/** What the server's own process says about it. */
function serverEvidence(result: RunResult): string {
  const { server } = result.telemetry;
  const measured = server === null ? null : measuredTelemetry(server, result.timing.measureMs);
  if (measured === null) return '';
  return `; the server's event loop was busy ${formatPercent(measured.loopUtilisation)} of the time and up to ${formatNs(measured.loopDelayMaxNs)} late`;
}

/**
 * Says so when the server could not keep up with a load that the generator held: latency that grows over
 * the run, or a backlog at its end. Null when it kept up.
 */
export function findOverload(view: ResultView): Finding | null {
  const { result } = view;
  const growth = latencyGrowth(result);
  const backlog = backlogAtEnd(result);
  const perSecond = result.ledger.owed / Math.max(1, result.timing.measureMs / 1000);
  const hasBacklog = backlog - leaked(result) > perSecond * BACKLOG_SECONDS;
  if (growth === null && !hasBacklog) return null;
  const signs = [
    growth === null
      ? null
      : `${result.headline} p50 grew from ${formatNs(growth.fromNs)} to ${formatNs(growth.toNs)} over the run`,
    `${plural(backlog, 'message')} under way when sending ended`,
    result.ledger.lost === 0 ? null : `${formatCount(result.ledger.lost)} lost at the deadline`,
  ].filter((sign) => sign !== null);
  return { code: 'server_overloaded', message: `${signs.join(', ')}${serverEvidence(result)}` };
}
