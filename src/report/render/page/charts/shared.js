/** An element with a class and a text. */
export function element(tag, className, textContent = '') {
  return Object.assign(document.createElement(tag), { className, textContent });
}

const probe = document.body.appendChild(document.createElement('i'));
const colours = new Map();

/** A colour of the page's current theme. Asking the browser for each line of each chart would take long. */
export function themed(name) {
  if (!colours.has(name)) {
    probe.style.color = `var(--${name})`;
    colours.set(name, getComputedStyle(probe).color);
  }
  return colours.get(name);
}

/** Colours are those of another theme from now on. */
export function forgetColours() {
  colours.clear();
}

const measuring = document.createElement('canvas').getContext('2d');
measuring.font = '12px system-ui, sans-serif';

/** The width of a text in a chart, in pixels. */
export function textWidth(text) {
  return measuring.measureText(text).width;
}

/** A square in a colour of the page. */
export function swatch(colour) {
  const mark = element('i', 'swatch');
  mark.style.background = `var(--${colour})`;
  return mark;
}

/** A row of the values below a plot. */
export function tipRow(name, text, colour = null) {
  const row = element('div', 'tip-row');
  row.append(...(colour === null ? [] : [swatch(colour)]), element('span', '', name), element('b', '', text));
  return row;
}

export const DASHES = {
  solid: [],
  dashed: [7, 4],
  dotted: [2, 3],
  short: [4, 3],
  long: [12, 4],
  mixed: [9, 3, 2, 3],
};

/** A short line in a style, as a key. */
export function pathOfDash(style, colour) {
  const box = element('span', 'dash');
  box.innerHTML = `<svg viewBox="0 0 26 8" aria-hidden="true"><path d="M0 4H26" stroke="${colour}" stroke-dasharray="${DASHES[style].join(' ')}"/></svg>`;
  return box;
}

/** Three significant digits; whole numbers keep all of theirs. */
export function figureText(value) {
  if (value === 0 || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** `12.3 ms`, `1,050 µs`, `1,234/s`, `12`: counts and rates keep all digits, as in tables. */
export function valueText(value, unit) {
  if (unit === null || unit.startsWith('/')) return `${figureText(value)}${unit ?? ''}`;
  return `${figureText(Number(value.toPrecision(3)))} ${unit}`;
}

/** 1 / (1 - p) as the percentile p: 100 is 99 %. */
export function percentileName(odds) {
  return `${Number((100 - 100 / odds).toPrecision(6))} %`;
}

/** A place on the x axis: a percentile, or seconds from the start of measuring. */
export function xText(xAxis, x) {
  return xAxis === 'odds' ? percentileName(x) : `${Number(x.toFixed(2))} s`;
}

/** The run of a line, and what the line shows where the chart has several kinds of lines. */
export function lineName({ lines }, { runs }, { run, label }) {
  const isOneKind = new Set(lines.map((line) => line.label)).size === 1;
  if (runs.length === 1) return label;
  return isOneKind ? runs[run].label : `${runs[run].label} ${label}`;
}

/** The colour of a line: that of its run, or its own where there is one run. */
export function colourOf({ runs }, { run, colour }) {
  return `line-${(runs.length === 1 ? colour : runs[run].colour) % 8}`;
}
