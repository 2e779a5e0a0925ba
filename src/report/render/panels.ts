import type { MetricOutcome } from '../../result/comparison.ts';
import { ratioTexts, valueText } from '../content/comparison-numbers.ts';
import type { RoundPoint } from '../content/comparison-points.ts';
import { chooseUnit } from '../content/table.ts';
import { linearAxis, ratioAxis } from './axis.ts';
import { escapeHtml } from './page/markup.ts';
import { toleratedRatio } from './strip.ts';

/** What a figure of one metric is drawn from. */
export interface Panel {
  /** Unique on the page. */
  readonly id: string;
  readonly metric: MetricOutcome;
  readonly points: readonly RoundPoint[];
  readonly baseName: string;
  readonly headName: string;
  /** Of the page's eight colours, that of the head; the base has the first. */
  readonly colour: number;
}

const WIDTH = 480;
const HEIGHT = 270;
const PLOT = { left: 58, right: WIDTH - 12, top: 10, bottom: HEIGHT - 44 };
const DOT = 4.5;

const n = (value: number) => Number(value.toFixed(1)).toString();

function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" class="${style}"/>`;
}

function label(x: number, y: number, anchor: 'start' | 'middle' | 'end', text: string): string {
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
}

/** A circle; only its outline where the pair was spoilt. */
function circle(x: number, y: number, colour: number, isExcluded: boolean): string {
  return `<circle cx="${n(x)}" cy="${n(y)}" r="${DOT}" class="${isExcluded ? 'excluded' : 'dot'}" style="--mark:var(--line-${colour % 8})"/>`;
}

/** Told from a circle without its colour. */
function diamond(x: number, y: number, colour: number, isExcluded: boolean): string {
  const r = DOT * 1.35;
  const path = `M${n(x)} ${n(y - r)}L${n(x + r)} ${n(y)}L${n(x)} ${n(y + r)}L${n(x - r)} ${n(y)}Z`;
  return `<path d="${path}" class="${isExcluded ? 'excluded' : 'dot'}" style="--mark:var(--line-${colour % 8})"/>`;
}

/** An image with words for those who do not see it. */
function svg(id: string, title: string, description: string, inner: readonly string[]): string {
  return [
    `<svg class="points" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${escapeHtml(title)}</title>`,
    `<desc id="${id}-desc">${escapeHtml(description)}</desc>`,
    ...inner,
    '</svg>',
  ].join('\n');
}

/** What is told of a round under the pointer. */
function tip({ metric, baseName, headName }: Panel, point: RoundPoint): string {
  const ratio = point.base > 0 ? `, ratio ${(point.head / point.base).toPrecision(3)}` : '';
  const excluded = point.isExcluded ? ', spoilt' : '';
  return `<title>${escapeHtml(`round ${point.round}: ${baseName} ${valueText(metric, point.base)}, ${headName} ${valueText(metric, point.head)}${ratio}${excluded}`)}</title>`;
}

/** Rounds to be named: at most ten of them, the first among them. */
function namedRounds(rounds: readonly number[]): number[] {
  const every = Math.ceil(rounds.length / 10);
  return rounds.filter((_, index) => index % every === 0);
}

/** `; values in ms`, `; values per s` */
function unitText(unit: string | null): string {
  if (unit === null) return '';
  return unit.startsWith('/') ? `; values per ${unit.slice(1)}` : `; values in ${unit}`;
}

/** The value of either arm in each round, joined: how much is common to both, and how much differs. */
export function valuesPanel(panel: Panel): string {
  const { id, metric, points, baseName, headName, colour } = panel;
  const { name: unit, scale } = chooseUnit(
    metric.unit,
    points.flatMap(({ base, head }) => [base, head]),
  );
  const values = points.flatMap(({ base, head }) => [base / scale, head / scale]);
  const y = linearAxis(values, { from: PLOT.bottom, to: PLOT.top }, metric.unit === 'count' ? 1 : 0);
  const rounds = points.map(({ round }) => round);
  const step = (PLOT.right - PLOT.left) / points.length;
  const x = (index: number) => PLOT.left + (index + 0.5) * step;
  const marks = points.map((point, index) => {
    const [base, head] = [y.at(point.base / scale), y.at(point.head / scale)];
    return [
      `<g>${tip(panel, point)}`,
      line(x(index), base, x(index), head, point.isExcluded ? 'join open' : 'join'),
      circle(x(index), base, 0, point.isExcluded),
      `${diamond(x(index), head, colour, point.isExcluded)}</g>`,
    ].join('');
  });
  const title = `${metric.metric} of ${baseName} and ${headName} in each round${unitText(unit)}`;
  return svg(`${id}-values`, title, `${points.length} rounds in the order of execution`, [
    ...y.ticks.map((tick) => line(PLOT.left, y.at(tick), PLOT.right, y.at(tick), 'grid')),
    ...y.ticks.map((tick) => label(PLOT.left - 8, y.at(tick) + 4, 'end', String(tick))),
    ...namedRounds(rounds).map((round) =>
      label(x(rounds.indexOf(round)), PLOT.bottom + 18, 'middle', String(round)),
    ),
    label((PLOT.left + PLOT.right) / 2, HEIGHT - 6, 'middle', `round${unitText(unit)}`),
    ...marks,
  ]);
}

/** Estimate and bounds as a bar; an end without a bound reaches to the edge. */
function estimateBar(
  { metric: { ratio, lower, upper }, colour }: Panel,
  at: (ratio: number) => number,
  y: number,
) {
  if (ratio === null) return '';
  const [from, to] = [lower === null ? PLOT.left : at(lower), upper === null ? PLOT.right : at(upper)];
  const bounds = [
    ...(lower === null ? [] : [line(from, y - 7, from, y + 7, 'bar')]),
    ...(upper === null ? [] : [line(to, y - 7, to, y + 7, 'bar')]),
  ];
  return [line(from, y, to, y, 'bar'), ...bounds, diamond(at(ratio), y, colour, false)].join('');
}

/** The ratio of each round, the estimate over all with its bounds, and what is tolerated; null without a ratio. */
export function ratiosPanel(panel: Panel): string | null {
  const { id, metric, headName, baseName, colour } = panel;
  const points = panel.points.filter(({ base, head }) => base > 0 && head > 0);
  if (points.length === 0) return null;
  const tolerated = toleratedRatio(metric);
  const known = [metric.ratio, metric.lower, metric.upper].filter((value) => value !== null && value > 0);
  const shown = [...points.map(({ base, head }) => head / base), ...known.filter((value) => value !== null)];
  const x = ratioAxis([...shown, tolerated, 1 / tolerated], { from: PLOT.left, to: PLOT.right });
  // The last of the rows is that of the estimate.
  const row = (PLOT.bottom - PLOT.top - 30) / points.length;
  const y = (index: number) => PLOT.top + (index + 0.5) * row;
  const barY = PLOT.bottom - 14;
  const [shadeFrom = 0, shadeTo = 0] = [tolerated, 1 / tolerated].map(x.at).sort((a, b) => a - b);
  const rounds = points.map(({ round }) => round);
  const texts = ratioTexts(metric);
  const said =
    texts.ratio === null
      ? 'no estimate'
      : `estimate ${texts.ratio}, bounds ${texts.lower ?? 'none'} and ${texts.upper ?? 'none'}`;
  return svg(`${id}-ratios`, `${metric.metric} of ${headName} over that of ${baseName}`, said, [
    `<rect x="${n(shadeFrom)}" y="${PLOT.top}" width="${n(shadeTo - shadeFrom)}" height="${PLOT.bottom - PLOT.top}" class="tolerated"/>`,
    ...x.ticks.map((tick) =>
      line(x.at(tick), PLOT.top, x.at(tick), PLOT.bottom, tick === 1 ? 'one' : 'grid'),
    ),
    ...x.ticks.map((tick) => label(x.at(tick), PLOT.bottom + 18, 'middle', String(tick))),
    ...namedRounds(rounds).map((round) =>
      label(PLOT.left - 8, y(rounds.indexOf(round)) + 4, 'end', String(round)),
    ),
    label(PLOT.left - 8, barY + 4, 'end', 'all'),
    label((PLOT.left + PLOT.right) / 2, HEIGHT - 6, 'middle', 'ratio by round; tolerated where shaded'),
    ...points.map(
      (point, index) =>
        `<g>${tip(panel, point)}${circle(x.at(point.head / point.base), y(index), colour, point.isExcluded)}</g>`,
    ),
    estimateBar(panel, x.at, barY),
  ]);
}
