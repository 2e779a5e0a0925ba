import { drawBar, drawFlat, drawKeys } from './bar.js';
import { downloads } from './download.js';
import { heatOptions, heatRows, heatTipRows } from './heat.js';
import { plotOptions } from './plot.js';
import { plotSvg } from './plot-svg.js';
import { element } from './shared.js';
import { dataTable, lineRows } from './table.js';
import { lineTipRows } from './tip.js';
import { steer } from './zoom.js';

// Line charts, in a page: `drawCharts(root, group)` fills an empty `<div class="chart-group lines">` with the charts of a
// group of form 'lines' (src/report/charts.ts). Called again with new data it updates them: charts appear and go, while
// zoom, isolated runs and picked percentiles stay. Needs uPlot, its styles and charts.css; `redrawCharts()` after a theme.

/** Everything about a group that lives longer than its data. */
const states = new Map();

export function drawCharts(root, group) {
  const state = states.get(root) ?? start(root);
  const isOther = JSON.stringify(group.runs) !== JSON.stringify(state.group?.runs);
  state.group = group;
  if (isOther) state.shownRuns = new Set(group.runs.keys());
  state.percentiles ??= new Set(group.percentiles.shown);
  drawBar(state);
  drawFlat(state);
  drawFigures(state);
}

/** Draws all charts again, in the colours of the page's current theme. */
export function redrawCharts() {
  for (const state of states.values()) {
    for (const figure of state.figures.values()) figure.signature = '';
    drawFigures(state);
  }
}

function start(root) {
  const state = {
    root,
    bar: element('div', 'legend'),
    grid: element('div', 'charts'),
    flat: element('dl', 'flat'),
    figures: new Map(),
    shownRuns: new Set(),
    percentiles: null,
    hiddenMarks: new Set(),
    heatRun: 0,
    zoom: { seconds: null, odds: null },
    syncKey: `group ${states.size}`,
  };
  state.refresh = () => {
    drawBar(state);
    drawFigures(state);
  };
  state.zoomTo = (axis, range) => zoomTo(state, axis, range);
  root.append(state.bar, state.flat, state.grid);
  states.set(root, state);
  return state;
}

/** The charts of a group in their order; the heat map stands below the first. */
function chartsOf({ charts, heatMap }) {
  if (heatMap === null) return charts;
  return [
    ...charts.slice(0, 1),
    { ...heatMap, xAxis: 'seconds', lines: [], isHeat: true },
    ...charts.slice(1),
  ];
}

function drawFigures(state) {
  const charts = chartsOf(state.group);
  const titles = new Set(charts.map(({ title }) => title));
  for (const [title, { box, plot, figure }] of state.figures) {
    if (titles.has(title)) continue;
    resized.unobserve(box);
    plot?.destroy();
    figure.remove();
    state.figures.delete(title);
  }
  for (const [place, chart] of charts.entries()) {
    const drawn = state.figures.get(chart.title) ?? makeFigure(state, chart);
    if (state.grid.children[place] !== drawn.figure)
      state.grid.insertBefore(drawn.figure, state.grid.children[place]);
    drawPlot(state, drawn, chart);
  }
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) target.follow?.();
});

function makeFigure(state, { title, note, xAxis, isHeat }) {
  const figure = element('figure', xAxis === 'odds' || isHeat ? 'wide' : '');
  const caption = element('figcaption', '');
  const level = state.root.dataset.level ?? 3;
  const drawn = {
    figure,
    heading: element(`h${level}`, '', title),
    keys: element('span', 'keys'),
    hiddenLabels: new Set(),
  };
  drawn.box = element('div', 'plot');
  drawn.tip = element('div', 'tip');
  drawn.tip.hidden = true;
  drawn.tip.setAttribute('role', 'status');
  caption.append(drawn.heading, drawn.keys, element('span', 'note', note));
  drawn.rows = () =>
    drawn.chart.isHeat ? heatRows(drawn.chart, state.heatRun) : lineRows(drawn, state.group);
  drawn.tipRows = isHeat ? heatTipRows : lineTipRows;
  const { tools, refill } = dataTable(title, drawn.rows);
  drawn.refill = refill;
  tools.append(
    downloads(
      () => drawn.name,
      () => plotSvg(drawn, state),
    ),
  );
  figure.append(caption, drawn.box, tools);
  drawn.box.append(drawn.tip);
  drawn.box.follow = () => drawn.plot?.setSize({ width: drawn.box.clientWidth, height: drawn.plot.height });
  resized.observe(drawn.box);
  state.figures.set(title, drawn);
  steer(drawn, (range) => zoomTo(state, drawn.chart.xAxis, range));
  return drawn;
}

/** Which lines of a chart are shown. */
function isShown(state, drawn, { run, label }) {
  const { hasPercentiles } = drawn.chart;
  if (!state.shownRuns.has(run)) return false;
  return hasPercentiles ? state.percentiles.has(label) : !drawn.hiddenLabels.has(label);
}

/** Makes the plot where it has other lines or axes than before; otherwise it gets new data. */
function drawPlot(state, drawn, chart) {
  drawn.chart = chart;
  if (chart.isHeat && !state.shownRuns.has(state.heatRun)) state.heatRun = Math.min(...state.shownRuns);
  if (chart.isHeat && state.shownRuns.size === 1) state.heatRun = [...state.shownRuns][0];
  drawn.domain = domainOf(state.group, chart.xAxis);
  drawn.range = () => state.zoom[chart.xAxis] ?? drawn.domain;
  const { unit, logarithmicY } = chart;
  drawn.name = `${chart.title}${unit ? `, ${unit}` : ''}${logarithmicY || chart.isHeat ? ' (logarithmic)' : ''}`;
  drawn.heading.textContent = drawn.name;
  drawn.box.setAttribute(
    'aria-label',
    `${drawn.name}. Arrow keys read values, plus and minus zoom, Escape zooms out.`,
  );
  drawKeys(state, drawn);
  const lines = chart.lines.map(({ run, label, style }) => [run, label, style]);
  const signature = JSON.stringify([unit, logarithmicY, lines, chart.bands, chart.lowest, state.group.runs]);
  const data = chart.isHeat ? heatData(chart, state) : uPlot.join(chart.lines.map(({ x, y }) => [x, y]));
  if (drawn.signature === signature) drawn.plot.setData(data);
  else {
    drawn.plot?.destroy();
    const options = chart.isHeat ? heatOptions(drawn, state) : plotOptions(drawn, state);
    drawn.plot = new uPlot(options, data, drawn.box);
    drawn.signature = signature;
  }
  for (const [index, line] of chart.lines.entries()) {
    const show = isShown(state, drawn, line);
    if (drawn.plot.series[index + 1].show !== show) drawn.plot.setSeries(index + 1, { show });
  }
  drawn.refill();
}

/** The cursor of a heat map stops at each of its columns. */
function heatData({ runs, bands, lowest, ratio }, { heatRun }) {
  const columns = runs[heatRun] ?? [];
  return [
    columns.map(({ fromS, toS }) => (fromS + toS) / 2),
    columns.map(() => lowest * ratio ** (bands / 2)),
  ];
}

/** The ends of the x axis: one time axis for all charts over time. */
function domainOf({ charts, heatMap, measureMs }, axis) {
  const xs = charts
    .filter(({ xAxis }) => xAxis === axis)
    .flatMap(({ lines }) => lines.flatMap(({ x }) => [x[0], x.at(-1)]));
  const known = xs.filter((x) => x !== undefined);
  if (axis === 'odds') return [1, Math.max(10, ...known)];
  const ends = (heatMap?.runs ?? []).flatMap((columns) => columns.map(({ toS }) => toS));
  // A long warm-up must not squeeze the measured time.
  const from = Math.max(-measureMs / 4000, Math.min(0, ...known));
  return [from, Math.max(1, measureMs / 1000, ...known, ...ends)];
}

/** Zooms all charts of one axis to a range; null for the whole axis. */
function zoomTo(state, axis, range) {
  for (const each of axis === 'all' ? ['seconds', 'odds'] : [axis]) state.zoom[each] = range;
  for (const { plot, chart, range: rangeNow } of state.figures.values()) {
    if (axis !== 'all' && chart.xAxis !== axis) continue;
    const [min, max] = rangeNow();
    plot.setScale('x', { min, max });
  }
  drawBar(state);
}
