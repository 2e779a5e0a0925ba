import { describe, expect, it } from 'vitest';
import { bucketOf } from '../../src/measure/buckets.ts';
import { type RowPool, SlotCounts, slotTimes, unpackEntry } from '../../src/measure/slot-counts.ts';
import { SlotSums } from '../../src/measure/slot-sums.ts';

const START_NS = 5e9;
const MS = 1e6;

describe('the slots of a run', () => {
  it.each([
    ['1 s', 1000, 100, 10],
    ['10 s', 10_000, 1000, 10],
    ['a minute', 60_000, 1024, 58.59375],
    ['an hour', 3_600_000, 1024, 3515.625],
  ])('of %s are %s ms long in all: %i slots of %f ms', (_, durationMs, slots, lengthMs) => {
    expect(slotTimes(START_NS, durationMs)).toEqual({ startNs: START_NS, slots, lengthNs: lengthMs * MS });
  });
});

/** Entries by slot: how many values lie in each bin. */
function entriesOf(packed: Float64Array | null) {
  return Array.from(packed ?? [], unpackEntry).map(({ slot, count }) => [slot, count]);
}

describe('counts by slot', () => {
  const open = (pool: RowPool = []) => new SlotCounts(slotTimes(START_NS, 1000), pool);

  it('put a value where its message was due, however late it is', () => {
    const counts = open();
    for (const latencyMs of [1, 1, 800]) counts.add(bucketOf(latencyMs * MS), START_NS + 25 * MS);
    counts.add(bucketOf(1 * MS), START_NS + 30 * MS);
    expect(entriesOf(counts.take())).toEqual([
      [2, 2],
      [2, 1],
      [3, 1],
    ]);
    expect(counts.take()).toBeNull();
  });

  it('put what is due outside of the measured time into the nearest slot', () => {
    const counts = open();
    counts.add(bucketOf(MS), START_NS - 1);
    counts.add(bucketOf(MS), START_NS + 1000 * MS);
    expect(entriesOf(counts.take())).toEqual([
      [0, 1],
      [99, 1],
    ]);
  });

  it('begin at 0 after they were taken, also in memory that another series had', () => {
    const pool: RowPool = [];
    const [first, second] = [open(pool), open(pool)];
    first.add(bucketOf(MS), START_NS);
    expect(entriesOf(first.take())).toEqual([[0, 1]]);
    expect(pool).toHaveLength(1);
    second.add(bucketOf(MS), START_NS + 50 * MS);
    first.add(bucketOf(MS), START_NS + 50 * MS);
    expect(entriesOf(first.take())).toEqual([[5, 1]]);
    expect(entriesOf(second.take())).toEqual([[5, 1]]);
  });
});

describe('sums of slots', () => {
  /** Sums of values in milliseconds, one message each 10 ms. */
  function sumsOf(valuesMs: readonly number[], parts = 1): SlotSums {
    const sums = new SlotSums();
    const times = slotTimes(0, valuesMs.length * 10);
    for (let part = 0; part < parts; part++) {
      const counts = new SlotCounts(times, []);
      valuesMs.forEach((valueMs, index) => {
        if (index % parts === part) counts.add(bucketOf(valueMs * MS), index * 10 * MS);
      });
      sums.add(counts.take() ?? new Float64Array());
    }
    return sums;
  }

  it('have the part of each slot that lies below a quantile', () => {
    const shares = sumsOf([1, 1, 1, 4, 1, 4, 4, 4]).sharesBelow(0.5, 8);
    expect([...(shares?.total ?? [])]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect([...(shares?.below ?? [])]).toEqual([1, 1, 1, 0, 1, 0, 0, 0]);
    expect(shares?.varianceOfOne).toBeCloseTo(0.25, 9);
  });

  it('count values in the bin of the quantile as the share of it that lies below', () => {
    const shares = sumsOf([1, 4, 4, 4]).sharesBelow(0.5, 4);
    expect([...(shares?.below ?? [])].map((share) => share.toFixed(3))).toEqual([
      '1.000',
      '0.333',
      '0.333',
      '0.333',
    ]);
    // One value of four is 1, three are 1/3: the mean square is 1/3, the mean 1/2.
    expect(shares?.varianceOfOne).toBeCloseTo(1 / 3 - 1 / 4, 9);
  });

  it('join neighbouring slots where most of them would have no message', () => {
    expect(sumsOf([1, 4, 1, 4, 4, 4, 1, 1]).sharesBelow(0.5, 4)?.total).toEqual(Float64Array.of(2, 2, 2, 2));
  });

  it('know nothing of values that are all in one bin, or of none', () => {
    expect(sumsOf([1, 1, 1]).sharesBelow(0.5, 3)).toBeNull();
    expect(new SlotSums().sharesBelow(0.5, 0)).toBeNull();
  });

  it('are the same however the values came', () => {
    const valuesMs = Array.from({ length: 1000 }, (_, index) => 1 + ((index * 7919) % 97));
    const whole = sumsOf(valuesMs).sharesBelow(0.9, 1000);
    expect(sumsOf(valuesMs, 7).sharesBelow(0.9, 1000)).toEqual(whole);
    const many = new SlotSums();
    const counts = new SlotCounts(slotTimes(0, 10_000), []);
    // Enough entries to be merged several times.
    for (let round = 0; round < 200; round++) {
      valuesMs.forEach((valueMs, index) => {
        counts.add(bucketOf(valueMs * MS), index * 10 * MS);
      });
      many.add(counts.take() ?? new Float64Array());
    }
    const shares = many.sharesBelow(0.9, 1000);
    expect(shares?.total).toEqual(whole?.total.map((values) => 200 * values));
    expect(shares?.varianceOfOne).toBeCloseTo(whole?.varianceOfOne ?? 0, 9);
  });
});
