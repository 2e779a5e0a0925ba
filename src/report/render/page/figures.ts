import type { Axis, ChartGroup, Dot, DotChart, LineGroup, MarkStyle, Panel } from '../../charts.ts';
import { plain } from '../../plain.ts';
import { type Scale, scaleOf } from '../scale.ts';
import { escapeHtml } from './document.ts';
import { pack } from './downloads.ts';

const MARK_PATHS = {
  disc: 'M-4.5 0A4.5 4.5 0 1 1 4.5 0A4.5 4.5 0 1 1-4.5 0Z',
  diamond: 'M0-6L6 0L0 6L-6 0Z',
  cross: 'M-5-5L5 5M-5 5L5-5',
} as const;

/** The colour comes from `--mark` of what is around it. */
function markSvg({ shape, hollow }: MarkStyle): string {
  return `<path d="${MARK_PATHS[shape]}" class="${shape === 'cross' || hollow ? 'hollow' : 'dot'}"/>`;
}

/** Positions in one plot: a share of the width as percent, pixels from the top. */
interface Plot {
  readonly panel: Panel;
  readonly xScale: Scale;
  readonly yScale: Scale;
  x(value: number): string;
  y(value: number): number;
}

function plotOf(panel: Panel): Plot {
  const { dots, rules, shaded } = panel;
  const values = (axis: 'x' | 'y') => [
    ...dots.map((dot) => dot[axis]),
    ...dots.flatMap(({ interval }) => (interval?.along === axis ? [interval.low, interval.high] : [])),
    ...rules.filter(({ across }) => across !== axis).map(({ at }) => at),
    ...(axis === 'x' ? (shaded ?? []) : []),
  ];
  const known = (axis: 'x' | 'y') => values(axis).filter((value) => value !== null);
  const [xScale, yScale] = [scaleOf(panel.x, known('x')), scaleOf(panel.y, known('y'))];
  return {
    panel,
    xScale,
    yScale,
    x: (value) => `${Number((xScale.at(value) * 100).toFixed(2))}%`,
    y: (value) => Number((panel.heightPx * (1 - yScale.at(value))).toFixed(1)),
  };
}

/** Draws `inner` around a point. Lengths of a path cannot be percent, so each mark has a coordinate system. */
function at(x: string, y: number | string, inner: string): string {
  return `<svg x="${x}" y="${y}" overflow="visible">${inner}</svg>`;
}

function line(x1: string, y1: number, x2: string, y2: number, style: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" class="${style}"/>`;
}

/** Lines of the grid only where values are read off, not where things are named. */
function axesSvg({ panel, xScale, yScale, x, y }: Plot): string[] {
  const bottom = panel.heightPx;
  const grid = ({ labels }: Axis, svg: string) => (labels === null ? svg : '');
  return [
    ...yScale.ticks.map(
      ({ at, text }) =>
        `${grid(panel.y, line('0', y(at), '100%', y(at), 'grid'))}<text x="-8" y="${y(at) + 4}" text-anchor="end">${escapeHtml(text)}</text>`,
    ),
    ...xScale.ticks.map(
      ({ at, text }) =>
        `${grid(panel.x, line(x(at), 0, x(at), bottom, 'grid'))}<text x="${x(at)}" y="${bottom + 17}" text-anchor="middle">${escapeHtml(text)}</text>`,
    ),
    `<text x="100%" y="${bottom + 36}" text-anchor="end">${escapeHtml(panel.x.title)}</text>`,
  ];
}

function rulesSvg({ panel, xScale, x, y }: Plot): string[] {
  return panel.rules.map(({ across, at: value, style, text }) => {
    const words = escapeHtml(text);
    if (across === 'x') {
      return `${line('0', y(value), '100%', y(value), style)}<text class="strong" x="4" y="${y(value) - 6}">${words}</text>`;
    }
    const anchor = xScale.at(value) > 0.5 ? 'end' : 'start';
    return `${line(x(value), 0, x(value), panel.heightPx, style)}<text class="strong" x="${x(value)}" y="-6" text-anchor="${anchor}">${words}</text>`;
  });
}

/** An end that has a bound gets a cap. */
function intervalSvg({ x: atX, y: atY, interval }: Dot, { panel, x, y }: Plot): string {
  if (interval === null) return '';
  const { along, low, high } = interval;
  if (along === 'x') {
    const cap = (value: number) => at(x(value), y(atY), '<path d="M0-6V6" class="interval"/>');
    const [from, to] = [low === null ? '0' : x(low), high === null ? '100%' : x(high)];
    return `${line(from, y(atY), to, y(atY), 'interval')}${[low, high].map((end) => (end === null ? '' : cap(end))).join('')}`;
  }
  const [from, to] = [low === null ? panel.heightPx : y(low), high === null ? 0 : y(high)];
  const caps = [low === null ? '' : `M-4 ${from}H4`, high === null ? '' : `M-4 ${to}H4`].join('');
  return at(x(atX), 0, `<path d="M0 ${from}V${to}${caps}" class="interval"/>`);
}

function dotSvg(dot: Dot, plot: Plot): string {
  const { x, y, colour, shiftPx, text } = dot;
  const mark = at(plot.x(x), plot.y(y), markSvg(dot));
  const shift = shiftPx === 0 ? '' : ` transform="translate(${shiftPx} 0)"`;
  return `<g style="--mark:var(--${colour})"${shift}><title>${escapeHtml(text)}</title>${intervalSvg(dot, plot)}${mark}</g>`;
}

function shadedSvg({ panel: { shaded, heightPx }, xScale, x }: Plot): string {
  if (shaded === null) return '';
  const [from, to] = shaded;
  const width = (xScale.at(to) - xScale.at(from)) * 100;
  return `<rect x="${x(from)}" y="0" width="${Number(width.toFixed(2))}%" height="${heightPx}" class="tolerated"/>`;
}

function panelHtml(panel: Panel): string {
  const plot = plotOf(panel);
  const links = panel.links.map(({ from, to, style, colour }) => {
    const kind = `link${style === 'solid' ? '' : ` ${style}`}" style="--mark:var(--${colour})`;
    return line(plot.x(from[0]), plot.y(from[1]), plot.x(to[0]), plot.y(to[1]), kind);
  });
  const title = panel.title === '' ? [] : [`<text class="strong" y="-6">${escapeHtml(panel.title)}</text>`];
  return [
    `<div class="panel"><svg height="${panel.heightPx}" role="img" aria-label="${escapeHtml(panel.description)}">`,
    shadedSvg(plot),
    ...title,
    ...axesSvg(plot),
    ...rulesSvg(plot),
    ...links,
    ...panel.dots.map((dot) => dotSvg(dot, plot)),
    '</svg></div>',
  ].join('\n');
}

/** One entry of a key: a drawing and its name. */
const keyHtml = (svg: string, text: string) => `<span class="key">${svg}${escapeHtml(text)}</span>`;

/** The level of the titles of charts: one below that of the group. */
type HeadingLevel = 3 | 4;

/** The figure of a chart of points. It needs no script. */
function dotFigure({ title, note, isWide, keys: given, panels }: DotChart, level: HeadingLevel): string {
  const keys = given.map(({ text, ...mark }) => {
    const style = `--mark:var(--${mark.colour})`;
    const svg = `<svg class="mark" viewBox="-7 -7 14 14" aria-hidden="true" style="${style}">${markSvg(mark)}</svg>`;
    return keyHtml(svg, text);
  });
  return [
    `<figure${isWide ? ' class="wide"' : ''}>`,
    `<figcaption><h${level}>${escapeHtml(title)}</h${level}> <span class="keys">${keys.join(' ')}</span>`,
    note === '' ? '</figcaption>' : `<span class="note">${escapeHtml(note)}</span></figcaption>`,
    `<div class="panels">${panels.map(panelHtml).join('\n')}</div>`,
    '</figure>',
  ].join('\n');
}

/** A square in one of the eight colours for lines. */
export function swatchHtml(colour: number): string {
  return `<i class="swatch" style="background:var(--line-${colour % 8})"></i>`;
}

/** The data of a group, packed, with each list of x values once: `x` of a line is its place in `xs`. Texts are plain. */
function packGroup({ charts, ...group }: LineGroup): string {
  const xs = new Map<string, number>();
  const placeOf = (x: readonly number[]) => {
    const key = JSON.stringify(x.map((value) => Number(value.toPrecision(8))));
    const place = xs.get(key) ?? xs.size;
    xs.set(key, place);
    return place;
  };
  const placed = charts.map((chart) => ({
    ...chart,
    lines: chart.lines.map((line) => ({ ...line, x: placeOf(line.x) })),
  }));
  const data = { ...group, charts: placed, xs: [...xs.keys()].map((key) => JSON.parse(key) as unknown) };
  return pack(JSON.stringify(data, (_, each) => (typeof each === 'string' ? plain(each) : each)));
}

/** The charts of a group; empty without charts. The script of the page draws line charts from their data. */
export function chartGroupHtml(group: ChartGroup, level: HeadingLevel): string {
  if (group.charts.length === 0) return '';
  if (group.form === 'dots') {
    const figures = group.charts.map((chart) => dotFigure(chart, level));
    return `<div class="chart-group dots"><div class="charts">${figures.join('\n')}</div></div>`;
  }
  return [
    `<div class="chart-group lines" data-level="${level}">`,
    `<script type="text/plain">${packGroup(group)}</script>`,
    '<noscript><p class="note">The charts need JavaScript. The tables do not.</p></noscript>',
    '</div>',
  ].join('\n');
}
