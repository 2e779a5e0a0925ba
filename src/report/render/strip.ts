import type { MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { toleratedRatio } from '../content/comparison-charts.ts';
import { extent } from '../content/table.ts';
import { displayWidth, plain } from '../plain.ts';
import { logarithmicScale } from './scale.ts';
import { pad } from './text.ts';

const WIDTH = 60;

/** Head over base of each round that has a ratio. */
function roundRatios({ points }: MetricOutcome): number[] {
  return points.filter(({ base, head }) => base > 0 && head > 0).map(({ base, head }) => head / base);
}

const isRatio = (value: number | null): value is number =>
  value !== null && Number.isFinite(value) && value > 0;

/** A logarithmic scale over the columns of a line. */
interface Columns {
  readonly min: number;
  readonly max: number;
  of(ratio: number): number;
}

/** Makes a scale that holds everything that is drawn. */
function columnsFor(metrics: readonly MetricOutcome[]): Columns {
  const drawn = metrics.flatMap((metric) => [
    ...roundRatios(metric),
    ...[metric.lower, metric.upper, metric.ratio].filter(isRatio),
    toleratedRatio(metric),
  ]);
  const [least, most] = extent([1, ...drawn]) ?? [1, 1];
  // Where nothing differs there is still a line to draw.
  const [min, max] = least === most ? [0.99, 1.01] : [least, most];
  const scale = logarithmicScale(min, max);
  return {
    min,
    max,
    of: (ratio) => Math.min(WIDTH - 1, Math.max(0, Math.round(scale.at(ratio) * (WIDTH - 1)))),
  };
}

/** A line with marks in it; later marks hide earlier ones. */
function marked(marks: ReadonlyArray<readonly [column: number, mark: string]>): string {
  const line = Array.from({ length: WIDTH }, () => ' ');
  for (const [column, mark] of marks) line[column] = mark;
  return line.join('').trimEnd();
}

/** The rounds of one metric: `o` for one, a digit for several in one column, `*` for ten or more. */
function dotsLine(metric: MetricOutcome, columns: Columns): string {
  const dots = [...Map.groupBy(roundRatios(metric).map(columns.of), (column) => column)].map(
    ([column, { length }]) => [column, length === 1 ? 'o' : length < 10 ? String(length) : '*'] as const,
  );
  return marked([[columns.of(toleratedRatio(metric)), ':'], [columns.of(1), '|'], ...dots]);
}

/** `[---x-----]`; an end without a bound is `<` or `>`. */
function intervalLine({ ratio, lower, upper }: MetricOutcome, columns: Columns): string {
  const [first, last] = [columns.of(lower ?? columns.min), columns.of(upper ?? columns.max)];
  const between = Array.from({ length: last - first + 1 }, (_, index) => [first + index, '-'] as const);
  return marked([
    ...between,
    [first, lower === null ? '<' : '['],
    [last, upper === null ? '>' : ']'],
    ...(ratio === null ? [] : [[columns.of(ratio), 'x'] as const]),
  ]);
}

/** The ends of the scale and the 1; an end that would overlap the 1 is left out. */
function axisLine({ min, max, of }: Columns): string {
  const [left, right, one] = [min.toFixed(2), max.toFixed(2), of(1)];
  const middle = `${pad(one > left.length ? left : '', one, false)}1`;
  const end = one < WIDTH - right.length - 1 ? right : '';
  return `${middle}${end.padStart(WIDTH - middle.length)}`;
}

/** Draws the ratio of each round on one scale for all gating metrics, with estimate and interval; empty without points. */
export function stripLines({ metrics }: PairOutcome): string[] {
  const shown = metrics.filter(
    (metric) => metric.gating && metric.kind === 'ratio' && roundRatios(metric).length > 0,
  );
  if (shown.length === 0) return [];
  const columns = columnsFor(shown);
  const width = Math.max(...shown.map(({ metric }) => displayWidth(plain(metric))));
  const row = (name: string, line: string) => `${pad(plain(name), width, false)}  ${line}`.trimEnd();
  return [
    row('', axisLine(columns)),
    ...shown.flatMap((metric) => [
      row(metric.metric, dotsLine(metric, columns)),
      row('', intervalLine(metric, columns)),
    ]),
    '- o: a round, or a digit for several; |: no change; ":": tolerance; [-x-]: estimate and interval',
  ];
}
