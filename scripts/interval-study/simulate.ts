import { bucketOf } from '../../src/measure/buckets.ts';
import { effectiveNumbers } from '../../src/measure/effective-samples.ts';
import { SlotCounts, slotTimes } from '../../src/measure/slot-counts.ts';
import { SlotSums } from '../../src/measure/slot-sums.ts';
import { Draws, type Process } from './processes.ts';

/** How many messages a run has, at which rate. */
export interface Length {
  readonly count: number;
  readonly rateHz: number;
}

/** The latencies of one run, ascending, and their effective numbers. */
export interface SimulatedRun {
  readonly sorted: Float64Array;
  readonly messages: number;
  readonly effective: Readonly<Record<string, number>>;
}

export function simulateRun(process: Process, seed: number, { count, rateHz }: Length): SimulatedRun {
  const messages = process.run(new Draws(seed), count, rateHz);
  const slots = new SlotCounts(slotTimes(0, (count * 1000) / rateHz), []);
  for (const { dueNs, latenciesNs } of messages)
    for (const latencyNs of latenciesNs) slots.add(bucketOf(latencyNs), dueNs);
  const sums = new SlotSums();
  const taken = slots.take();
  if (taken !== null) sums.add(taken);
  const sorted = Float64Array.from(messages.flatMap(({ latenciesNs }) => latenciesNs)).sort();
  return { sorted, messages: messages.length, effective: effectiveNumbers(sums, messages.length) };
}
