import { drawing, svgElement } from './download.js';
import { cellsOf, strength } from './heat.js';
import { bandsOf, MARKS, placesOf } from './marks.js';
import { LONE_PX, lonePoints } from './plot.js';
import { colourOf, DASHES, lineName, themed } from './shared.js';

const HEAD_PX = 34;
const KEY_PX = 18;

/** A path through the points of a line that are in view or next to it, broken at gaps. */
function pathOf(u, index) {
  let path = '';
  let isOpen = false;
  for (const [at, value] of u.data[index].entries()) {
    if (value === undefined) continue;
    const [x, y] = [u.valToPos(u.data[0][at], 'x'), value === null ? null : u.valToPos(value, 'y')];
    if (y !== null) path += `${isOpen ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    isOpen = y !== null;
  }
  return path;
}

function linesSvg(u, chart, group) {
  return chart.lines.flatMap((line, index) => {
    const series = index + 1;
    if (!u.series[series].show) return [];
    const colour = themed(colourOf(group, line));
    const path = svgElement('path', {
      ...{ d: pathOf(u, series), fill: 'none', stroke: colour },
      'stroke-width': line.style === 'solid' ? 2 : 1.5,
      'stroke-dasharray': DASHES[line.style].join(' '),
    });
    const points = lonePoints(u, series).map((at) => {
      const [cx, cy] = [u.valToPos(u.data[0][at], 'x'), u.valToPos(u.data[series][at], 'y')];
      return svgElement('circle', { cx, cy, r: LONE_PX / 2, fill: colour });
    });
    return [path, ...points];
  });
}

function cellsSvg(u, chart, heatRun) {
  return cellsOf(u, chart, heatRun, false).map(({ share, ...cell }) =>
    svgElement('rect', { ...cell, fill: themed('heat'), opacity: strength(share).toFixed(2) }),
  );
}

function marksSvg(u, state, height) {
  return placesOf(u, state).flatMap((place) => {
    const { kind, middle, y, marks } = place;
    const fill = themed(MARKS[kind].colour);
    const text = { x: middle, y, fill, 'text-anchor': 'middle', 'font-size': 11 };
    const label = svgElement('text', text, place.label);
    label.append(svgElement('title', {}, marks.map((mark) => mark.text).join('\n')));
    const bands = bandsOf(place).map((band) => svgElement('rect', { ...band, y: 0, height, fill }));
    return [...bands, label];
  });
}

/** The labels that the plot shows, and the lines of its grid. */
function axesSvg(u, width, height) {
  const [x, y] = u.axes;
  const [ink, grid] = [themed('ink-soft'), themed('grid')];
  const parts = [];
  for (const [index, split] of (x._splits ?? []).entries()) {
    const at = u.valToPos(split, 'x');
    if (!x._values[index] || at < -1 || at > width + 1) continue;
    parts.push(svgElement('line', { x1: at, x2: at, y1: 0, y2: height, stroke: grid }));
    parts.push(
      svgElement('text', { x: at, y: height + 18, fill: ink, 'text-anchor': 'middle' }, x._values[index]),
    );
  }
  for (const [index, split] of (y._splits ?? []).entries()) {
    const at = u.valToPos(split, 'y');
    if (!y._values[index] || at < -1 || at > height + 1) continue;
    parts.push(svgElement('line', { x1: 0, x2: width, y1: at, y2: at, stroke: grid }));
    parts.push(svgElement('text', { x: -8, y: at + 4, fill: ink, 'text-anchor': 'end' }, y._values[index]));
  }
  return parts;
}

function keysSvg(keys, width) {
  return keys.map(({ name, stroke, dash }, index) => {
    const key = svgElement('g', { transform: `translate(14 ${index * KEY_PX})` });
    key.append(
      svgElement('line', { x2: 26, stroke, 'stroke-width': 2, 'stroke-dasharray': dash }),
      svgElement('text', { x: 34, y: 4, fill: themed('ink') }, name.slice(0, Math.floor(width / 7))),
    );
    return key;
  });
}

let clips = 0;

/** What a plot shows now, `top` pixels below the top of a drawing. */
function plotArea(u, chart, state, top) {
  const [width, height] = [u.over.clientWidth, u.over.clientHeight];
  const area = svgElement('g', { transform: `translate(${u.over.offsetLeft} ${top + u.over.offsetTop})` });
  const clip = svgElement('clipPath', { id: `plot-${++clips}` });
  clip.append(svgElement('rect', { width, height }));
  const content = svgElement('g', { 'clip-path': `url(#plot-${clips})` });
  content.append(...(chart.isHeat ? cellsSvg(u, chart, state.heatRun) : linesSvg(u, chart, state.group)));
  if (chart.xAxis === 'seconds') content.append(...marksSvg(u, state, height));
  area.append(clip, ...axesSvg(u, width, height), content);
  return area;
}

/** A plot alone as a drawing for paper, which stands below the title and the keys of the page. */
export function paperSvg({ draw, chart }, state) {
  const u = draw();
  const svg = drawing(u.width, u.height);
  svg.setAttribute('class', 'paper');
  svg.append(plotArea(u, chart, state, 0));
  return svg;
}

/** What a plot shows now, as a drawing with its title and a key. */
export function plotSvg({ draw, chart, name }, state) {
  const u = draw();
  const { group, heatRun } = state;
  const keys = chart.lines.flatMap((line, index) => {
    if (!u.series[index + 1].show) return [];
    const stroke = themed(colourOf(group, line));
    return [{ name: lineName(chart, group, line), stroke, dash: DASHES[line.style].join(' ') }];
  });
  const svg = drawing(u.width, HEAD_PX + u.height + keys.length * KEY_PX + 12);
  const title = chart.isHeat && group.runs.length > 1 ? `${name}: ${group.runs[heatRun].label}` : name;
  svg.append(
    svgElement('text', { x: 14, y: 22, fill: themed('ink'), 'font-size': 15, 'font-weight': 600 }, title),
  );
  const legend = svgElement('g', { transform: `translate(0 ${HEAD_PX + u.height + 8})` });
  legend.append(...keysSvg(keys, u.width));
  svg.append(plotArea(u, chart, state, HEAD_PX), legend);
  return svg;
}
