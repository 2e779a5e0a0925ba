import type { RunResult } from '../result/schema.ts';
import { type MeasuredTelemetry, measuredTelemetry } from '../result/view.ts';
import { type Column, column, type Kind, type Table, tabulate } from './table.ts';

/** One process over the measured time. */
interface ProcessRow {
  readonly role: string;
  readonly measured: MeasuredTelemetry;
}

/** Columns of one kind share a unit; `scale` turns the stored unit into the base unit of the kind. */
function figure(
  name: keyof MeasuredTelemetry,
  title: string,
  kind: Kind,
  meaning: string,
): Column<ProcessRow> {
  const scale = name.endsWith('Ms') ? 1e6 : 1;
  const value = ({ measured }: ProcessRow) => measured[name] * scale;
  return { ...column(name, title, kind, meaning, value), unitGroup: kind };
}

const COLUMNS: ReadonlyArray<Column<ProcessRow>> = [
  column('process', 'process', 'text', 'server or generator', ({ role }) => role),
  figure('cpuRatio', 'CPU', 'share', '100 % is one core'),
  figure('loopUtilisation', 'loop', 'share', 'of the time the event loop was not idle'),
  figure('workUtilisation', 'work', 'share', 'the same, but for the waiting of the pacer'),
  figure('loopDelayP99Ns', 'delay p99', 'duration', 'event-loop delay in the worst second'),
  figure('loopDelayMaxNs', 'delay max', 'duration', 'longest event-loop delay'),
  figure('gcTotalMs', 'GC', 'duration', 'garbage collection in all'),
  figure('gcMaxMs', 'GC max', 'duration', 'longest garbage collection'),
  figure('rssMaxBytes', 'RSS', 'bytes', 'most resident memory'),
  figure('bufferedMaxBytes', 'buffered', 'bytes', 'most bytes waiting to be sent'),
];

/** Server first, then each generator process, over the measured time; null when nothing was sampled. */
export function processTable(result: RunResult): Table | null {
  const { server, workers } = result.telemetry;
  const rows = [server, ...workers].flatMap((process) => {
    const measured = process === null ? null : measuredTelemetry(process, result.timing.measureMs);
    return process === null || measured === null ? [] : [{ role: process.role, measured }];
  });
  return rows.length === 0 ? null : tabulate(COLUMNS, rows);
}
