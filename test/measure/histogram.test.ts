import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import hdr from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { HIGHEST_NS } from '../../src/measure/buckets.ts';
import { NsHistogram } from '../../src/measure/histogram.ts';

/** Whole nanoseconds over all magnitudes up to one hour. */
const valueNs = fc
  .tuple(fc.integer({ min: 0, max: 41 }), fc.nat({ max: 2 ** 31 - 1 }))
  .map(([bits, noise]) => Math.min(2 ** bits + (noise % 2 ** Math.min(bits, 31)) - 1, HIGHEST_NS));
const valuesNs = fc.array(valueNs, { minLength: 1, maxLength: 400 });

function histogramOf(values: readonly number[]): NsHistogram {
  const histogram = new NsHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** All that can be seen of a histogram. */
function contents(histogram: NsHistogram): object {
  const { count, maxNs, meanNs, stdDeviationNs } = histogram;
  return {
    count,
    minNs: histogram.quantileNs(0),
    maxNs,
    meanNs,
    stdDeviationNs,
    buckets: histogram.buckets(),
  };
}

/** At most one part in a thousand above the exact value, and never below it. */
function expectWithinBucketOf(exactNs: number, actualNs: number): void {
  expect(actualNs).toBeGreaterThanOrEqual(exactNs);
  expect(actualNs).toBeLessThanOrEqual(exactNs * 1.001);
}

describe('quantiles', () => {
  it('lie at most 0.1 % above the exact ones, and never below', () => {
    fc.assert(
      fc.property(valuesNs, fc.integer({ min: 1, max: 1000 }), (values, perMille) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exactNs = sorted[Math.ceil((perMille * sorted.length) / 1000) - 1] ?? Number.NaN;
        expectWithinBucketOf(exactNs, histogramOf(values).quantileNs(perMille / 1000));
      }),
      { numRuns: 500 },
    );
  });

  it('are exact below 2048 ns', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2047 }), { minLength: 1 }), (values) => {
        const histogram = histogramOf(values);
        expect(histogram.quantileNs(0)).toBe(Math.min(...values));
        expect(histogram.maxNs).toBe(Math.max(...values));
      }),
    );
  });

  it('of nothing are NaN, and so are the mean and the deviation', () => {
    const empty = new NsHistogram();
    const { count, maxNs, meanNs, stdDeviationNs } = empty;
    expect({
      count,
      minNs: empty.quantileNs(0),
      maxNs,
      meanNs,
      stdDeviationNs,
      p50: empty.quantileNs(0.5),
    }).toEqual({
      count: 0,
      minNs: Number.NaN,
      maxNs: Number.NaN,
      meanNs: Number.NaN,
      stdDeviationNs: Number.NaN,
      p50: Number.NaN,
    });
  });

  it('bound the smallest value from below and the largest from above', () => {
    fc.assert(
      fc.property(valuesNs, (values) => {
        const histogram = histogramOf(values);
        expectWithinBucketOf(Math.max(...values), histogram.maxNs);
        expect(histogram.quantileNs(0)).toBeLessThanOrEqual(Math.min(...values));
        expect(histogram.quantileNs(0)).toBeGreaterThanOrEqual(Math.min(...values) * 0.999);
      }),
    );
  });
});

describe('mean and deviation', () => {
  it('are those of the values, to the width of a bucket', () => {
    const histogram = histogramOf([1e6, 2e6, 3e6, 4e6]);
    expect(Math.abs(histogram.meanNs / 2.5e6 - 1)).toBeLessThan(0.001);
    expect(Math.abs(histogram.stdDeviationNs / Math.sqrt(1.25e12) - 1)).toBeLessThan(0.001);
  });
});

it('is what HdrHistogram makes of the same values', () => {
  const expected = hdr.build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_NS,
    numberOfSignificantValueDigits: 3,
  }) as hdr.JsHistogram;
  const counted = fc.array(fc.tuple(fc.oneof(valueNs, fc.constant(0)), fc.nat({ max: 2 ** 40 })), {
    minLength: 1,
    maxLength: 50,
  });
  const quantiles = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 });
  fc.assert(
    fc.property(counted, quantiles, (given, drawn) => {
      expected.reset();
      const histogram = new NsHistogram();
      for (const [value, count] of given.map(([value, count]) => [value, count + 1] as const)) {
        expected.recordValueWithCount(value, count);
        histogram.record(value, count);
      }
      const all = [0, 0.5, 0.95, 0.99, 0.999, 1, ...drawn];
      expect(all.map((quantile) => histogram.quantileNs(quantile))).toEqual(
        all.map((quantile) => expected.getValueAtPercentile(quantile * 100)),
      );
      expect([histogram.count, histogram.meanNs, histogram.stdDeviationNs]).toEqual([
        expected.totalCount,
        expected.mean,
        expected.stdDeviation,
      ]);
      expect(hdr.decodeFromCompressedBase64(histogram.encode(), 64).mean).toBe(expected.mean);
    }),
    { numRuns: 20 },
  );
});

describe('recording', () => {
  it('takes zero as a value like any other', () => {
    const histogram = histogramOf([0, 0, 5]);
    expect(histogram.buckets()).toEqual([
      { lowestNs: 0, highestNs: 0, count: 2 },
      { lowestNs: 5, highestNs: 5, count: 1 },
    ]);
    expect(histogram.quantileNs(0.5)).toBe(0);
  });

  it.each([HIGHEST_NS, HIGHEST_NS + 1, 1e15, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
    'counts %d as one hour',
    (value) => {
      const histogram = histogramOf([1, value]);
      expect(histogram.count).toBe(2);
      expectWithinBucketOf(HIGHEST_NS, histogram.maxNs);
    },
  );

  it('of many is the same as recording one often', () => {
    const many = new NsHistogram();
    many.record(12_345, 3);
    many.record(1e15, 2);
    expect(contents(many)).toEqual(contents(histogramOf([12_345, 12_345, 12_345, 1e15, 1e15])));
  });

  it('starts afresh after a reset', () => {
    const histogram = histogramOf([1e9, 2e9]);
    histogram.reset();
    expect(contents(histogram)).toEqual(contents(new NsHistogram()));
    histogram.record(7);
    expect(contents(histogram)).toEqual(contents(histogramOf([7])));
  });
});

describe('buckets', () => {
  it('hold every value, ascending and apart', () => {
    fc.assert(
      fc.property(valuesNs, (values) => {
        const buckets = histogramOf(values).buckets();
        for (const [i, { lowestNs, highestNs, count }] of buckets.entries()) {
          const inside = values.filter((value) => value >= lowestNs && value <= highestNs);
          expect(count).toBe(inside.length);
          expect(lowestNs).toBeGreaterThan(buckets[i - 1]?.highestNs ?? -1);
        }
        expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
      }),
    );
  });
});

describe('merging', () => {
  it('gives the histogram of all values', () => {
    fc.assert(
      fc.property(valuesNs, valuesNs, (left, right) => {
        const merged = histogramOf(left);
        merged.add(histogramOf(right));
        expect(contents(merged)).toEqual(contents(histogramOf([...left, ...right])));
      }),
    );
  });

  it('by way of sparse counts gives the same, and survives structured cloning', () => {
    fc.assert(
      fc.property(valuesNs, valuesNs, (left, right) => {
        const merged = new NsHistogram();
        merged.addSparse(structuredClone(histogramOf(left).toSparse()));
        merged.addSparse(histogramOf(right).toSparse());
        expect(merged.buckets()).toEqual(histogramOf([...left, ...right]).buckets());
        expect(merged.count).toBe(left.length + right.length);
      }),
    );
  });

  it('counts beyond 2^32', () => {
    const total = new NsHistogram();
    for (let i = 0; i < 3; i++) total.record(1_000, 2 ** 31);
    expect(total.count).toBe(3 * 2 ** 31);
    expect(NsHistogram.decode(total.encode()).buckets()).toEqual([
      { lowestNs: 1_000, highestNs: 1_000, count: 3 * 2 ** 31 },
    ]);
  });

  it('of nothing gives no sparse counts', () => {
    expect(new NsHistogram().toSparse()).toEqual({
      valuesNs: new Float64Array(0),
      counts: new Float64Array(0),
    });
  });
});

describe('the encoded form', () => {
  it('decodes to the same histogram', () => {
    fc.assert(
      fc.property(valuesNs, (values) => {
        const histogram = histogramOf(values);
        const decoded = NsHistogram.decode(histogram.encode());
        expect(decoded.buckets()).toEqual(histogram.buckets());
        for (const quantile of [0, 0.5, 0.99, 1]) {
          expect(decoded.quantileNs(quantile)).toBe(histogram.quantileNs(quantile));
        }
        expect(decoded.encode()).toBe(histogram.encode());
      }),
    );
  });

  it('of nothing decodes to nothing', () => {
    expect(contents(NsHistogram.decode(new NsHistogram().encode()))).toEqual(contents(new NsHistogram()));
  });

  it.each([
    ['few values', [1, 1e6, 1e6, 3e9]],
    ['no values', []],
    ['one hour', [HIGHEST_NS]],
  ])('has the header that every HdrHistogram implementation reads: %s', (_, values) => {
    const outer = Buffer.from(histogramOf(values).encode(), 'base64');
    expect(outer.readUInt32BE(0)).toBe(0x1c849314);
    expect(outer.readUInt32BE(4)).toBe(outer.length - 8);

    const payload = inflateSync(outer.subarray(8));
    const header = {
      cookie: payload.readUInt32BE(0),
      payloadBytes: payload.readUInt32BE(4),
      normalizingIndexOffset: payload.subarray(8, 12).toString('hex'),
      significantDigits: payload.readUInt32BE(12),
      lowest: payload.readBigUInt64BE(16),
      highest: payload.readBigUInt64BE(24),
      conversionRatio: payload.subarray(32, 40).toString('hex'),
    };
    expect(header).toEqual({
      cookie: 0x1c849313,
      payloadBytes: payload.length - 40,
      normalizingIndexOffset: '00000000',
      significantDigits: 3,
      lowest: 1n,
      highest: 3_600_000_000_000n,
      // The double 1.0.
      conversionRatio: '3ff0000000000000',
    });
  });

  /** An encoded histogram with another payload, or another length of what is deflated. */
  function encodedWith(edit: (payload: Buffer) => Uint8Array, lengthBytes?: number): string {
    const outer = Buffer.from(histogramOf([1, 2, 3e6]).encode(), 'base64');
    const deflated = deflateSync(edit(inflateSync(outer.subarray(8))));
    const header = Buffer.from(outer.subarray(0, 8));
    header.writeInt32BE(lengthBytes ?? deflated.length, 4);
    return Buffer.concat([header, deflated]).toString('base64');
  }

  const withInt32 = (at: number, value: number) =>
    encodedWith((payload) => {
      payload.writeInt32BE(value, at);
      return payload;
    });

  /** Counts in the encoding of the payload, with the right length. */
  const withCounts = (counts: readonly number[]) =>
    encodedWith((payload) => {
      const all = Buffer.concat([payload.subarray(0, 40), Uint8Array.from(counts)]);
      all.writeInt32BE(counts.length, 4);
      return all;
    });

  /** One hour lies in the part of 2^31 ns, the 32nd of 1024 buckets each; the first part has 1024 more. */
  const BUCKETS = 32 * 1024 + Math.floor(HIGHEST_NS / 2 ** 31) - 1024 + 1;

  it('may have a count in every bucket', () => {
    const base64 = withCounts(Array(BUCKETS).fill(0x02));
    expect(NsHistogram.decode(base64).count).toBe(BUCKETS);
  });

  it('is read count by count', () => {
    const decoded = NsHistogram.decode(withCounts([0x02, 0x01, 0x80, 0x01]));
    // A count of 1, one bucket without values, a count of 64.
    expect(decoded.buckets()).toEqual([
      { lowestNs: 0, highestNs: 0, count: 1 },
      { lowestNs: 2, highestNs: 2, count: 64 },
    ]);
    expect(NsHistogram.sizeOf(withCounts([0x02, 0x01, 0x80, 0x01]))).toEqual({ count: 65, bytes: 44 });
  });

  it.each([
    ['empty', '', 'not a compressed HdrHistogram'],
    ['not base64 of a histogram', 'aGVsbG8gd29ybGQ=', 'not a compressed HdrHistogram'],
    ['cut short', histogramOf([1, 2, 3]).encode().slice(0, 20), 'length is wrong'],
    ['of the length -1', encodedWith((payload) => payload, -1), 'length is wrong'],
    ['of the length 2^31 - 1', encodedWith((payload) => payload, 2 ** 31 - 1), 'length is wrong'],
    [
      'not deflated',
      encodedWith((payload) => payload)
        .slice(0, 12)
        .padEnd(40, 'A'),
      'length is wrong',
    ],
    ['with -1 bytes of counts', withInt32(4, -1), 'length of its counts is wrong'],
    ['with 2^31 - 1 bytes of counts', withInt32(4, 2 ** 31 - 1), 'length of its counts is wrong'],
    ['of another cookie', withInt32(0, 0x1c849303), 'not an HdrHistogram V2'],
    ['shorter than its header', encodedWith(() => Buffer.alloc(10)), 'not an HdrHistogram V2'],
    ['of five significant digits', withInt32(12, 5), 'range or precision'],
    ['of a negative lowest value', withInt32(16, -1), 'range or precision'],
    ['of a highest value of 2^63', withInt32(24, 2 ** 31 - 1), 'range or precision'],
    ['with a count that is cut off', withCounts([0x02, 0x80]), 'last count is cut off'],
    ['with more counts than buckets', withCounts(Array(BUCKETS + 1).fill(0x02)), 'more counts than buckets'],
    [
      'with more buckets without values than there are',
      withCounts([0xff, 0xff, 0xff, 0x7f]),
      'more counts than',
    ],
    ['with 2^60 values', withCounts([...Array(8).fill(0x80), 0x20]), 'more than 2^53 values'],
    ['of ten million zeros', encodedWith(() => Buffer.alloc(10_000_000)), 'cannot be inflated'],
    ['of ten million characters', 'A'.repeat(10_000_000), 'longer than any histogram'],
  ])('is refused when it is damaged: %s', (_, base64, problem) => {
    expect(() => NsHistogram.decode(base64)).toThrow(problem);
    expect(() => NsHistogram.sizeOf(base64)).toThrow(problem);
  });
});

it('a histogram that was emptied is like a new one', () => {
  const [used, fresh] = [new NsHistogram(), new NsHistogram()];
  for (const valueNs of [0, 7, 1e6, 3e9]) used.record(valueNs, 5);
  used.reset();
  expect([used.count, used.quantileNs(0.5), used.encode()]).toEqual([0, Number.NaN, fresh.encode()]);
  for (const histogram of [used, fresh]) histogram.record(2e6);
  expect(used.encode()).toBe(fresh.encode());
});
