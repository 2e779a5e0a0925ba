import { existsSync, readFileSync } from 'node:fs';
import type { Comparison, MetricOutcome } from '../../src/result/comparison.ts';

/** One whole gate, without its histograms. */
export interface GateRecord extends Pick<StudyCell, 'shape' | 'percent'> {
  /** Whether another program used a third of one CPU meanwhile. */
  readonly neighbour: boolean;
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
  { shape, percent, exitCode }: Pick<GateRecord, 'shape' | 'percent' | 'exitCode'>,
): Omit<GateRecord, 'neighbour'> {
  const { judgement, startedAt, durationMs } = comparison;
  const [outcome] = judgement.heads;
  if (outcome === undefined) throw new Error('a gate without a head');
  return {
    ...{ shape, percent, exitCode },
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

/** Gates of one kind. */
export interface StudyCell {
  /** How the server is slowed; `none` is an identical build. */
  readonly shape: 'none' | 'message' | 'tail' | 'recipient';
  /** By how much the mean delivery grows. */
  readonly percent: number;
  /** How many of them there are in a whole study. */
  readonly gates: number;
}

/** The most important claims first: no alarm without a cause, and small slow-downs found. */
export const CELLS: readonly StudyCell[] = [
  { shape: 'none', percent: 0, gates: 40 },
  { shape: 'message', percent: 20, gates: 10 },
  { shape: 'message', percent: 10, gates: 10 },
  { shape: 'message', percent: 5, gates: 5 },
  { shape: 'message', percent: 40, gates: 5 },
  { shape: 'tail', percent: 20, gates: 5 },
  { shape: 'recipient', percent: 20, gates: 5 },
];

/** Cells with at least so many gates come first: what is claimed of the gate rests on them. */
const CLAIM_GATES = 10;

/** Every third gate of a cell has a neighbour. */
const NEIGHBOUR_EVERY = 3;

export function isOf({ shape, percent }: StudyCell): (gate: GateRecord) => boolean {
  return (gate) => gate.shape === shape && gate.percent === percent;
}

/** `message +20 %`, `identical builds` */
export function cellName({ shape, percent }: StudyCell): string {
  return shape === 'none' ? 'identical builds' : `${shape} +${percent} %`;
}

/** A gate that is to run. */
export interface NextGate {
  readonly cell: StudyCell;
  readonly neighbour: boolean;
}

/**
 * The next gate of the study: of the cells that claims rest on, then of the others, that of which the smallest share is
 * done. Null when the study is complete.
 */
export function nextGate(done: readonly GateRecord[]): NextGate | null {
  const doneOf = (cell: StudyCell) => done.filter(isOf(cell)).length;
  const [next] = CELLS.filter((cell) => doneOf(cell) < cell.gates).toSorted(
    (a, b) =>
      Number(a.gates < CLAIM_GATES) - Number(b.gates < CLAIM_GATES) ||
      doneOf(a) / a.gates - doneOf(b) / b.gates,
  );
  if (next === undefined) return null;
  const ran = done.filter(isOf(next));
  const beside = ran.filter(({ neighbour }) => neighbour).length;
  return { cell: next, neighbour: beside < Math.floor((ran.length + 1) / NEIGHBOUR_EVERY) };
}

/** Microseconds for slow-server.ts that make the mean delivery `percent` longer. */
export function delayOf({ shape, percent }: StudyCell, meanUs: number, recipients: number): number {
  const addedUs = (meanUs * percent) / 100;
  if (shape === 'tail') return addedUs * 100;
  return shape === 'recipient' ? (2 * addedUs) / recipients : addedUs;
}
