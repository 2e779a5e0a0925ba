import { drawMarks } from './marks.js';
import { colourOf, DASHES, figureText, percentileName, textWidth, themed } from './shared.js';
import { showTip } from './tip.js';
import { cursorOf } from './zoom.js';

const FONT = '12px system-ui, sans-serif';
/** The diameter of a point without a line. */
export const LONE_PX = 6;

/** The axis of HdrHistogram: 0 %, 50 %, then one more nine each decade. */
function oddsSplits(u) {
  const splits = [1, 2];
  for (let odds = 10; odds <= u.scales.x.max * 1.001; odds *= 10) splits.push(odds);
  return splits.filter((odds) => odds >= u.scales.x.min * 0.999);
}

/** Leaves out labels that would overlap. */
function keepApart(u, splits) {
  let last = Number.NEGATIVE_INFINITY;
  return splits.map((split) => {
    const at = u.valToPos(split, 'x');
    if (at - last < 46) return null;
    last = at;
    return split;
  });
}

/** Room for the longest label. */
function axisWidth(_, labels) {
  return Math.ceil(Math.max(0, ...(labels ?? []).map(textWidth))) + 14;
}

/** Leaves 1, 2 and 5 of each decade on a logarithmic axis, or 1 only where there are many decades. */
function fewPerDecade(u, splits) {
  const { min, max } = u.scales.y;
  if (max / min < 4) return splits;
  const digits = max / min > 1000 ? '1' : '125';
  const isRound = (split) => Math.abs(split / Number(split.toExponential(0)) - 1) < 1e-9;
  const isKept = (split) => isRound(split) && digits.includes(split.toExponential()[0]);
  return splits.map((split) => (isKept(split) ? split : null));
}

/** Both axes; labels are as few as there is room for. */
export function axesOf({ xAxis, logarithmicY }) {
  const label = (name) => (_, splits) => splits.map((split) => (split === null ? '' : name(split)));
  const common = {
    stroke: themed('ink-soft'),
    font: FONT,
    grid: { stroke: themed('grid'), width: 1 },
    ticks: { show: false },
  };
  const x = { ...common, size: 30, space: 56 };
  const y = { ...common, size: axisWidth, space: 36, values: label(figureText) };
  return [
    xAxis === 'odds'
      ? { ...x, values: label(percentileName), splits: oddsSplits, filter: keepApart }
      : { ...x, values: label((seconds) => `${Number(seconds.toFixed(3))} s`) },
    logarithmicY ? { ...y, filter: fewPerDecade, grid: { ...y.grid, filter: fewPerDecade } } : y,
  ];
}

function scalesOf({ chart, range }) {
  return {
    x: { time: false, distr: chart.xAxis === 'odds' ? 3 : 1, range: () => range() },
    y: chart.logarithmicY
      ? { distr: 3, range: (_, min, max) => (min === null ? [1, 10] : [min / 1.15, max * 1.15]) }
      : { range: (_, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
  };
}

/** Shades what lies before and after the measured time. */
function shadeUnmeasured(u, { measureMs }) {
  const { left, top, width, height } = u.bbox;
  const at = (second) => Math.min(left + width, Math.max(left, u.valToPos(second, 'x', true)));
  const end = at(measureMs / 1000);
  u.ctx.fillStyle = themed('shade');
  u.ctx.fillRect(left, top, at(0) - left, height);
  u.ctx.fillRect(end, top, left + width - end, height);
}

/** Hooks that every chart has, and `draws` of its own. */
export function hooksOf(drawn, state, draws = []) {
  const isTime = drawn.chart.xAxis === 'seconds';
  return {
    drawClear: isTime ? [(u) => shadeUnmeasured(u, state.group)] : [],
    draw: [...draws, ...(isTime ? [(u) => drawMarks(u, state)] : [])],
    setCursor: [showTip(drawn, state)],
    setSelect: [(u) => drawn.onSelect(u)],
  };
}

/** Points between two gaps, which no line shows: their indices. A value that only other lines have is undefined. */
export function lonePoints(u, index) {
  const points = [...u.data[index].entries()].filter(([, value]) => value !== undefined);
  const isGap = (at) => (points[at]?.[1] ?? null) === null;
  const lone = points.filter((_, at) => !isGap(at) && isGap(at - 1) && isGap(at + 1));
  return lone.map(([place]) => place);
}

function lineOptions(group, line) {
  const colour = themed(colourOf(group, line));
  return {
    stroke: () => colour,
    width: line.style === 'solid' ? 2 : 1.5,
    dash: DASHES[line.style],
    points: { show: false, filter: lonePoints, size: LONE_PX, width: 0, fill: colour },
  };
}

/** The height of a plot in pixels, which its box keeps free until it is drawn. */
export function heightOf({ xAxis, isHeat }) {
  if (isHeat) return 240;
  return xAxis === 'odds' ? 320 : 220;
}

/** The options of uPlot for a line chart. */
export function plotOptions(drawn, state) {
  const { chart, box } = drawn;
  return {
    width: box.clientWidth,
    height: heightOf(chart),
    padding: [10, 28, 0, 0],
    legend: { show: false },
    cursor: cursorOf(drawn, state),
    scales: scalesOf(drawn),
    axes: axesOf(chart),
    series: [{}, ...chart.lines.map((line) => lineOptions(state.group, line))],
    hooks: hooksOf(drawn, state),
  };
}
