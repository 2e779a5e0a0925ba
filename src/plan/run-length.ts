import type { Plan } from './plan.ts';

/**
 * Time for a run to start its processes and to collect the results, in milliseconds. 1.7 s was measured on two cores;
 * the rest leaves room for slower machines.
 */
const RUN_OVERHEAD_MS = 3000;

/** The maximum length of a run: the warm-up never stabilizes, and the drain waits to its end. */
export function maxRunMs({ clients, connectRateHz, warmupMaxMs, durationMs, drainMs }: Plan): number {
  return (clients / connectRateHz) * 1000 + warmupMaxMs + durationMs + drainMs + RUN_OVERHEAD_MS;
}
