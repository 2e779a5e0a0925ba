import { drawBar, drawFlat } from './bar.js';
import { makeFigure, redrawPlot, removeFigure, updateFigure } from './figure.js';
import { paperSvg } from './plot-svg.js';
import { element, forgetColours } from './shared.js';

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

const allFigures = () => [...states.values()].flatMap((state) => [...state.figures.values()]);

/** Draws all charts again, in the colours of the page's current theme. */
export function redrawCharts() {
  forgetColours();
  for (const drawn of allFigures()) redrawPlot(drawn);
}

/** Plots as wide as half a sheet and a whole one: what is drawn for the window would be cut, or too small to read. */
const PAPER_PX = { half: 340, whole: 700 };

/** Adds a drawing of each chart for paper, where everything is light. The returned function removes them. */
export function printCharts() {
  for (const { isWide, draw } of allFigures()) {
    const plot = draw();
    const width = isWide ? PAPER_PX.whole : PAPER_PX.half;
    plot.batch(() => plot.setSize({ width, height: plot.height }));
  }
  const { dataset } = document.documentElement;
  dataset.theme = 'light';
  forgetColours();
  for (const state of states.values()) {
    for (const drawn of state.figures.values()) drawn.box.append(paperSvg(drawn, state));
  }
  delete dataset.theme;
  forgetColours();
  return () => {
    for (const { box } of allFigures()) {
      box.querySelector('.paper')?.remove();
      box.follow();
    }
  };
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
  for (const [title, drawn] of state.figures) {
    if (titles.has(title)) continue;
    removeFigure(drawn);
    state.figures.delete(title);
  }
  chooseHeatRun(state);
  for (const [place, chart] of charts.entries()) {
    const { title, xAxis } = chart;
    const drawn =
      state.figures.get(title) ?? makeFigure(state, chart, (range) => zoomTo(state, xAxis, range));
    state.figures.set(title, drawn);
    const { grid } = state;
    if (grid.children[place] !== drawn.figure) grid.insertBefore(drawn.figure, grid.children[place] ?? null);
    drawn.domain = domainOf(state.group, xAxis);
    drawn.range = () => state.zoom[xAxis] ?? drawn.domain;
    updateFigure(state, drawn, chart);
  }
}

/** The heat map has room for one run: the isolated one, otherwise the last one that it showed. */
function chooseHeatRun(state) {
  const { shownRuns } = state;
  if (shownRuns.size === 1 || !shownRuns.has(state.heatRun)) state.heatRun = Math.min(...shownRuns);
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
    if (plot === null || (axis !== 'all' && chart.xAxis !== axis)) continue;
    const [min, max] = rangeNow();
    plot.setScale('x', { min, max });
  }
  drawBar(state);
}
