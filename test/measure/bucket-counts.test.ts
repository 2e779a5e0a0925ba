import fc from 'fast-check';
import hdr from 'hdr-histogram-js';
import { expect, it } from 'vitest';
import { BucketCounts } from '../../src/measure/bucket-counts.ts';
import { bucketOf, HIGHEST_NS, lowestOf, widthOf } from '../../src/measure/buckets.ts';
import { NsHistogram } from '../../src/measure/histogram.ts';

const reference = hdr.build({
  bitBucketSize: 32,
  autoResize: false,
  lowestDiscernibleValue: 1,
  highestTrackableValue: HIGHEST_NS,
  numberOfSignificantValueDigits: 3,
}) as hdr.JsHistogram;

/** Values of every magnitude, and those beside powers of two, where a bucket ends. */
const values = fc.oneof(
  fc.integer({ min: 0, max: HIGHEST_NS }),
  fc.integer({ min: 0, max: 1e6 }),
  fc
    .tuple(fc.integer({ min: 0, max: 41 }), fc.integer({ min: -2, max: 2 }))
    .map(([power, beside]) => Math.max(0, 2 ** power + beside)),
);

it('counts each value in the bucket that HdrHistogram counts it in', () => {
  fc.assert(
    fc.property(values, (valueNs) => {
      const bucket = bucketOf(valueNs);
      expect(bucket).toBe(reference.countsArrayIndex(valueNs));
      expect(lowestOf(bucket)).toBe(reference.lowestEquivalentValue(valueNs));
      expect(widthOf(bucket)).toBe(reference.sizeOfEquivalentValueRange(valueNs));
    }),
    { numRuns: 2000 },
  );
  for (let power = 0; power <= 41; power++) {
    for (const valueNs of [2 ** power - 1, 2 ** power, 2 ** power + 1])
      expect(bucketOf(valueNs)).toBe(reference.countsArrayIndex(valueNs));
  }
});

it('hands over what a histogram of the same values does, and starts afresh', () => {
  const counted = fc.array(fc.tuple(values, fc.integer({ min: 1, max: 5 })), { maxLength: 40 });
  const counts = new BucketCounts();
  fc.assert(
    fc.property(counted, (given) => {
      const histogram = new NsHistogram();
      for (const [valueNs, count] of given) {
        counts.add(valueNs, count);
        histogram.record(valueNs, count);
      }
      expect(counts.take()).toEqual(given.length === 0 ? null : histogram.toSparse());
    }),
    { numRuns: 50 },
  );
});

it('counts what is longer than an hour as an hour', () => {
  const counts = new BucketCounts();
  counts.add(2 * HIGHEST_NS, 1);
  counts.add(Number.POSITIVE_INFINITY, 1);
  expect(counts.take()).toEqual({
    valuesNs: Float64Array.of(lowestOf(bucketOf(HIGHEST_NS))),
    counts: Float64Array.of(2),
  });
});
