import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';

/** Whole numbers from a seed: `below(n)` is one of 0 to n - 1. */
export interface Dice {
  readonly below: (count: number) => number;
  readonly oneOf: <Value>(values: readonly Value[]) => Value;
}

export function diceOf(seed: number): Dice {
  const generator = mersenne(seed);
  const below = (count: number) => uniformInt(generator, 0, Math.max(1, count) - 1);
  return { below, oneOf: (values) => values[below(values.length)] as (typeof values)[number] };
}
