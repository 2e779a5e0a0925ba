import type { MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { toleratedRatio } from '../content/comparison-charts.ts';
import { displayWidth, plain } from '../plain.ts';
import { pad } from './text.ts';

const WIDTH = 60;

/** Head over base in each round that has a ratio, in the order of execution. */
function roundRatios({ points }: Pick<MetricOutcome, 'points'>): Array<{ round: number; ratio: number }> {
  return points
    .filter(({ base, head }) => base > 0 && head > 0)
    .map(({ round, base, head }) => ({ round, ratio: head / base }));
}

/** A logarithmic scale over the columns of a line. */
interface Scale {
  readonly least: number;
  readonly most: number;
}

const isRatio = (value: number | null): value is number =>
  value !== null && Number.isFinite(value) && value > 0;

/** Over everything that is drawn. */
function ratioScale(metrics: readonly MetricOutcome[]): Scale {
  const shown = metrics.flatMap((metric) => [
    ...roundRatios(metric).map(({ ratio }) => ratio),
    ...[metric.lower, metric.upper, metric.ratio].filter(isRatio),
    toleratedRatio(metric),
  ]);
  const [least, most] = [Math.min(1, ...shown), Math.max(1, ...shown)];
  // Where nothing differs at all there is still a line to draw.
  return least === most ? { least: 0.99, most: 1.01 } : { least, most };
}

function columnOf(ratio: number, { least, most }: Scale): number {
  const share = Math.log(ratio / least) / Math.log(most / least);
  return Math.min(WIDTH - 1, Math.max(0, Math.round(share * (WIDTH - 1))));
}

/** A line with marks set into it; later ones hide earlier ones. */
function marked(marks: ReadonlyArray<readonly [column: number, mark: string]>): string {
  const line = Array.from({ length: WIDTH }, () => ' ');
  for (const [column, mark] of marks) line[column] = mark;
  return line.join('').trimEnd();
}

const mark = (count: number) => (count === 1 ? 'o' : count < 10 ? String(count) : '*');

/** The rounds of one metric: `o` for one, a digit where several fall together. */
function dotsLine(metric: MetricOutcome, scale: Scale): string {
  const columns = roundRatios(metric).map(({ ratio }) => columnOf(ratio, scale));
  const dots = [...Map.groupBy(columns, (column) => column)].map(
    ([column, each]) => [column, mark(each.length)] as const,
  );
  return marked([[columnOf(toleratedRatio(metric), scale), ':'], [columnOf(1, scale), '|'], ...dots]);
}

/** `[---x-----]`; an end without a bound is open. */
function boundsLine({ ratio, lower, upper }: MetricOutcome, scale: Scale): string {
  const [from, to] = [lower ?? scale.least, upper ?? scale.most].map((bound) => columnOf(bound, scale));
  const [first = 0, last = 0] = [from, to];
  const between = Array.from({ length: last - first + 1 }, (_, index) => [first + index, '-'] as const);
  return marked([
    ...between,
    [first, lower === null ? '<' : '['],
    [last, upper === null ? '>' : ']'],
    ...(ratio === null ? [] : [[columnOf(ratio, scale), 'x'] as const]),
  ]);
}

/** Ends of the scale, and where nothing differs; what would run into the 1 is left out. */
function axisLine(scale: Scale): string {
  const [left, right] = [scale.least, scale.most].map((ratio) => ratio.toFixed(2));
  const one = columnOf(1, scale);
  const start = left !== undefined && one > left.length ? left : '';
  const end = right !== undefined && one < WIDTH - right.length - 1 ? right : '';
  const middle = `${pad(start, one, false)}1`;
  return `${middle}${end.padStart(WIDTH - middle.length)}`;
}

/** The ratio of each round on one scale for all gating metrics, with estimate and bounds; nothing without points. */
export function stripLines({ metrics }: PairOutcome): string[] {
  const shown = metrics.filter(
    (metric) => metric.gating && metric.kind === 'ratio' && roundRatios(metric).length > 0,
  );
  if (shown.length === 0) return [];
  const scale = ratioScale(shown);
  const names = shown.map(({ metric }) => plain(metric));
  const width = Math.max(...names.map(displayWidth));
  const row = (name: string, line: string) => `${pad(name, width, false)}  ${line}`.trimEnd();
  return [
    row('', axisLine(scale)),
    ...shown.flatMap((metric, index) => [
      row(names[index] ?? '', dotsLine(metric, scale)),
      row('', boundsLine(metric, scale)),
    ]),
    '- o: a round, or a digit for several; |: no difference; ":": tolerated up to here; [-x-]: estimate and bounds',
  ];
}
