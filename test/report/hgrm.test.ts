import { describe, expect, it } from 'vitest';
import { percentileRows, renderHgrm } from '../../src/report/hgrm.ts';
import { NsHistogram, viewResult } from '../../src/result/view.ts';
import { makeResult, results } from './fixture.ts';

/** Reads a file as HdrHistogram's plotter does: lines without # that have four fields, all of them numbers. */
function plotted(hgrm: string): number[][] {
  return hgrm
    .split('\n')
    .filter((line) => !line.startsWith('#') && line.trim() !== '')
    .slice(1)
    .map((line) => line.trim().split(/ +/).map(Number));
}

const valid = viewResult(results.valid());

describe('hgrm', () => {
  it('is written as the Java tool writes it', () => {
    const few = viewResult(makeResult({ clients: 2, rateHz: 3, seconds: 1 }));
    expect(renderHgrm(few)).toMatchInlineSnapshot(`
      "       Value     Percentile TotalCount 1/(1-Percentile)

          0.641535 0.000000000000          1           1.00
          0.641535 0.100000000000          1           1.11
          1.263615 0.200000000000          2           1.25
          1.263615 0.300000000000          2           1.43
          1.279999 0.400000000000          3           1.67
          1.279999 0.500000000000          3           2.00
          1.285119 0.550000000000          4           2.22
          1.285119 0.600000000000          4           2.50
          1.285119 0.650000000000          4           2.86
          1.320959 0.700000000000          5           3.33
          1.320959 0.750000000000          5           4.00
          1.320959 0.775000000000          5           4.44
          1.320959 0.800000000000          5           5.00
          1.320959 0.825000000000          5           5.71
          1.524735 0.850000000000          6           6.67
          1.524735 1.000000000000          6           8.00
      #[Mean    =     1.218859, StdDeviation   =     0.272984]
      #[Max     =     1.524735, Total count    =            6]
      #[Buckets =           11, SubBuckets     =         2048]
      #[Series  = delivery in ms, VALID]
      "
    `);
  });

  it('has four finite numbers in every row', () => {
    const rows = plotted(renderHgrm(valid));
    expect(rows.length).toBeGreaterThan(50);
    for (const row of rows) {
      expect(row).toHaveLength(4);
      expect(row.every(Number.isFinite)).toBe(true);
    }
  });

  it('rises in every column, from the least value to the maximum and all values', () => {
    const rows = plotted(renderHgrm(valid));
    for (const [before, after] of rows.slice(1).map((row, i) => [rows[i] ?? [], row] as const)) {
      expect(after.every((value, column) => value >= (before[column] ?? Number.NaN))).toBe(true);
    }
    const histogram = valid.histogram('delivery');
    expect(rows.at(-1)?.slice(0, 3)).toEqual([(histogram?.maxNs ?? 0) / 1e6, 1, histogram?.count]);
    expect(rows[0]?.[0]).toBeCloseTo((histogram?.quantileNs(0) ?? 0) / 1e6, 2);
  });

  it('gives the value of each percentile that the histogram gives', () => {
    const histogram = valid.histogram('delivery');
    for (const [valueMs = 0, level = 0] of plotted(renderHgrm(valid)).slice(1)) {
      expect(Math.round(valueMs * 1e6)).toBe(histogram?.quantileNs(level));
    }
  });

  it('takes the headline series unless another is named', () => {
    expect(renderHgrm(viewResult(results.ack()))).toContain('#[Series  = ack in ms, VALID]');
    expect(renderHgrm(valid, 'fanout_last')).toContain('Total count    =         1000]');
  });

  it('refuses a series that was not recorded', () => {
    expect(() => renderHgrm(valid, 'ack')).toThrow(
      'this result has no series "ack"; it has connect, send_lag',
    );
  });
});

describe('percentileRows', () => {
  it('pairs the same levels row by row in every histogram, so that plots of several files line up', () => {
    const levels = (view: typeof valid) => {
      const histogram = view.histogram('delivery');
      return histogram === null ? [] : percentileRows(histogram).map(({ odds }) => odds);
    };
    const [short, long] = [levels(viewResult(results.fewSamples())), levels(valid)];
    expect(short.length).toBeLessThan(long.length);
    expect(long.slice(0, short.length)).toEqual(short);
  });

  it('is empty for an empty histogram', () => {
    expect(percentileRows(new NsHistogram())).toEqual([]);
  });
});
