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

/** Below this span, ticks at 1, 2 and 5 may be none at all. */
const NARROW = 4;

/** The step of 1, 2 or 5 times a power of ten that goes into `span` five times at most. */
function evenStep(span: number): number {
  const power = 10 ** Math.floor(Math.log10(span / 5));
  return [1, 2, 5, 10].map((each) => each * power).find((step) => span / step <= 5) ?? 10 * power;
}

function evenTicks(min: number, max: number): number[] {
  const step = evenStep(max - min);
  const count = Math.floor(max / step) - Math.ceil(min / step) + 1;
  return Array.from({ length: count }, (_, index) =>
    // Adding up would make 0.30000000000000004 of three times 0.1.
    Number(((Math.ceil(min / step) + index) * step).toPrecision(9)),
  );
}

/** A logarithmic axis; both ends are over 0, and apart. */
export function logarithmic(min: number, max: number): Scale {
  const choices = [[1, 2, 5], [1, 3], [1]].map((steps) => decades(min, max, steps));
  const wide = choices.find((each) => each.length <= MOST_TICKS) ?? choices.at(-1) ?? [];
  const ticks = max / min < NARROW ? evenTicks(min, max) : wide;
  const span = Math.log(max / min);
  return { at: (value) => Math.log(value / min) / span, ticks: withTexts(ticks) };
}

/** A linear axis from 0 to at least `max`, which is over 0. */
export function fromZero(max: number): Scale {
  const end = Math.ceil(max / evenStep(max)) * evenStep(max);
  return { at: (value) => value / end, ticks: withTexts(evenTicks(0, end)) };
}
