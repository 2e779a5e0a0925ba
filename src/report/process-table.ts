import type { RunResult } from '../result/schema.ts';
import { type MeasuredTelemetry, measuredTelemetry } from '../result/view.ts';
import { column, type Table, tabulate } from './table.ts';

/** One process over the measured time. */
interface ProcessRow {
  readonly name: string;
  readonly measured: MeasuredTelemetry;
}

const of = (pick: (measured: MeasuredTelemetry) => number) => (row: ProcessRow) => pick(row.measured);

const COLUMNS = [
  column('process', 'process', 'text', 'server or generator', ({ name }: ProcessRow) => name),
  column(
    'cpu',
    'CPU',
    'share',
    '100 % is one core',
    of(({ cpuRatio }) => cpuRatio),
  ),
  column(
    'loop',
    'loop',
    'share',
    'event loop not idle',
    of(({ loopUtilisation }) => loopUtilisation),
  ),
  column(
    'work',
    'work',
    'share',
    'event loop not idle, pacing left out',
    of(({ workUtilisation }) => workUtilisation),
  ),
  column(
    'delay_p99',
    'delay p99',
    'duration',
    'event-loop delay, worst second',
    of((m) => m.loopDelayP99Ns),
  ),
  column(
    'delay_max',
    'delay max',
    'duration',
    'longest event-loop delay',
    of((m) => m.loopDelayMaxNs),
  ),
  column(
    'gc',
    'GC',
    'duration',
    'garbage collection, in all',
    of(({ gcTotalMs }) => gcTotalMs * 1e6),
  ),
  column(
    'gc_max',
    'GC max',
    'duration',
    'longest garbage collection',
    of(({ gcMaxMs }) => gcMaxMs * 1e6),
  ),
  column(
    'rss',
    'RSS',
    'bytes',
    'most resident memory',
    of(({ rssMaxBytes }) => rssMaxBytes),
  ),
  column(
    'buffered',
    'buffered',
    'bytes',
    'most bytes waiting to be sent',
    of((m) => m.bufferedMaxBytes),
  ),
];

/** Server first, then each generator process, over the measured time; null when nothing was sampled. */
export function processTable(result: RunResult): Table | null {
  const { server, workers } = result.telemetry;
  const rows = [server, ...workers].flatMap((process) => {
    const measured = process === null ? null : measuredTelemetry(process, result.timing.measureMs);
    return process === null || measured === null ? [] : [{ name: process.role, measured }];
  });
  return rows.length === 0 ? null : tabulate(COLUMNS, rows);
}
