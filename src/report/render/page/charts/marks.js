import { textWidth, themed } from './shared.js';

/** The kinds of marks, in the order of their rows. */
export const MARKS = {
  disruption: { sign: '▲', name: 'disruptions', colour: 'line-3' },
  gc: { sign: '▽', name: 'GC pauses', colour: 'ink-soft' },
  stall: { sign: '■', name: 'stalls', colour: 'warning' },
  loss: { sign: '×', name: 'losses', colour: 'bad' },
  disconnect: { sign: '◇', name: 'disconnects', colour: 'bad' },
};

/** Marks of one kind that take less room together are one. */
const PLACE_PX = 30;
/** The baseline of the first row, and the distance to the next. */
const [FIRST_ROW_PX, ROW_PX] = [9, 11];

/** Kinds that the group has. Each has a row of its own, so that marks of one moment do not cover each other. */
export function kindsOf({ marks }) {
  return Object.keys(MARKS).filter((kind) => marks.some((mark) => mark.kind === kind));
}

/** `■` for one mark, `■12` for several, and `▲ 50 % of clients cut` where the band of a mark is wide enough. */
function labelOf({ kind, from, to, marks }) {
  const { sign } = MARKS[kind];
  if (marks.length > 1) return `${sign}${marks.length}`;
  const long = `${sign} ${marks[0].text}`;
  return textWidth(long) < to - from ? long : sign;
}

/**
 * The places of the marks that are shown and in view: pixels from the left of the plot, and the marks that lie there. Marks
 * of one kind that lie close together share a place; a larger plot or a zoom sets them apart.
 */
export function placesOf(u, { group, shownRuns, hiddenMarks }) {
  const width = u.over.clientWidth;
  return kindsOf(group).flatMap((kind, row) => {
    const places = [];
    if (hiddenMarks.has(kind)) return places;
    const alike = group.marks.filter((mark) => mark.kind === kind && shownRuns.has(mark.run));
    for (const mark of alike.toSorted((a, b) => a.fromS - b.fromS)) {
      const [from, to] = [u.valToPos(mark.fromS, 'x'), u.valToPos(mark.toS, 'x')];
      if (to < 0 || from > width) continue;
      const last = places.at(-1);
      if (last !== undefined && Math.max(to, last.to) - last.from < PLACE_PX) {
        last.marks.push(mark);
        last.spans.push([from, to]);
        last.to = Math.max(to, last.to);
      } else {
        const y = FIRST_ROW_PX + ROW_PX * row;
        places.push({ kind, y, from, to, spans: [[from, to]], marks: [mark] });
      }
    }
    return places.map((place) => withLabel(place, width));
  });
}

/** Adds the label of a place, and its middle: that of what is in view, where the edge of the plot does not cut the label. */
function withLabel(place, width) {
  const label = labelOf(place);
  const half = textWidth(label) / 2;
  const middle = (Math.max(0, place.from) + Math.min(width, place.to)) / 2;
  return { ...place, label, middle: Math.min(width - half, Math.max(half, middle)) };
}

/** The bands of a place: lines for moments, fainter where there are several, since they must not hide the plot. */
export function bandsOf({ spans }) {
  return spans.map(([x, to]) => {
    const opacity = to - x < 1 && spans.length === 1 ? 0.25 : 0.12;
    return { x, width: Math.max(1, to - x), opacity };
  });
}

/** Signs at the top of the plot, and faint lines or bands below each. */
export function drawMarks(u, state) {
  const { left, top, width, height } = u.bbox;
  const ratio = uPlot.pxRatio;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  u.ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  u.ctx.textAlign = 'center';
  for (const place of placesOf(u, state)) {
    u.ctx.fillStyle = themed(MARKS[place.kind].colour);
    for (const band of bandsOf(place)) {
      u.ctx.globalAlpha = band.opacity;
      u.ctx.fillRect(left + band.x * ratio, top, band.width * ratio, height);
    }
    u.ctx.globalAlpha = 1;
    u.ctx.fillText(place.label, left + place.middle * ratio, top + place.y * ratio);
  }
  u.ctx.restore();
}
