import { placesOf } from './marks.js';
import { colourOf, element, lineName, tipRow, valueText, xText } from './shared.js';

/** The values of all shown lines at the cursor. */
export function lineTipRows(u, { chart }, { group }) {
  return chart.lines.flatMap((line, index) => {
    const value = u.data[index + 1][u.cursor.idxs[index + 1]];
    if (!u.series[index + 1].show || value === undefined || value === null) return [];
    return [tipRow(lineName(chart, group, line), valueText(value, chart.unit), colourOf(group, line))];
  });
}

const MAX_MARKS_IN_TIP = 6;

function spanText({ fromS, toS }) {
  const from = xText('seconds', fromS);
  return fromS === toS ? from : `${from} to ${xText('seconds', toS)}`;
}

/** Marks within the width of a sign from the cursor. */
function markRows(u, state) {
  const { runs } = state.group;
  const { left } = u.cursor;
  const marks = placesOf(u, state)
    .filter(({ from, to }) => from - 8 < left && left < to + 8)
    .flatMap((place) => place.marks);
  const rows = marks.slice(0, MAX_MARKS_IN_TIP).map((mark) => {
    const name = runs.length === 1 ? mark.text : `${runs[mark.run].label}: ${mark.text}`;
    return tipRow(name, spanText(mark));
  });
  const more = marks.length - rows.length;
  return more > 0 ? [...rows, tipRow(`${more} more; zoom in to see them`, '')] : rows;
}

/** Whether the keyboard was used last: the pointer may rest on another chart. */
let isByKeyboard = false;
for (const type of ['keydown', 'pointermove', 'pointerdown']) {
  addEventListener(type, () => (isByKeyboard = type === 'keydown'), true);
}

/** The plot that is read. */
function readPlot() {
  const pointed = isByKeyboard ? null : document.querySelector('.plot:hover');
  return pointed ?? document.activeElement?.closest('.plot');
}

/**
 * Shows the values at the cursor below the plot, or above it where there is more room, so that they never cover it. Only
 * the chart under the pointer or with the focus shows them; the others show the cursor.
 */
export function showTip(drawn, state) {
  return (u) => {
    const { tip, box, chart } = drawn;
    const { left, idx } = u.cursor;
    const isShown = readPlot() === box && typeof idx === 'number' && left >= 0;
    const rows = isShown ? drawn.tipRows(u, drawn, state) : [];
    const marks = isShown && chart.xAxis === 'seconds' ? markRows(u, state) : [];
    tip.hidden = rows.length + marks.length === 0;
    if (tip.hidden) return;
    tip.replaceChildren(element('div', 'note', xText(chart.xAxis, u.data[0][idx])), ...rows, ...marks);
    const { top, bottom } = box.getBoundingClientRect();
    const isAbove = innerHeight - bottom < tip.offsetHeight && top > innerHeight - bottom;
    tip.classList.toggle('above', isAbove);
    const room = box.clientWidth;
    tip.style.left = `${Math.max(0, Math.min(u.over.offsetLeft + left - tip.offsetWidth / 2, room - tip.offsetWidth))}px`;
  };
}
