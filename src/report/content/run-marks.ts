import type { ProcessTelemetry } from '../../result/run-result.ts';
import type { ChartedResult, ChartedView } from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatCount } from '../../units.ts';
import type { TimeMark, TimeMarkKind } from '../charts.ts';
import { causeText } from './recovery-columns.ts';
import { formatValue } from './table.ts';

/** Shorter pauses and delays are not visible in the latency around them. */
const MIN_GC_MS = 10;
const MIN_STALL_MS = 50;
/** How many marks of one kind and run are kept, the most severe. More would hide the lines. */
const MAX_MARKS = 40;

interface Candidate {
  readonly kind: TimeMarkKind;
  readonly atS: number;
  /** Where it ends; equal to `atS` for a moment. */
  readonly toS?: number;
  readonly text: string;
  /** Larger ones are kept. */
  readonly size: number;
}

const duration = (ms: number) => formatValue('duration', ms * 1e6);

/** Long pauses and stalls of one process. A sample knows its longest one, and not when in the sample it was. */
function marksOfProcess({ role, samples }: ProcessTelemetry): Candidate[] {
  return samples.flatMap(({ atMs, lengthMs, gcMaxMs, loopDelayMaxNs }): Candidate[] => {
    const atS = (atMs - lengthMs / 2) / 1000;
    const stallMs = (loopDelayMaxNs ?? 0) / 1e6;
    return [
      ...(gcMaxMs !== null && gcMaxMs >= MIN_GC_MS
        ? [{ kind: 'gc', atS, size: gcMaxMs, text: `GC pause of ${duration(gcMaxMs)}, ${role}` } as const]
        : []),
      ...(stallMs >= MIN_STALL_MS
        ? [
            {
              kind: 'stall',
              atS,
              size: stallMs,
              text: `event loop held up for ${duration(stallMs)}, ${role}`,
            } as const,
          ]
        : []),
    ];
  });
}

function lossMarks({ intervals }: ChartedResult): Candidate[] {
  return intervals
    .filter(({ lost }) => lost > 0)
    .map(({ startMs, lengthMs, lost }) => {
      const atS = (startMs + lengthMs / 2) / 1000;
      return { kind: 'loss', atS, size: lost, text: `${formatCount(lost)} lost` };
    });
}

function disconnectMarks({ disconnects }: ChartedResult): Candidate[] {
  return disconnects.map(({ atMs, count }) => {
    const text = `${plural(count, 'client')} disconnected`;
    return { kind: 'disconnect', atS: (atMs + 500) / 1000, size: count, text };
  });
}

/** From the cut until the last client was back. */
function disruptionMarks({ disruptions }: ChartedResult): Candidate[] {
  return disruptions
    .filter(({ disruption }) => disruption !== null)
    .map((outcome) => {
      const { atMs, away, clients } = outcome;
      const text = `${causeText(outcome)}: ${plural(clients, 'client')}`;
      const toS = (atMs + (away.lastMs ?? 0)) / 1000;
      return { kind: 'disruption', atS: atMs / 1000, toS, size: clients, text };
    });
}

function marksOfRun({ result }: ChartedView, run: number): TimeMark[] {
  const { servers, workers } = result.telemetry;
  const candidates = [
    ...[...servers, ...workers].flatMap(marksOfProcess),
    ...disruptionMarks(result),
    ...lossMarks(result),
    ...disconnectMarks(result),
  ];
  const kept = [...Map.groupBy(candidates, ({ kind }) => kind).values()].flatMap((alike) =>
    alike.toSorted((a, b) => b.size - a.size).slice(0, MAX_MARKS),
  );
  return kept
    .toSorted((a, b) => a.atS - b.atS)
    .map(({ kind, atS, toS = atS, text }) => {
      const [from, to] = [Number(atS.toFixed(2)), Number(toS.toFixed(2))];
      return { kind, run, fromS: from, toS: to, text };
    });
}

/** Pauses for garbage collection, stalls, losses and disconnects of some runs, each run in the order of time. */
export function timeMarks(views: readonly ChartedView[]): TimeMark[] {
  return views.flatMap(marksOfRun);
}
