import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { mersenne } from 'pure-rand/generator/mersenne';

/** A generator of random numbers, whose state decides the next order. */
type Random = ReturnType<typeof mersenne>;

/** Returns the numbers in a random order (Fisher and Yates). */
export function shuffled(numbers: readonly number[], random: Random): number[] {
  const order = [...numbers];
  for (let last = order.length - 1; last > 0; last--) {
    const other = uniformInt(random, 0, last);
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}
