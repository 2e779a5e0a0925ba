/** Maps values to positions on a panel, and says where its lines of the grid are. */
export interface Axis {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** Positions run from `from` to `to`, of which either may be the larger. */
interface Span {
  readonly from: number;
  readonly to: number;
}

const MOST_STEPS = 5;

/** What a panel leaves free beyond its outermost points. */
const PADDING = 0.06;

/** 1, 2 or 5 times a power of ten, so that about `count` steps span `range`. */
function niceStep(range: number, count: number): number {
  const power = 10 ** Math.floor(Math.log10(range / count));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => range / step <= count) ?? 10 * power;
}

/**
 * Not from zero: what counts is how the points lie to each other. `values` has one entry or more; lines of the
 * grid are `leastStep` apart or more.
 */
export function linearAxis(values: readonly number[], { from, to }: Span, minStep: number): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const pad = least === most ? Math.abs(most) * PADDING || 1 : (most - least) * PADDING;
  const [low, high] = [least >= 0 ? Math.max(0, least - pad) : least - pad, most + pad];
  const step = Math.max(minStep, niceStep(high - low, MOST_STEPS));
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return {
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    // Times a whole number: adding the step up would show 0.30000000000000004.
    ticks: Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
      Number(((first + index) * step).toPrecision(12)),
    ),
  };
}

/** Distances between lines of the grid, finest first; 1 is a multiple of each. */
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/** For what spans decades. */
const WIDE = [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000];

/** Least distance between two labels. */
const APART = 38;

function multiples(step: number, low: number, high: number): number[] {
  const [first, last] = [Math.ceil(low / step), Math.floor(high / step)];
  // Beyond that the labels would touch anyway.
  if (last - first > 50) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toFixed(3)));
}

/** Logarithmic, so that half as much is as far from 1 as twice as much. `values` are above zero. */
export function ratioAxis(values: readonly number[], { from, to }: Span): Axis {
  const logs = [1, ...values].map(Math.log);
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const pad = Math.max(0.005, (most - least) * PADDING);
  const [low, high] = [least - pad, most + pad];
  const at = (value: number) => from + ((Math.log(value) - low) / (high - low)) * (to - from);
  const isApart = (ticks: readonly number[]) =>
    ticks.length > 1 &&
    ticks.every((tick, index) => index === 0 || at(tick) - at(ticks[index - 1] ?? tick) >= APART);
  const [lowest, highest] = [Math.exp(low), Math.exp(high)];
  const even = STEPS.map((step) => multiples(step, lowest, highest)).find(isApart);
  return { at, ticks: even ?? WIDE.filter((ratio) => ratio >= lowest && ratio <= highest) };
}
