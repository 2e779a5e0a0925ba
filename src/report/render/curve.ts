import type { StepOutcome } from '../../result/capacity.ts';
import { chooseUnit, formatValue, type Kind } from '../content/table.ts';
import { escapeHtml } from './page/markup.ts';
import { fromZero, logarithmic, type Scale } from './scale.ts';

/** One run. */
export interface CurvePoint {
  readonly x: number;
  /** In the base unit of the curve's kind. */
  readonly y: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly outcome: StepOutcome;
  /** What is shown under the pointer. */
  readonly text: string;
}

/** A figure of every run against what was varied. */
export interface Curve {
  readonly title: string;
  readonly note: string;
  readonly kind: Kind;
  /** `rate, messages/s` */
  readonly xTitle: string;
  readonly points: readonly CurvePoint[];
  /** Drawn across; null for none. */
  readonly limit: { readonly y: number; readonly text: string } | null;
  /** Drawn upright; null for none. */
  readonly answer: { readonly x: number; readonly text: string } | null;
  readonly heightPx: number;
  /** Whether it takes the whole width of the page. */
  readonly isWide: boolean;
}

/** Room for the labels of both axes. */
const MARGIN = { top: 18, right: 18, bottom: 44, left: 60 } as const;
/** Between runs of one value, which would hide each other; little, or they would seem to be of others. */
const APART_PX = 4;
/** Beyond this span a linear axis hides the smaller half of the figures. */
const WIDEST_LINEAR_SPAN = 20;

const COLOURS: Readonly<Record<StepOutcome, string>> = {
  passed: 'var(--good)',
  failed: 'var(--bad)',
  excluded: 'var(--ink-soft)',
};

/** A disc, a cross, an empty diamond: told apart without colours. */
const SHAPES: Readonly<Record<StepOutcome, string>> = {
  passed: '<circle r="5" fill="var(--good)"/>',
  failed: '<path d="M-5-5L5 5M-5 5L5-5" stroke="var(--bad)" stroke-width="2.5" fill="none"/>',
  excluded: '<path d="M0-6L6 0L0 6L-6 0Z" stroke="var(--ink-soft)" stroke-width="1.5" fill="var(--paper)"/>',
};

const SHAPE_NAMES: ReadonlyArray<readonly [StepOutcome, string]> = [
  ['passed', 'passed'],
  ['failed', 'failed'],
  ['excluded', 'not counted'],
];

const percent = (share: number) => `${Number((share * 100).toFixed(3))}%`;

/** Scales of one drawing; `py` in pixels from the top of the plot, `px` as a share of its width. */
interface Plot {
  readonly x: Scale;
  readonly y: Scale;
  readonly unit: string | null;
  readonly isLogarithmic: boolean;
  readonly heightPx: number;
  px(value: number): string;
  py(value: number): number;
}

function xScale(points: readonly CurvePoint[]): Scale {
  const values = points.map(({ x }) => x);
  const [min, max] = [Math.min(...values), Math.max(...values)];
  // A little room at both ends, more where all runs had one value.
  const room = max > min ? (max / min) ** 0.06 : 1.5;
  return logarithmic(min / room, max * room);
}

function plotOf({ kind, points, limit, heightPx }: Curve): Plot {
  const all = points.flatMap(({ y, low, high }) => [y, low, high]).filter((value) => value !== null);
  const values = limit === null ? all : [...all, limit.y];
  const { name, scale } = chooseUnit(kind, values);
  const [min, max] = [Math.min(...values) / scale, Math.max(...values) / scale];
  const isLogarithmic = kind === 'duration' && min > 0 && max / min > WIDEST_LINEAR_SPAN;
  const x = xScale(points);
  const y = isLogarithmic ? logarithmic(min / 1.3, max * 1.3) : fromZero(max > 0 ? max * 1.05 : 1);
  const plotPx = heightPx - MARGIN.top - MARGIN.bottom;
  return {
    x,
    y,
    unit: name,
    isLogarithmic,
    heightPx: plotPx,
    px: (value) => percent(x.at(value)),
    py: (value) => Number((plotPx * (1 - y.at(value / scale))).toFixed(1)),
  };
}

function axesSvg({ x, y, heightPx }: Plot, xTitle: string): string[] {
  const rows = y.ticks.map(({ value, text }) => {
    const at = Number((heightPx * (1 - y.at(value))).toFixed(1));
    return `<line x2="100%" y1="${at}" y2="${at}" stroke="var(--grid)"/><text x="-8" y="${at + 4}" text-anchor="end">${text}</text>`;
  });
  const columns = x.ticks.map(({ value, text }) => {
    const at = percent(x.at(value));
    return `<line x1="${at}" x2="${at}" y2="${heightPx}" stroke="var(--grid)"/><text x="${at}" y="${heightPx + 17}" text-anchor="middle">${text}</text>`;
  });
  const title = `<text x="100%" y="${heightPx + 36}" text-anchor="end">${escapeHtml(xTitle)}</text>`;
  return [...rows, ...columns, title];
}

/** What the search was after, and what it found. */
function marksSvg({ limit, answer }: Curve, { x, px, py, heightPx }: Plot): string[] {
  const across =
    limit === null
      ? ''
      : `<line x2="100%" y1="${py(limit.y)}" y2="${py(limit.y)}" stroke="var(--ink)" stroke-width="1.5" stroke-dasharray="7 4"/><text class="strong" x="4" y="${py(limit.y) - 6}">${escapeHtml(limit.text)}</text>`;
  if (answer === null) return [across];
  const isRight = x.at(answer.x) > 0.5;
  const text = `<text class="strong" x="${px(answer.x)}" y="-6" text-anchor="${isRight ? 'end' : 'start'}">${escapeHtml(answer.text)}</text>`;
  return [
    across,
    `<line x1="${px(answer.x)}" x2="${px(answer.x)}" y2="${heightPx}" stroke="var(--good)" stroke-width="1.5" stroke-dasharray="2 3"/>${text}`,
  ];
}

/** Values that differ by less are drawn through as one: the search itself is no sharper. */
const ALIKE = 1.05;

function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

/** Counted runs in groups of like values, ascending. */
function likeRuns(points: readonly CurvePoint[]): CurvePoint[][] {
  const groups: CurvePoint[][] = [];
  for (const point of points.toSorted((a, b) => a.x - b.x)) {
    const first = groups.at(-1)?.[0];
    if (point.outcome === 'excluded') continue;
    if (first !== undefined && point.x <= first.x * ALIKE) groups.at(-1)?.push(point);
    else groups.push([point]);
  }
  return groups;
}

/** Through the middle of runs of like values; what was not counted has no say. */
function lineSvg({ points }: Curve, { px, py }: Plot): string[] {
  const middles = likeRuns(points).map((group) => ({
    x: middleOf(group.map(({ x }) => x)),
    y: middleOf(group.map(({ y }) => y)),
  }));
  return middles.slice(1).map((to, index) => {
    const from = middles[index] ?? to;
    return `<line x1="${px(from.x)}" y1="${py(from.y)}" x2="${px(to.x)}" y2="${py(to.y)}" stroke="var(--line-7)" stroke-width="1.5"/>`;
  });
}

/** A run with its bounds; runs of one value stand side by side. */
function pointSvg(point: CurvePoint, shiftPx: number, { px, py }: Plot): string {
  const { x, y, low, high, outcome, text } = point;
  const whisker =
    high === null
      ? ''
      : `<path d="M-4 ${py(high)}H4M0 ${py(high)}V${py(low ?? y)}${low === null ? '' : `M-4 ${py(low)}H4`}" stroke="${COLOURS[outcome]}" fill="none"/>`;
  return `<svg x="${px(x)}" overflow="visible"><g transform="translate(${shiftPx} 0)"><title>${escapeHtml(text)}</title>${whisker}<g transform="translate(0 ${py(y)})">${SHAPES[outcome]}</g></g></svg>`;
}

function pointsSvg({ points }: Curve, plot: Plot): string[] {
  return [...Map.groupBy(points, ({ x }) => x).values()].flatMap((alike) =>
    alike.map((point, index) => pointSvg(point, (index - (alike.length - 1) / 2) * APART_PX, plot)),
  );
}

/** The shapes that occur, by name. */
function keyHtml({ points }: Curve): string {
  const present = new Set(points.map(({ outcome }) => outcome));
  const keys = SHAPE_NAMES.filter(([outcome]) => present.has(outcome)).map(
    ([outcome, name]) =>
      `<span class="key"><svg class="mark" viewBox="-7 -7 14 14" aria-hidden="true">${SHAPES[outcome]}</svg>${name}</span>`,
  );
  return `<span class="keys">${keys.join(' ')}</span>`;
}

/** For what the page's own style sheet does not know. */
export const CURVE_STYLE = `<style>
.curve { padding: ${MARGIN.top}px ${MARGIN.right}px ${MARGIN.bottom}px ${MARGIN.left}px; font-size: 12px; }
.curve > svg { display: block; width: 100%; overflow: visible; }
.curve text { fill: var(--ink-soft); }
.curve text.strong { fill: var(--ink); font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.key svg.mark { width: 14px; height: 14px; stroke: none; }
.load + .charts { margin-top: 20px; }
.steps .scroll td:last-child { min-width: 18em; white-space: normal; }
</style>`;

/** A figure that needs no script; nothing when no run has the figure. */
export function curveHtml(curve: Curve): string {
  if (curve.points.length === 0) return '';
  const plot = plotOf(curve);
  const inner = [
    ...axesSvg(plot, curve.xTitle),
    ...marksSvg(curve, plot),
    ...lineSvg(curve, plot),
    ...pointsSvg(curve, plot),
  ].join('\n');
  const [unit, scale] = [
    plot.unit === null ? '' : `, ${plot.unit}`,
    plot.isLogarithmic ? ' (logarithmic)' : '',
  ];
  return [
    `<figure${curve.isWide ? ' class="wide"' : ''}>`,
    `<figcaption><strong>${escapeHtml(`${curve.title}${unit}${scale}`)}</strong> ${keyHtml(curve)}`,
    `<span class="note">${escapeHtml(curve.note)}</span></figcaption>`,
    `<div class="curve"><svg height="${plot.heightPx}" role="img" aria-label="${escapeHtml(curve.title)}; the table below has every figure">`,
    inner,
    '</svg></div>',
    '</figure>',
  ].join('\n');
}

/** A value as the pointer shows it: `43.1 ms (38.0 ms to 47.2 ms)`. */
export function pointText(kind: Kind, y: number, low: number | null, high: number | null): string {
  const bounds =
    low === null || high === null ? '' : ` (${formatValue(kind, low)} to ${formatValue(kind, high)})`;
  return `${formatValue(kind, y)}${bounds}`;
}
