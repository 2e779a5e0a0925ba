import { downloads, drawing, svgElement } from './download.js';
import { themed } from './shared.js';
import { dataTable } from './table.js';

const COPIED = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font-weight',
  'paint-order',
];
const DOTS_HEAD_PX = 40;

/** Copies an element with the styles that the page gives it, which a file of its own does not have. */
function withStyles(source) {
  const copy = source.cloneNode(true);
  const copies = [copy, ...copy.querySelectorAll('*')];
  for (const [index, original] of [source, ...source.querySelectorAll('*')].entries()) {
    const style = getComputedStyle(original);
    const isDrawn = !['title', 'g', 'svg'].includes(original.tagName);
    if (isDrawn) for (const name of COPIED) copies[index].setAttribute(name, style.getPropertyValue(name));
    copies[index].removeAttribute('class');
    copies[index].removeAttribute('style');
  }
  return copy;
}

/** A chart of points as a drawing: its panels below one another where they are on the page. */
function dotsSvg(figure, title) {
  const outer = figure.getBoundingClientRect();
  const keys = figure.querySelector('.keys');
  const panels = figure.querySelector('.panels').getBoundingClientRect();
  const svg = drawing(outer.width, panels.height + DOTS_HEAD_PX + 24);
  const text = { x: 14, fill: themed('ink') };
  svg.append(
    svgElement('text', { ...text, y: 22, 'font-size': 15, 'font-weight': 600 }, title),
    ...[...keys.querySelectorAll('.key')].map((key, index) => {
      const group = svgElement('g', { transform: `translate(${20 + 180 * index} ${DOTS_HEAD_PX})` });
      group.append(
        ...[...key.querySelectorAll('path')].map(withStyles),
        svgElement('text', { x: 10, y: 4, fill: themed('ink-soft') }, key.textContent.trim()),
      );
      return group;
    }),
  );
  for (const panel of figure.querySelectorAll('.panel > svg')) {
    const { left, top, width, height } = panel.getBoundingClientRect();
    const copy = withStyles(panel);
    const place = {
      x: left - outer.left,
      y: DOTS_HEAD_PX + 14 + top - panels.top,
      width,
      height,
      overflow: 'visible',
    };
    for (const [name, value] of Object.entries(place)) copy.setAttribute(name, value);
    svg.append(copy);
  }
  return svg;
}

/** The texts of all points: what each is, and its values. */
function dotRows(figure) {
  const texts = [...figure.querySelectorAll('.panel g > title')].map(({ textContent }) => textContent);
  return {
    headings: ['point', 'values'],
    rows: [...new Set(texts)].map((text) => {
      const [, name, values] = /^(.*?)(?:: |, )(.*)$/s.exec(text) ?? [text, text, ''];
      return [name, values];
    }),
  };
}

// Charts of points are drawn without a script; it adds their tables and downloads.
for (const figure of document.querySelectorAll('.chart-group.dots figure')) {
  const title = figure.querySelector('h3, h4').textContent;
  const { tools } = dataTable(title, () => dotRows(figure));
  tools.append(
    downloads(
      () => title,
      () => dotsSvg(figure, title),
    ),
  );
  figure.append(tools);
}
