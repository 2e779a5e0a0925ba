import { describe, expect, it } from 'vitest';
import { renderHlog } from '../../src/report/hlog.ts';
import { plain } from '../../src/report/plain.ts';
import { NsHistogram } from '../../src/result/view.ts';
import { makeResult, results } from './fixture.ts';
import { readHlog, sumByTag } from './hlog-reader.ts';

const valid = results.valid();
const rows = readHlog(renderHlog(valid));

describe('hlog', () => {
  it('is written as the Java tool writes it', () => {
    const short = makeResult({ scenario: 'ack-roundtrip', clients: 2, rateHz: 5, seconds: 2 });
    expect(renderHlog(short).replaceAll(/HIST[\w+/=]+/g, 'HIST...')).toMatchInlineSnapshot(`
      "#[Histogram log format version 1.3]
      #[sockbench 0.1.0: VALID]
      #[StartTime: 1772600767.891 (seconds since epoch), 2026-03-04T05:06:07.891Z]
      "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
      Tag=connect,0.350,0.420,5.284,HIST...
      Tag=send_lag,3.770,1.000,0.001,HIST...
      Tag=ack,3.770,1.000,1.321,HIST...
      Tag=ack_actual,3.770,1.000,1.300,HIST...
      Tag=receive_uncertainty,3.770,1.000,0.033,HIST...
      Tag=send_lag,4.770,1.000,0.001,HIST...
      Tag=ack,4.770,1.000,2.022,HIST...
      Tag=ack_actual,4.770,1.000,2.002,HIST...
      Tag=receive_uncertainty,4.770,1.000,0.051,HIST...
      "
    `);
  });

  it('has every series, and the rows of a tag add up to it', () => {
    const sums = sumByTag(rows);
    expect([...sums.keys()].sort()).toEqual(Object.keys(valid.series).sort());
    for (const [tag, sum] of sums) {
      expect(sum.toSparse()).toEqual(NsHistogram.decode(valid.series[tag]?.histogram ?? '').toSparse());
    }
  });

  it('is in the order of time, with the maximum of each row in milliseconds', () => {
    expect(rows.map(({ startS }) => startS)).toEqual(rows.map(({ startS }) => startS).sort((a, b) => a - b));
    for (const { histogram, maxMs } of rows) expect(maxMs).toBeCloseTo(histogram.maxNs / 1e6, 2);
  });

  it('starts the clock with the run: connecting comes first, measuring after the warm-up', () => {
    expect(rows[0]).toMatchObject({ tag: 'connect', startS: 0.35, lengthS: 0.42 });
    expect(rows.find(({ tag }) => tag === 'delivery')).toMatchObject({ startS: 3.77, lengthS: 1 });
  });

  it('has no character in a tag that would end it', () => {
    const odd = {
      ...valid,
      series: {
        'a,b c\n': valid.series['connect'] ?? {
          count: 0,
          meanNs: 0,
          stdDeviationNs: 0,
          histogram: '',
          effectiveSamples: {},
        },
      },
    };
    expect(renderHlog({ ...odd, intervals: [] })).toContain('\nTag=a_b_c_,0.350,');
  });

  it('has no line break or control character of a name', () => {
    for (const line of renderHlog(results.hostile()).split('\n')) expect(line).toBe(plain(line));
  });
});
