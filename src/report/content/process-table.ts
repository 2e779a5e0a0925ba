import type { RunResult } from '../../result/run-result.ts';
import { type MeasuredProcess, type MeasuredTelemetry, measuredProcesses } from '../../result/view.ts';
import { type Column, column, type Kind, type Table, tabulate } from './table.ts';

/** Columns of one kind share a unit; `scale` turns the stored unit into the base unit of the kind. */
function figure(
  name: keyof MeasuredTelemetry,
  title: string,
  kind: Kind,
  meaning: string,
): Column<MeasuredProcess> {
  const scale = name.endsWith('Ms') ? 1e6 : 1;
  const value = ({ measured }: MeasuredProcess) => {
    const stored = measured[name];
    return stored === null ? null : stored * scale;
  };
  return { ...column(name, title, kind, meaning, value), unitGroup: kind };
}

const COLUMNS: ReadonlyArray<Column<MeasuredProcess>> = [
  column('process', 'process', 'text', 'server or generator', ({ role }) => role),
  figure('cpuRatio', 'CPU', 'share', '100 % is one core'),
  figure('loopUtilization', 'loop', 'share', 'of the time the event loop was not idle'),
  figure('workUtilization', 'work', 'share', 'the same, but for the waiting of the pacer'),
  figure('loopDelayP99Ns', 'delay p99', 'duration', 'event-loop delay in the worst second'),
  figure('loopDelayMaxNs', 'delay max', 'duration', 'longest event-loop delay'),
  figure('gcTotalMs', 'GC', 'duration', 'garbage collection in all'),
  figure('gcMaxMs', 'GC max', 'duration', 'longest garbage collection'),
  figure('rssMaxBytes', 'RSS', 'bytes', 'most resident memory'),
  figure('bufferedMaxBytes', 'buffered', 'bytes', 'most bytes waiting to be sent'),
];

/** Each process of the server, then of the generator, over the measured time; null when none was sampled. */
export function processTable(result: RunResult): Table | null {
  const { servers, workers } = result.telemetry;
  const rows = measuredProcesses([...servers, ...workers], result);
  return rows.length === 0 ? null : tabulate(COLUMNS, rows);
}
