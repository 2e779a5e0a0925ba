import { drawKeys } from './bar.js';
import { downloads } from './download.js';
import { heatOptions, heatRows, heatTipRows } from './heat.js';
import { heightOf, plotOptions } from './plot.js';
import { plotSvg } from './plot-svg.js';
import { element } from './shared.js';
import { dataTable, lineRows } from './table.js';
import { lineTipRows } from './tip.js';
import { steer } from './zoom.js';

// The figure of one chart: its title, keys, plot and tools. A page of many runs has dozens of plots, of which a reader sees
// a few: a plot is drawn when it comes near the window, or when the browser has nothing else to do.

/** Boxes of plots that are not drawn yet, in the order of the page. */
const waiting = new Set();
const whenIdle = globalThis.requestIdleCallback ?? setTimeout;
const NEAR_PX = 300;

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) target.draw();
    performance.mark('charts-in-view');
  },
  { rootMargin: `${NEAR_PX}px` },
);

function drawNext() {
  const [box] = waiting;
  box?.draw();
  if (waiting.size > 0) whenIdle(drawNext);
  else performance.mark('charts-drawn');
}

function drawWhenNear(box) {
  if (waiting.size === 0) whenIdle(drawNext);
  waiting.add(box);
  near.observe(box);
}

function isDue(box) {
  waiting.delete(box);
  near.unobserve(box);
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) target.follow();
});

/** Makes the figure of a chart, without its plot. `zoom` takes a range of its axis, or null for the whole axis. */
export function makeFigure(state, { title, note, xAxis, isHeat }, zoom) {
  const isWide = xAxis === 'odds' || isHeat === true;
  const figure = element('figure', isWide ? 'wide' : '');
  const caption = element('figcaption', '');
  const drawn = {
    figure,
    isWide,
    heading: element(`h${state.root.dataset.level ?? 3}`, '', title),
    keys: element('span', 'keys'),
    box: element('div', 'plot'),
    tip: element('div', 'tip'),
    hiddenLabels: new Set(),
    /** The plot of uPlot; null until it is drawn. */
    plot: null,
    /** Returns the plot, which is drawn if it was not yet. */
    draw: () => {
      drawn.plot ??= makePlot(state, drawn);
      return drawn.plot;
    },
    rows: () => (drawn.chart.isHeat ? heatRows(drawn.chart, state.heatRun) : lineRows(drawn, state.group)),
    tipRows: isHeat ? heatTipRows : lineTipRows,
  };
  const { box, tip } = drawn;
  tip.hidden = true;
  tip.setAttribute('role', 'status');
  caption.append(drawn.heading, drawn.keys, element('span', 'note', note));
  const { tools, refill } = dataTable(title, drawn.rows);
  drawn.refill = refill;
  tools.append(
    downloads(
      () => drawn.name,
      () => plotSvg(drawn, state),
    ),
  );
  box.append(tip);
  figure.append(caption, box, tools);
  box.draw = drawn.draw;
  box.follow = () => drawn.plot?.setSize({ width: box.clientWidth, height: drawn.plot.height });
  resized.observe(box);
  drawWhenNear(box);
  steer(drawn, zoom);
  return drawn;
}

export function removeFigure({ box, plot, figure }) {
  isDue(box);
  resized.unobserve(box);
  plot?.destroy();
  figure.remove();
}

/** Shows other data or another choice. A plot that is not drawn yet will have them. */
export function updateFigure(state, drawn, chart) {
  drawn.chart = chart;
  const { unit, logarithmicY, isHeat } = chart;
  drawn.name = `${chart.title}${unit ? `, ${unit}` : ''}${logarithmicY || isHeat ? ' (logarithmic)' : ''}`;
  drawn.heading.textContent = drawn.name;
  drawn.box.style.setProperty('--height', `${heightOf(chart)}px`);
  drawn.box.setAttribute(
    'aria-label',
    `${drawn.name}. Arrow keys read values, plus and minus zoom, Escape zooms out.`,
  );
  drawKeys(state, drawn);
  if (drawn.plot !== null && drawn.signature === signatureOf(state, chart)) {
    drawn.plot.setData(dataOf(state, chart));
    showLines(state, drawn);
  } else if (drawn.plot !== null) redrawPlot(drawn);
  drawn.refill();
}

/** Draws a plot again that was drawn before. */
export function redrawPlot(drawn) {
  if (drawn.plot === null) return;
  drawn.plot.destroy();
  drawn.plot = null;
  drawn.draw();
}

/** A plot with another signature has other lines or axes, which uPlot cannot change. */
function signatureOf({ group }, { unit, logarithmicY, lines, bands, lowest }) {
  const names = lines.map(({ run, label, style }) => [run, label, style]);
  return JSON.stringify([unit, logarithmicY, names, bands, lowest, group.runs]);
}

function dataOf(state, chart) {
  return chart.isHeat ? heatData(chart, state) : uPlot.join(chart.lines.map(({ x, y }) => [x, y]));
}

function makePlot(state, drawn) {
  const { chart, box } = drawn;
  isDue(box);
  const options = chart.isHeat ? heatOptions(drawn, state) : plotOptions(drawn, state);
  for (const [index, line] of chart.lines.entries())
    options.series[index + 1].show = isShown(state, drawn, line);
  drawn.signature = signatureOf(state, chart);
  return new uPlot(options, dataOf(state, chart), box);
}

/** The cursor of a heat map stops at each of its columns. */
function heatData({ runs, bands, lowest, ratio }, { heatRun }) {
  const columns = runs[heatRun] ?? [];
  return [
    columns.map(({ fromS, toS }) => (fromS + toS) / 2),
    columns.map(() => lowest * ratio ** (bands / 2)),
  ];
}

/** Which lines of a chart are shown. */
function isShown(state, { chart, hiddenLabels }, { run, label }) {
  if (!state.shownRuns.has(run)) return false;
  return chart.hasPercentiles ? state.percentiles.has(label) : !hiddenLabels.has(label);
}

function showLines(state, drawn) {
  for (const [index, line] of drawn.chart.lines.entries()) {
    const show = isShown(state, drawn, line);
    if (drawn.plot.series[index + 1].show !== show) drawn.plot.setSeries(index + 1, { show });
  }
}
