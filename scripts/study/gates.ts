import { existsSync, readFileSync } from 'node:fs';
import type { Comparison, MetricOutcome } from '../../src/result/comparison.ts';

/** One whole gate, without its histograms. */
export interface GateRecord {
  readonly shape: StudyCell['shape'];
  readonly percent: number;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly exitCode: number | null;
  readonly verdict: string;
  readonly invalid: readonly string[];
  readonly rounds: number;
  readonly excluded: number;
  readonly metrics: readonly MetricOutcome[];
}

export function readGates(file: string): GateRecord[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as GateRecord);
}

export function gateRecord(
  comparison: Comparison,
  head: Pick<GateRecord, 'shape' | 'percent' | 'exitCode'>,
): GateRecord {
  const { judgement, startedAt, durationMs } = comparison;
  const [outcome] = judgement.heads;
  if (outcome === undefined) throw new Error('a gate without a head');
  return {
    ...head,
    startedAt,
    durationMs,
    verdict: judgement.verdict,
    invalid: outcome.invalid.map(({ code }) => code),
    rounds: comparison.rounds.length,
    excluded: outcome.excluded.length,
    metrics: outcome.metrics.map((metric) => ({ ...metric, points: metric.points.map(shortened) })),
  };
}

/** Six digits are more than any of them is accurate to. */
function shortened({ round, base, head }: MetricOutcome['points'][number]) {
  return { round, base: Number(base.toPrecision(6)), head: Number(head.toPrecision(6)) };
}

/** The slow-down of the head of a gate. */
export interface StudyCell {
  /** How the server is slowed; `none` is an identical build. */
  readonly shape: 'none' | 'message' | 'tail' | 'recipient';
  /** By how much the mean delivery grows. */
  readonly percent: number;
  /** How many gates of this cell there should be for each one of a cell with 1. */
  readonly weight: number;
}

/** Most gates go to the two claims: no alarm without a cause, and 20 % a message found. */
export const CELLS: readonly StudyCell[] = [
  { shape: 'none', percent: 0, weight: 8 },
  ...(['message', 'tail', 'recipient'] as const).flatMap((shape) =>
    [5, 10, 20, 40].map((percent) => ({
      shape,
      percent,
      weight: shape === 'message' && percent === 20 ? 5 : 0.5,
    })),
  ),
];

export function isOf({ shape, percent }: StudyCell): (gate: GateRecord) => boolean {
  return (gate) => gate.shape === shape && gate.percent === percent;
}

/** The cell that is furthest behind its share, so that the study can end at any time. */
export function nextCell(done: readonly GateRecord[]): StudyCell {
  const behind = CELLS.map((cell) => ({ cell, share: (done.filter(isOf(cell)).length + 0.5) / cell.weight }));
  return behind.reduce((first, each) => (each.share < first.share ? each : first)).cell;
}

/** Microseconds for slow-server.ts that make the mean delivery `percent` longer. */
export function delayOf({ shape, percent }: StudyCell, meanUs: number, recipients: number): number {
  const addedUs = (meanUs * percent) / 100;
  if (shape === 'tail') return addedUs * 100;
  return shape === 'recipient' ? (2 * addedUs) / recipients : addedUs;
}
