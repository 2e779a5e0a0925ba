import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';

/** Draws one value after the other. */
export type Noise = () => number;

/** Values over 0 to 1. */
export function uniform(seed: number): Noise {
  const random = mersenne(seed);
  return () => 1 - uniformFloat64(random);
}

/** Standard normal values, by the method of Box and Muller. */
export function normalNoise(seed: number): Noise {
  const next = uniform(seed);
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

/** Laplace values of mean 0 and standard deviation 1: tails heavier than normal. */
export function laplaceNoise(seed: number): Noise {
  const next = uniform(seed);
  return () => (Math.log(next()) - Math.log(next())) / Math.SQRT2;
}

/** Exponential values of mean 1. */
export function exponentialNoise(seed: number): Noise {
  const next = uniform(seed);
  return () => -Math.log(next());
}

export function draw(noise: Noise, count: number, location = 0): number[] {
  return Array.from({ length: count }, () => location + noise());
}

/** The share of `times` trials in which something happens. */
export function shareOf(times: number, happens: () => boolean): number {
  let count = 0;
  for (let i = 0; i < times; i++) if (happens()) count++;
  return count / times;
}

/** How far a simulated share strays from the true one by chance: four standard errors, once in 15,000. */
export function chance(share: number, times: number): number {
  return 4 * Math.sqrt((share * (1 - share)) / times);
}
