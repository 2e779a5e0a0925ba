import { formatCount, formatNumber } from '../../units.ts';

/** An axis: where a value lies on it, and what is written along it. */
export interface Scale {
  /** 0 at its beginning, 1 at its end. */
  at(value: number): number;
  readonly ticks: ReadonlyArray<{ readonly value: number; readonly text: string }>;
}

/** More labels than this run into each other on a small screen. */
const MOST_TICKS = 7;

/** `0.5`, `20`, `5,000` */
function tickText(value: number): string {
  return value >= 1000 ? formatCount(value) : formatNumber(value);
}

/** Steps times powers of ten from `min` to `max`. */
function decades(min: number, max: number, steps: readonly number[]): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
    // Multiplying would make 0.30000000000000004 of 3 times 0.1.
    ticks.push(...steps.map((step) => Number(`${step}e${power}`)));
  }
  return ticks.filter((tick) => tick >= min && tick <= max);
}

function withTexts(values: readonly number[]): Scale['ticks'] {
  return values.map((value) => ({ value, text: tickText(value) }));
}

/** A logarithmic axis; both ends are over 0, and apart. */
export function logarithmic(min: number, max: number): Scale {
  const choices = [[1, 2, 5], [1, 3], [1]].map((steps) => decades(min, max, steps));
  const ticks = choices.find((each) => each.length <= MOST_TICKS) ?? choices.at(-1) ?? [];
  const span = Math.log(max / min);
  return { at: (value) => Math.log(value / min) / span, ticks: withTexts(ticks) };
}

/** A linear axis from 0 to at least `max`, which is over 0. */
export function fromZero(max: number): Scale {
  const power = 10 ** Math.floor(Math.log10(max / 2));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => max / each <= 5) ?? 10 * power;
  const count = Math.ceil(max / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(9)));
  return { at: (value) => value / (count * step), ticks: withTexts(ticks) };
}
