import { themed } from './shared.js';

/** The kinds of marks. Each has a row of its own, so that marks of one moment do not cover each other. */
export const MARKS = {
  gc: { sign: '▽', name: 'GC pauses', colour: 'ink-soft', row: 0 },
  stall: { sign: '■', name: 'stalls', colour: 'warning', row: 1 },
  loss: { sign: '×', name: 'losses', colour: 'bad', row: 2 },
  disconnect: { sign: '◇', name: 'disconnects', colour: 'bad', row: 3 },
};

/** The marks that are shown, in this order of their kinds. */
export function marksOf({ group, shownRuns, hiddenMarks }) {
  return group.marks.filter(({ kind, run }) => shownRuns.has(run) && !hiddenMarks.has(kind));
}

/** Signs at the top of the plot, and a faint line from each. */
export function drawMarks(u, state) {
  const { left, top, width, height } = u.bbox;
  const ratio = devicePixelRatio;
  u.ctx.save();
  u.ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  u.ctx.textAlign = 'center';
  for (const { kind, atS } of marksOf(state)) {
    const x = u.valToPos(atS, 'x', true);
    if (x < left || x > left + width) continue;
    u.ctx.fillStyle = themed(MARKS[kind].colour);
    u.ctx.globalAlpha = 0.25;
    u.ctx.fillRect(x, top, ratio, height);
    u.ctx.globalAlpha = 1;
    u.ctx.fillText(MARKS[kind].sign, x, top + (9 + 10 * MARKS[kind].row) * ratio);
  }
  u.ctx.restore();
}
