import { marksOf } from './marks.js';
import { colourOf, element, lineName, tipRow, valueText, xText } from './shared.js';

/** The values of all shown lines at the cursor. */
export function lineTipRows(u, { chart }, { group }) {
  return chart.lines.flatMap((line, index) => {
    const value = u.data[index + 1][u.cursor.idxs[index + 1]];
    if (!u.series[index + 1].show || value === undefined || value === null) return [];
    return [tipRow(lineName(chart, group, line), valueText(value, chart.unit), colourOf(group, line))];
  });
}

/** Marks within the width of a sign from the cursor. */
function markRows(u, state) {
  return marksOf(state)
    .filter(({ atS }) => Math.abs(u.valToPos(atS, 'x') - u.cursor.left) < 8)
    .slice(0, 6)
    .map(({ text, run, atS }) => {
      const { runs } = state.group;
      return tipRow(runs.length === 1 ? text : `${runs[run].label}: ${text}`, xText('seconds', atS));
    });
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
