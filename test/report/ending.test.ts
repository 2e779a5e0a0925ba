import { describe, expect, it } from 'vitest';
import { paintFor, unpainted } from '../../src/colour.ts';
import { capacityEnding } from '../../src/report/content/capacity-ending.ts';
import { comparisonEnding } from '../../src/report/content/comparison-ending.ts';
import { runEnding } from '../../src/report/content/run-ending.ts';
import { trendEnding } from '../../src/report/content/trend-ending.ts';
import type { Ending } from '../../src/report/ending.ts';
import { displayWidth } from '../../src/report/plain.ts';
import { type EndingPlace, renderEnding } from '../../src/report/render/ending.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import type { Trend } from '../../src/result/trend.ts';
import { DESIGN, makeCapacity } from './capacity-fixture.ts';
import { comparisons, makeComparison } from './comparison-fixture.ts';
import { makeResult, results } from './fixture.ts';
import { makeTrend, runOfDay, STEP } from './trend-fixture.ts';

const PAGE = { name: 'page', path: 'reports/page.html' };
const PLACE: EndingPlace = { columns: 80, paint: unpainted, page: PAGE };

const linesOf = (ending: Ending, place: Partial<EndingPlace> = {}) =>
  renderEnding(ending, { ...PLACE, ...place })
    .trimEnd()
    .split('\n');

const textOf = (ending: Ending) => renderEnding(ending, PLACE);

const valid = makeResult({ clients: 5, rateHz: 25, seconds: 1 });
const long = 'a long name of an arm that nobody would type '.repeat(3).trim();

const finding = (code: 'warmup_unstable' | 'send_lag', message: string) => ({ code, message });

/** Runs whose ends differ in kind from those of the fixtures. */
const runs: Readonly<Record<string, RunResult>> = {
  idle: {
    ...valid,
    headline: 'handshake',
    series: {},
    samples: { unit: 'connection', count: 4, incomplete: 1 },
    rate: { intendedHz: 0, achievedHz: 0, intended: 0, sent: 0, unsent: [] },
  },
  storm: {
    ...valid,
    headline: 'connect',
    samples: { unit: 'connection', count: 5, incomplete: 0 },
    failed: [{ reason: 'refused', count: 2 }],
  },
  pushes: { ...valid, samples: { unit: 'push', count: 25, incomplete: 0 } },
  undelivered: { ...valid, series: {}, ledger: { ...valid.ledger, delivered: 0, lost: 125 } },
  shard: {
    ...valid,
    shard: { ...({} as NonNullable<RunResult['shard']>), index: 2, count: 4 },
  },
  crowded: {
    ...valid,
    invalid: Array.from({ length: 9 }, (_, index) => finding('send_lag', `reason ${index}: ${long}`)),
    notes: Array.from({ length: 20 }, (_, index) => finding('warmup_unstable', `note ${index}: ${long}`)),
    thresholds: Array.from({ length: 30 }, (_, index) => ({
      expression: `delivery.p50<${index + 1}ms`,
      passed: index > 2,
      actual: 1,
      lower: null,
      upper: null,
      detail: long,
    })),
  },
};

const trend = makeTrend(STEP.map((medianMs, day) => runOfDay(day, medianMs)));

/** Thirty histories with long names, each with a change, and many skipped files. */
function crowdedTrend(): Trend {
  const histories = Array.from({ length: 30 }, (_, index) =>
    trend.histories.map((history) => ({ ...history, target: `${long} ${index}` })),
  ).flat();
  const skipped = Array.from({ length: 40 }, (_, index) => ({ path: `${index}.json`, reason: long + index }));
  return { ...trend, histories, skipped };
}

const ENDINGS: ReadonlyArray<readonly [string, () => Ending]> = [
  ...Object.entries(results).map(([name, make]) => [name, () => runEnding([make()])] as const),
  ...Object.entries(runs).map(([name, run]) => [name, () => runEnding([run])] as const),
  ['no run', () => runEnding([])],
  ['thirteen runs', () => runEnding(Object.values(results).map((make) => make()))],
  ['sixty runs', () => runEnding(Array.from({ length: 60 }, () => valid))],
  ...Object.entries(comparisons).map(
    ([name, make]) => [`comparison: ${name}`, () => comparisonEnding(make())] as const,
  ),
  [
    'comparison of nine long arms',
    () =>
      comparisonEnding(
        makeComparison({
          command: 'compare',
          arms: Array.from({ length: 9 }, (_, arm) => `${long} ${arm}`),
          verdicts: { 'delivery.p50': 'REGRESSED' },
          excluded: 1,
        }),
      ),
  ],
  ...[
    ['found', {}],
    ['at least', { seenTo: 400 }],
    ['below start', { capacity: 50 }],
    ['interrupted', { steps: 2 }],
    ['clients', { design: { ...DESIGN, vary: 'clients' as const, from: 2, to: 64 }, capacity: 20 }],
  ].map(
    ([name, given]) =>
      [`capacity: ${String(name)}`, () => capacityEnding(makeCapacity(given as object))] as const,
  ),
  ['trend with a change', () => trendEnding(trend)],
  ['trend of too few results', () => trendEnding(makeTrend([runOfDay(0, 1), runOfDay(1, 9)]))],
  ['trend of many histories', () => trendEnding(crowdedTrend())],
];

describe.each(ENDINGS)('the end of %s', (_, make) => {
  const ending = make();

  it.each([80, 120, 60, 40, 0])(
    'fits 25 lines on a terminal of %d columns, and every line fits',
    (columns) => {
      const lines = linesOf(ending, { columns });
      const width = Math.min(80, Math.max(40, columns));
      expect(lines.length).toBeLessThanOrEqual(25);
      expect(lines.filter((line) => displayWidth(line) > width)).toEqual([]);
    },
  );

  it('ends with the conclusion and the path of the page', () => {
    const lines = linesOf(ending);
    const [first = ''] = ending.conclusion.at(-1)?.split(/[^\w,:]/) ?? [];
    const last = lines.slice(lines.lastIndexOf('') + 1);
    expect(last.at(-1)).toBe('page  reports/page.html');
    expect(last.join(' ')).toContain(first);
  });

  it('has the same words with colour', () => {
    const styled = renderEnding(ending, { ...PLACE, paint: paintFor(true, {}) });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences are what is looked for
    expect(styled.replaceAll(/\u001b\[\d+m/g, '')).toBe(textOf(ending));
    expect(styled).toContain('\u001b[1m');
  });
});

describe('the end of a run', () => {
  it('has latencies, the slowest receiver, messages and the verdict', () => {
    expect(textOf(runEnding([results.valid()]))).toMatchInlineSnapshot(`
      "broadcast-latency on socketio websocket, 20 clients, 100/s for 10s

      latency              p50 ms    p95 ms   p99 ms  max ms
      delivery               1.21      2.23     3.95    15.5
        95 % interval   1.17-1.25   2.1-2.4  2.8-8.5
      slowest receiver       2.38      9.18     13.4    15.5
        95 % interval   2.34-2.43  8.2-10.1    11-15

      messages    1,000 of 1,000 sent at 100/s
      deliveries  20,000 of 20,000 delivered
                  0 lost, 0 late, 0 duplicates, 0 out of order, 0 unexpected

      VALID
      page  reports/page.html
      "
    `);
  });

  it('has a line for each caveat and each threshold', () => {
    const ending = runEnding([{ ...results.thresholds(), notes: [finding('warmup_unstable', 'it moved')] }]);
    expect(textOf(ending)).toMatchInlineSnapshot(`
      "broadcast-latency on socketio websocket, 20 clients, 100/s for 1s

      latency            p50 ms  p95 ms  p99 ms  max ms
      delivery             1.22    2.18       -    10.8
        95 % interval   1.1-1.4    1-11
      slowest receiver     2.46    6.21       -    10.8
        95 % interval   2.3-2.6    4-11
      -: p99 needs 368 broadcasts; this run has 100

      messages    100 of 100 sent at 100/s
      deliveries  2,000 of 2,000 delivered
                  0 lost, 0 late, 0 duplicates, 0 out of order, 0 unexpected

      ! it moved
      ✗ delivery.p50<1ms: 1.2 ms
      ? delivery.p99<50ms: too few samples
      ✓ lost==0: 0

      VALID with 1 caveat; 1 FAILED, 1 not judged of 3 thresholds
      page  reports/page.html
      "
    `);
    const yellow = renderEnding(ending, { ...PLACE, paint: paintFor(true, {}) });
    expect(yellow).toContain('\u001b[33m! it moved\u001b[39m');
    expect(yellow).toContain('\u001b[32m\u2713 lost==0: 0\u001b[39m');
    expect(yellow).toContain('\u001b[31m\u2717 delivery.p50<1ms: 1.2 ms\u001b[39m');
  });

  it('counts connections where a run is about them', () => {
    expect(textOf(runEnding([runs['idle'] ?? valid]))).toContain(
      'connections  4 of 5 held to the end, 1 cut\n',
    );
    expect(textOf(runEnding([runs['storm'] ?? valid]))).toContain(
      'connections  5 of 25 opened at 25.0/s, 2 failed\n',
    );
  });

  it('says that a shard is only a part', () => {
    expect(textOf(runEnding([runs['shard'] ?? valid]))).toContain(
      'SHARD 2 OF 4, VALID. Only a merge of all shards has the whole run\n',
    );
  });

  it('names the reason of an invalid run last, and lists several above', () => {
    expect(textOf(runEnding([results.empty()]))).toMatch(
      /\nPARTIAL, INVALID: the server exited with code 1\npage {2}\S+\n$/,
    );
    expect(textOf(runEnding([results.invalid()]))).toMatch(
      /\u2717 sent 80\.1\/s of 100\/s\n\u2717 send lag p99 was 12 ms\n[\s\S]*\nINVALID for 2 reasons\npage/,
    );
  });

  it('wraps a long caveat, whose end says what to do', () => {
    const caveat = `answer.ping of my.target.ts (line 16) returned ${'x'.repeat(60)}; it must return an event`;
    const ending = { ...runEnding([makeResult()]), caveats: [caveat] };
    expect(textOf(ending)).toMatch(/^! answer\.ping of my\.target\.ts[\s\S]*\n {2}an event\n/m);
  });

  it('says how much it leaves out', () => {
    const text = textOf(runEnding([runs['crowded'] ?? valid]));
    expect(text).toMatch(/ {2}\d+ more caveats \(--verbose\)\n/);
    expect(text).toMatch(/ {2}\d+ more thresholds \(--verbose\)\n/);
    expect(text).toMatch(/\u2717 delivery\.p50<1ms/);
  });
});

describe('the end of several runs', () => {
  it('ranks the runs of each scenario', () => {
    const several = [results.valid(), results.polling(), results.ws(), results.ack()];
    expect(textOf(runEnding(several))).toMatchInlineSnapshot(`
      "broadcast-latency and ack-roundtrip, 20 clients, 100/s for 10s, 4 runs

                                                slowest  slowest        server CPU/
      target                 p50 ms   p99 ms     p50 ms   p99 ms  lost  delivery µs
      broadcast-latency
      ws                      0.401     1.21      0.803     4.31     0          113
        95 % interval     0.39-0.42  0.9-2.9  0.78-0.82  3.8-4.9
      socketio websocket       1.21     3.95       2.38     13.4     0          117
        95 % interval     1.17-1.25  2.8-8.5  2.34-2.43    11-15
      socketio polling         3.41     11.8       6.81     36.3     0          114
        95 % interval     3.32-3.52     8-25    6.6-7.0    31-47
      ack-roundtrip
      socketio websocket      0.595     3.35          -        -     0        2,330
        95 % interval     0.57-0.62  1.5-5.5
      each ran once; sockbench compare tests a difference

      ws has the lowest p50 in 1 of 2 scenarios; 1 scenario without two valid runs
      VALID: 4 results
      page  reports/page.html
      "
    `);
  });
});

describe('the end of a comparison', () => {
  it('says which arm is faster and by how much', () => {
    const made = makeComparison({
      command: 'compare',
      arms: ['ws', 'socketio'],
      verdicts: { 'delivery.p50': 'REGRESSED' },
    });
    expect(textOf(comparisonEnding(made))).toMatchInlineSnapshot(`
      "ws vs socketio, broadcast-latency, 5 clients, 25/s for 1s, 5 rounds

      metric                     ws  socketio  ratio  93.8 % CI  verdict
      delivery p50 ms          1.21      1.71   1.40  1.33-1.48  REGRESSED
      slowest-receiver p95 ms  4.03      4.10   1.01  0.97-1.04  OK
      ratio: estimated from the ratio of each round, not from the medians

      none in any arm  lost

      ws is 1.40x faster than socketio (delivery p50 1.21 ms vs 1.71 ms, 93.8 % CI
      1.33-1.48)
      page  reports/page.html
      "
    `);
  });

  it('makes the faster arm the subject, whichever stands first', () => {
    const made = makeComparison({
      command: 'compare',
      arms: ['socketio', 'ws'],
      verdicts: { 'delivery.p50': 'IMPROVED' },
    });
    expect(textOf(comparisonEnding(made)).replaceAll(/\s+/g, ' ')).toContain(
      'ws is 1.67x faster than socketio (delivery p50 0.731 ms vs 1.21 ms, 93.8 % CI 1.52-1.82)',
    );
  });

  it.each([
    [
      'regressed',
      'REGRESSED: head is 1.40x slower than base (delivery p50 1.71 ms vs 1.21 ms, 93.8 % CI 1.33-1.48); also lost 0 -> 10',
    ],
    [
      'ok',
      'OK: no significant difference between base and head (delivery p50 1.21 ms vs 1.23 ms, ratio 1.01, 93.8 % CI 0.97-1.04)',
    ],
    ['improved', 'IMPROVED: head is 1.67x faster than base'],
    ['inconclusive', 'INCONCLUSIVE: delivery p50: the bounds hold both'],
    ['invalid', 'INVALID: 3 of 5 pairs were excluded'],
    ['partial', 'PARTIAL, INCONCLUSIVE: delivery p50'],
    ['thresholds', '; 1 FAILED, 1 not judged of 3 thresholds'],
  ] as const)('of a gate that is %s has the verdict', (name, expected) => {
    expect(textOf(comparisonEnding(comparisons[name]())).replaceAll(/\s+/g, ' ')).toContain(expected);
  });

  it('has a row for each of several arms', () => {
    expect(textOf(comparisonEnding(comparisons.several()))).toMatchInlineSnapshot(`
      "ws, socketio and socketio polling, broadcast-latency, 5 clients, 25/s for 1s, 5
      rounds

      arm               delivery p50 ms  ratio to ws  93.8 % CI  verdict
      ws                           1.21            -  -          -
      socketio                     1.71         1.40  1.33-1.48  REGRESSED
      socketio polling             1.70         1.40  1.33-1.48  REGRESSED
      ratio: estimated from the ratio of each round, not from the medians

      socketio is 1.40x and socketio polling 1.40x slower than ws (delivery p50)
      page  reports/page.html
      "
    `);
  });
});

describe('the end of a capacity search', () => {
  it('has what confirmed and what limited the answer, and the answer last', () => {
    expect(textOf(capacityEnding(makeCapacity()))).toMatchInlineSnapshot(`
      "ack-roundtrip on ws, 17 runs in 73.5s

      objective  ack.p95<50ms, lost at most 0
      confirmed  5 of 5 fresh runs at 993/s passed
      failed     2 of 2 runs at 1,037/s: ack.p95 280 ms (260-300), not ack.p95<50ms;
                 messages were in flight when sending ended
      range      100/s to 100,000/s

      ws sustains 993/s (ack-roundtrip, 20 clients); 1,037/s failed
      page  reports/page.html
      "
    `);
  });
});
