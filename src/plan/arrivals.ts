import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';
import { type Profile, timeOfCountMs } from './profile.ts';

/** The spacing of messages. `constant`: evenly. `poisson`: independently, at the same average rate. */
export const ARRIVALS = ['constant', 'poisson'] as const;
export type ArrivalProcess = (typeof ARRIVALS)[number];

/**
 * Yields the open-loop schedule: the times in nanoseconds from the start at which messages are due, ascending, up to the
 * end of the profile. The same arguments give the same schedule in every process. `phase` is how many messages, below 1,
 * the first one of constant arrivals comes after the start.
 *
 * A Poisson process of changing rate is a unit-rate process whose time is stretched by the inverse of the
 * cumulative rate (Cinlar, Introduction to Stochastic Processes, 1975, section 4.7).
 */
export function* arrivalsNs(
  profile: Profile,
  arrival: ArrivalProcess,
  seed: number,
  phase = 0,
): Generator<number, void> {
  let messages = phase;
  const nextCount = arrival === 'constant' ? () => messages++ : unitPoisson(seed);
  for (;;) {
    const timeMs = timeOfCountMs(profile, nextCount());
    if (timeMs === Number.POSITIVE_INFINITY) return;
    yield Math.round(timeMs * 1e6);
  }
}

/** Uses Mersenne Twister, which spreads a small seed over its whole state, so that its first numbers are random too. */
function unitPoisson(seed: number): () => number {
  const random = mersenne(seed);
  let count = 0;
  return () => {
    count -= Math.log(1 - uniformFloat64(random));
    return count;
  };
}
