import { describe, expect, it } from 'vitest';
import { benchText, performancePage } from '../../bench/page.ts';
import { madeBenchmark } from './made-benchmark.ts';

const NAMES = [
  ['floor', 'C floor'],
  ['wire-kernel', 'wire, kernel sockets'],
  ['official', 'official driver'],
] as const;

/** Figures of many digits, so that no table becomes wider. */
const benchmark = madeBenchmark(NAMES, (name, connections, round) => ({
  ...{ cpu: (name === 'floor' ? 4.1 : 1234.5) + round, server: 1234.5, rss: 1e5 + connections * 123.4 },
  ...{ sends: 12.34, senderSpins: 12.34, receives: 12.34, receiverSpins: 12.34 },
  ...{ lagP50: 12_345, lagP99: 123_456, connect: 12_345 },
}));

describe('the tables for a terminal', () => {
  it('fit into 80 columns, and end with a verdict for each goal and remarks', () => {
    const text = benchText(benchmark);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const delivery = text.split('\n\n')[0];
    expect(delivery).toMatchInlineSnapshot(`
      "CPU per delivery
      200 receivers, 100 broadcasts/s of 64 B
                              client µs  x floor  server µs  x server
      ws
        C floor                    5.10     1.00      1,230   0.00413
        wire, kernel sockets      1,240      242      1,230      1.00
        official driver           1,240      242      1,230      1.00
      socketio
        C floor                    5.10     1.00      1,230   0.00413
        wire, kernel sockets      1,240      242      1,230      1.00
        official driver           1,240      242      1,230      1.00"
    `);
    expect(text).toMatch(/^send lag p99 at 100\/s, µs +kernel +ws +50\.0 +123,000 +FAIL$/m);
    expect(text).toMatch(/^memory per connection of 10,000, KiB +Node +ws +12\.0 +- +-$/m);
    expect(
      text.endsWith('k6: left out, not on PATH\ndelivery, ws, delivery: wire: INVALID (send_lag), 2 times\n'),
    ).toBe(true);
  });

  it('compare with the wire driver where there is no C floor', () => {
    const { arms, ...rest } = benchmark;
    const withoutFloor = { ...arms, arms: arms.arms.slice(1) };
    expect(benchText({ ...rest, arms: withoutFloor })).toContain('x wire');
    expect(benchText(benchmark)).not.toContain('x wire');
  });
});

describe('the page', () => {
  const page = performancePage(benchmark);

  it('has a table for the goals and for each section, with the range of the rounds', () => {
    expect(page.match(/^## .*$/gm)).toEqual([
      '## Goals',
      ...benchmark.sections.map(({ title }) => `## ${title}`),
      '## Method',
    ]);
    expect(page).toContain('| ws | C floor | 5.10 (4.10-6.10) | 1.00 |');
    expect(page).toContain('| send lag p99 at 100/s, µs | kernel | ws | 50.0 | 123,000 | FAIL |');
    expect(page).toContain('| memory per connection of 10,000, KiB | Node | ws | 12.0 | - | not measured |');
  });

  it('names every client, the machine, and what was left out', () => {
    expect(page).toContain('- machine: 2 x CPU\n');
    expect(page).toContain('| official driver | remark of official |');
    expect(page).toContain('- k6: left out, not on PATH\n');
  });

  it('has lines of at most 120 characters outside of tables', () => {
    expect(page.split('\n').filter((line) => line.length > 120 && !line.startsWith('|'))).toEqual([]);
  });
});
