import { describe, expect, it } from 'vitest';
import { unpainted } from '../../src/colour.ts';
import { trendEnding } from '../../src/report/content/trend-ending.ts';
import { parseFormats, TREND } from '../../src/report/index.ts';
import { renderEnding } from '../../src/report/render/ending.ts';
import type { Trend } from '../../src/result/trend.ts';
import { HOSTILE } from './fixture.ts';
import { makeTrend, runOfDay, STEP } from './trend-fixture.ts';

function render(trend: Trend, name: string): string {
  return parseFormats(TREND, name)
    .map((format) => format.render(trend))
    .join('');
}

const step = makeTrend(STEP.map((medianMs, day) => runOfDay(day, medianMs)));
const widest = (text: string) => Math.max(...text.split('\n').map((line) => [...line].length));

describe('the text of a trend', () => {
  it('begins with the changes, the test and its error rate, and has levels and bars, in 80 columns', () => {
    const text = render(step, 'text');
    expect(widest(text)).toBeLessThanOrEqual(80);
    expect(text).toMatchInlineSnapshot(`
      "1 change found in 18 results: 1 worse
      worse: delivery.p50 of broadcast-latency on ws rose by 49.9 %, from 1.20 ms to
        1.80 ms, at 1010101 (2026-10-11 10:30), p 0.001
      test: circular binary segmentation, with 999 permutations, seed 1
      false alarms: where nothing changed, at most 5 % of trends mark a change (2.5 %
        for each of 2 metrics); this holds for independent results

      broadcast-latency on ws
      18 runs, 2026-10-01 to 2026-10-18

      Levels
      metric                   latest   level    before   change   since
      delivery.p50             1.79 ms  1.80 ms  1.20 ms  +49.9 %  1010101
      server_cpu_per_delivery  529 µs   564 µs   -        none     -

      History
      delivery.p50             ▁▂▁▁▁▁▁▁▂▁|████▇▇▇█
      server_cpu_per_delivery  ▅▃█▄▂▇▃▁▅▂▇▄▁▅▃█▄▂
      "
    `);
  });

  it('says that there are too few results', () => {
    const few = makeTrend([runOfDay(0, 1), runOfDay(1, 9)]);
    expect(render(few, 'text')).toMatch(
      /^Too few results to find a change: \d+ of one plan and environment are needed/,
    );
    expect(render(few, 'text')).toContain('not tested');
    expect(render(few, 'text')).not.toContain('false alarms');
  });

  it('says that no change was found', () => {
    const flat = makeTrend(STEP.map((_, day) => runOfDay(day, 1)));
    expect(render(flat, 'text')).toMatch(/^No change found in 18 results\n/);
  });

  it('names skipped files by reason, and counts what it does not name', () => {
    const skipped = Array.from({ length: 30 }, (_, index) => ({
      path: `${index}.json`,
      reason: index < 20 ? 'is a capacity search' : `is foreign ${index}`,
    }));
    const text = render({ ...step, skipped }, 'text');
    expect(text).toContain('skipped 0.json, 1.json, 2.json, 3.json, 4.json and 15 more: is a capacity');
    expect(text).toContain('skipped more files for 3 other reasons');
  });

  it('keeps to 80 columns with long names, and to one line each', () => {
    const hostile = {
      ...step,
      histories: step.histories.map((history) => ({ ...history, target: `${HOSTILE} ${'x '.repeat(100)}` })),
    };
    const text = render(hostile, 'text');
    // A word is not broken.
    const words = text.split('\n').filter((line) => [...line].length > 80);
    for (const line of words) expect(line.trim().split(' ').length).toBeLessThanOrEqual(2);
    expect(render(hostile, 'html')).not.toContain('<img');
  });
});

describe('the end of a trend', () => {
  const end = (trend: Trend) =>
    renderEnding(trendEnding(trend), { columns: 80, paint: unpainted, page: null });

  it('has levels, bars and the error rate, and ends with the changes', () => {
    expect(end(step)).toMatchInlineSnapshot(`
      "broadcast-latency on ws, 18 runs, 2026-10-01 to 2026-10-18

      metric                   latest   level    before   change   since
      delivery.p50             1.79 ms  1.80 ms  1.20 ms  +49.9 %  1010101
      server_cpu_per_delivery  529 µs   564 µs   -        none     -
      false alarms: where nothing changed, at most 5 % of trends mark a change (2.5 %
      for each of 2 metrics); this holds for independent results

      delivery.p50             ▁▂▁▁▁▁▁▁▂▁|████▇▇▇█
      server_cpu_per_delivery  ▅▃█▄▂▇▃▁▅▂▇▄▁▅▃█▄▂

      1 change found in 18 results: 1 worse
      worse: delivery.p50 of broadcast-latency on ws rose by 49.9 %, from 1.20 ms to
      1.80 ms, at 1010101 (2026-10-11 10:30), p 0.001
      "
    `);
  });

  it('names each history, the worse ones first, and counts skipped files by reason', () => {
    const [better = '', worse = ''] = ['a', 'b'].map((target) => `broadcast-latency on ${target}`);
    const two = step.histories.flatMap((history) => [
      { ...history, target: 'a', metrics: history.metrics.map((metric) => ({ ...metric, changes: [] })) },
      { ...history, target: 'b' },
    ]);
    const reason = 'is a capacity search';
    const skipped = ['1.json', '2.json'].map((path) => ({ path, reason }));
    const text = end({ ...step, histories: two, skipped });
    expect(text.indexOf(worse)).toBeLessThan(text.indexOf(better));
    expect(text).toContain('! 2 files are skipped: each is a capacity search');
    expect(text).toMatch(/\nworse: delivery\.p50 of broadcast-latency on b rose by /);
  });
});

describe('the page of a trend', () => {
  const page = render(step, 'html');

  it('has one chart for each metric, with a mark at each change', () => {
    expect(page.match(/<figure/g)).toHaveLength(2);
    expect(page.match(/aria-label="delivery\.p50 of [^"]*"/g)).toEqual([
      'aria-label="delivery.p50 of 18 results; values in ms; 1 change"',
    ]);
    const [mark = ''] = /class="limit"\/><text[^>]*>[^<]*/.exec(page) ?? [];
    expect(mark).toMatch(/>\+4\d(\.\d)? %$/);
  });

  it('has every result in a table', () => {
    expect(page.match(/reports\/\d+\.json/g)).toHaveLength(18);
    expect(page.length).toBeLessThan(250_000);
  });
});

it('the JSON of a trend is read again', () => {
  expect(JSON.parse(render(step, 'json'))).toEqual(step);
});
