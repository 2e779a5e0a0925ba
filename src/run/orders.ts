import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';

/**
 * In which order the arms run in each round. Blocks of as many rounds as there are arms: within one, every arm
 * has every position once (a cyclic Latin square), and which order comes when is random. What drifts over a
 * comparison then meets all arms alike. Pure: the same seed gives the same orders.
 *
 * Source: Abedi and Brecht, "Conducting repeatable experiments in highly variable cloud computing environments",
 * ICPE 2017: randomised multiple interleaved trials.
 */
export function balancedOrders(arms: number, rounds: number, seed: number): number[][] {
  const generator = mersenne(seed);
  const shuffled = (values: readonly number[]) => {
    const left = [...values];
    // Fisher and Yates.
    for (let last = left.length - 1; last > 0; last--) {
      const other = uniformInt(generator, 0, last);
      const [a, b] = [left[last], left[other]];
      if (a !== undefined && b !== undefined) [left[last], left[other]] = [b, a];
    }
    return left;
  };
  const everyArm = Array.from({ length: arms }, (_, arm) => arm);
  const orders: number[][] = [];
  while (orders.length < rounds) {
    const first = shuffled(everyArm);
    for (const shift of shuffled(everyArm)) orders.push([...first.slice(shift), ...first.slice(0, shift)]);
  }
  return orders.slice(0, rounds);
}
