import { type GateRecord, SLOW_DOWNS, type SlowDown } from './gates.ts';

/** The slow-down of the head of a gate. */
export interface StudyCell {
  readonly shape: SlowDown;
  /** By how much the mean delivery grows. */
  readonly percent: number;
  /** How many gates of this cell there should be for each one of a cell with 1. */
  readonly weight: number;
}

const PERCENTS = [5, 10, 20, 40];

/** Most gates go to the two claims: no alarm without a cause, and 20 % a message found. */
export const CELLS: readonly StudyCell[] = [
  { shape: 'none', percent: 0, weight: 8 },
  ...SLOW_DOWNS.filter((shape) => shape !== 'none').flatMap((shape) =>
    PERCENTS.map((percent) => ({ shape, percent, weight: shape === 'message' && percent === 20 ? 5 : 0.5 })),
  ),
];

export function isOf({ shape, percent }: StudyCell): (gate: GateRecord) => boolean {
  return (gate) => gate.shape === shape && gate.percent === percent;
}

/** The cell that is furthest behind its share, so that the study can end at any time. */
export function nextCell(done: readonly GateRecord[]): StudyCell {
  const behind = CELLS.map((cell) => ({ cell, share: (done.filter(isOf(cell)).length + 0.5) / cell.weight }));
  const [first] = behind.sort((a, b) => a.share - b.share);
  if (first === undefined) throw new Error('no cells');
  return first.cell;
}

/** Microseconds for slow-server.ts that make the mean delivery `percent` longer. */
export function delayOf({ shape, percent }: StudyCell, meanUs: number, recipients: number): number {
  const addedUs = (meanUs * percent) / 100;
  if (shape === 'tail') return addedUs * 100;
  return shape === 'recipient' ? (2 * addedUs) / recipients : addedUs;
}
