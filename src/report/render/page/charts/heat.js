import { axesOf, heightOf, hooksOf } from './plot.js';
import { figureText, themed, tipRow, valueText, xText } from './shared.js';
import { cursorOf } from './zoom.js';

/** The cells of the shown run, in pixels of the canvas or of the page; `share` is that of the fullest cell. */
export function cellsOf(u, chart, heatRun, isCanvas) {
  const { lowest, ratio, runs } = chart;
  const cells = (runs[heatRun] ?? []).flatMap(({ fromS, toS, band, counts }) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const [x0, x1] = [fromS, toS].map((second) => u.valToPos(second, 'x', isCanvas));
    return counts.flatMap((count, index) => {
      if (count === 0) return [];
      const [y1, y0] = [0, 1].map((end) => u.valToPos(lowest * ratio ** (band + index + end), 'y', isCanvas));
      return [{ x: x0, y: y0, width: x1 - x0, height: y1 - y0, share: count / total }];
    });
  });
  const fullest = cells.reduce((max, { share }) => Math.max(max, share), 0);
  return cells.map((cell) => ({ ...cell, share: cell.share / fullest }));
}

/** How strongly a cell is coloured: the few slowest values must be seen beside the many others. */
export function strength(share) {
  return 0.1 + 0.9 * Math.sqrt(share);
}

function drawCells(u, { chart }, { heatRun }) {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  u.ctx.fillStyle = themed('heat');
  for (const { share, ...cell } of cellsOf(u, chart, heatRun, true)) {
    u.ctx.globalAlpha = strength(share);
    u.ctx.fillRect(cell.x, cell.y, Math.max(1, cell.width - 0.5), Math.max(1, cell.height - 0.5));
  }
  u.ctx.restore();
}

/** The options of uPlot for a heat map: it draws no line, and stops the cursor at each column. */
export function heatOptions(drawn, state) {
  const { chart, box, range } = drawn;
  const { lowest, ratio, bands } = chart;
  return {
    width: box.clientWidth,
    height: heightOf(chart),
    padding: [10, 28, 0, 0],
    legend: { show: false },
    cursor: cursorOf(drawn, state),
    scales: {
      x: { time: false, range: () => range() },
      y: { distr: 3, range: () => [lowest, lowest * ratio ** bands] },
    },
    axes: axesOf({ xAxis: 'seconds', logarithmicY: true }),
    series: [{}, { stroke: 'transparent', points: { show: false } }],
    hooks: hooksOf(drawn, state, [(u) => drawCells(u, drawn, state)]),
  };
}

const bandText = ({ lowest, ratio, unit }, band) =>
  `${figureText(lowest * ratio ** band)}-${valueText(lowest * ratio ** (band + 1), unit)}`;

/** The fullest bands of the column at the cursor. */
export function heatTipRows(u, { chart }, { heatRun }) {
  const column = chart.runs[heatRun]?.[u.cursor.idx];
  if (column === undefined) return [];
  const total = column.counts.reduce((sum, count) => sum + count, 0);
  return column.counts
    .map((count, index) => ({ count, band: column.band + index }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 5)
    .sort((a, b) => b.band - a.band)
    .map(({ count, band }) =>
      tipRow(
        bandText(chart, band),
        `${count.toLocaleString('en-US')} (${figureText((100 * count) / total)} %)`,
      ),
    );
}

/** The counts as a table: a row for each time, a column for each band. */
export function heatRows(chart, heatRun) {
  const bands = Array.from({ length: chart.bands }, (_, band) => band);
  return {
    headings: ['time', ...bands.map((band) => bandText(chart, band))],
    rows: (chart.runs[heatRun] ?? []).map(({ fromS, toS, band, counts }) => [
      `${xText('seconds', fromS)} to ${xText('seconds', toS)}`,
      ...bands.map((each) => String(counts[each - band] ?? 0)),
    ]),
  };
}
