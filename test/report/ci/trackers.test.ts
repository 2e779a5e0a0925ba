import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { renderGoBenchmark } from '../../../src/report/ci/go-benchmark.ts';
import {
  renderBencher,
  renderBiggerIsBetter,
  renderSmallerIsBetter,
} from '../../../src/report/ci/trackers.ts';
import type { Comparison } from '../../../src/result/comparison.ts';
import { comparisons, EVERY_CHARACTER, makeComparison } from '../comparison-fixture.ts';
import { readGoBenchmarks } from './go-benchmark-reader.ts';

/** What src/extract.ts of benchmark-action/github-action-benchmark takes from its custom tools, and no more. */
const entries = z.array(
  z.strictObject({
    name: z.string().min(1),
    value: z.number(),
    unit: z.string().min(1),
    range: z.string().optional(),
    extra: z.string().optional(),
  }),
);

const readEntries = (text: string) => entries.parse(JSON.parse(text));

describe('github-action-benchmark', () => {
  it.each(Object.entries(comparisons))('reads both files, with each name once: %s', (_, make) => {
    for (const render of [renderSmallerIsBetter, renderBiggerIsBetter]) {
      const names = readEntries(render(make())).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('has the values of the head in fixed units, with their bounds', () => {
    const smaller = readEntries(renderSmallerIsBetter(comparisons.regressed()));
    expect(smaller[0]).toEqual({
      name: 'broadcast-latency, head: delivery.p50',
      unit: 'ms',
      value: 1.68,
      range: '1.596 to 1.776',
      extra: 'REGRESSED: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.71 ms',
    });
    expect(smaller.find(({ name }) => name.endsWith(': lost'))).toMatchObject({ value: 10 });
    expect(smaller.find(({ name }) => name.endsWith('server_cpu'))).toMatchObject({
      unit: '%',
      value: 23.23,
    });
  });

  it('keeps rates, of which more is better, in their own file', () => {
    const bigger = readEntries(renderBiggerIsBetter(comparisons.ok()));
    expect(bigger).toMatchObject([{ name: 'broadcast-latency, head: sent', value: 101, unit: 'per second' }]);
    expect(renderSmallerIsBetter(comparisons.ok())).not.toContain(': sent');
  });

  it('has no values of an INVALID comparison', () => {
    expect(readEntries(renderSmallerIsBetter(comparisons.invalid()))).toEqual([]);
    expect(readEntries(renderBiggerIsBetter(comparisons.invalid()))).toEqual([]);
  });

  it('leaves out bounds that do not contain the value', () => {
    const comparison = structuredClone(comparisons.ok());
    const metric = comparison.judgement.heads[0]?.metrics[0];
    if (metric !== undefined) metric.head = 2e6;
    expect(readEntries(renderSmallerIsBetter(comparison))[0]).not.toHaveProperty('range');
  });
});

/** In bytes, as Bencher counts. */
const named = (bytes: number) =>
  z.string().refine((name) => name.trim() === name && name !== '' && Buffer.byteLength(name) <= bytes);

/** The schema at bencher.dev/bmf.json, with the lengths of names that its reference gives. */
const bmf = z.record(
  named(1024),
  z.record(
    named(64),
    z.strictObject({
      value: z.number(),
      lower_value: z.number().optional(),
      upper_value: z.number().optional(),
    }),
  ),
);

const readBmf = (comparison: Comparison) => bmf.parse(JSON.parse(renderBencher(comparison)));

describe('Bencher', () => {
  it.each(Object.entries(comparisons))('reads the file: %s', (_, make) => {
    expect(() => readBmf(make())).not.toThrow();
  });

  it('has a benchmark for each head and a measure for each metric, in stored units', () => {
    expect(readBmf(comparisons.regressed())).toMatchObject({
      'broadcast-latency, head': {
        'delivery.p50': { value: 1.68e6, lower_value: 1.596e6, upper_value: 1.776e6 },
        lost: { value: 10 },
      },
    });
    expect(Object.keys(readBmf(comparisons.several()))).toEqual([
      'broadcast-latency, socketio',
      'broadcast-latency, socketio polling',
    ]);
  });

  it('is empty when the comparison is INVALID', () => {
    expect(readBmf(comparisons.invalid())).toEqual({});
  });

  it('cuts names that are too long between characters', () => {
    const name = '\u65e5'.repeat(200);
    const { design, ...rest } = makeComparison({ rounds: 1, arms: ['base', name] });
    const arms = design.arms.map((arm) => ({ ...arm, plan: { ...arm.plan, scenario: name } }));
    const [benchmark = ''] = Object.keys(readBmf({ ...rest, design: { ...design, arms } }));
    expect(Buffer.byteLength(benchmark)).toBe(1022);
    expect(benchmark).toMatch(/^\u65e5{200}, \u65e5{140}$/);
  });
});

describe('Go benchmark text', () => {
  it.each(Object.entries(comparisons))('is read by its specification: %s', (_, make) => {
    expect(() => readGoBenchmarks(renderGoBenchmark(make()))).not.toThrow();
  });

  it('has one line for each round and arm, with every metric of that round', () => {
    const comparison = comparisons.several();
    const { results, config, units } = readGoBenchmarks(renderGoBenchmark(comparison));
    expect(results.map(({ base, parts }) => `${base} ${parts['arm']}`)).toEqual(
      Array(5)
        .fill(['ws', 'socketio', 'socketio_polling'])
        .flat()
        .map((arm) => `BroadcastLatency ${arm}`),
    );
    const [, second] = comparison.judgement.heads;
    const points = second?.metrics.find(({ metric }) => metric === 'delivery.p50')?.points;
    const ofSecond = results.filter(({ parts }) => parts['arm'] === 'socketio_polling');
    expect(ofSecond.map(({ values }) => values['delivery.p50-ns'])).toEqual(points?.map(({ head }) => head));
    expect(Object.keys(results[0]?.values ?? {})).toContain('traffic_per_delivery-B');
    expect(config).toEqual({
      scenario: 'broadcast-latency',
      sockbench: '0.1.0',
      cpu: 'Example CPU @ 2.50GHz',
      node: 'v24.11.0',
    });
    expect(units).toMatchObject({ 'delivery.p50-ns better': 'lower', 'sent/s better': 'higher' });
  });

  it('leaves out excluded rounds, and all when the comparison is INVALID', () => {
    expect(readGoBenchmarks(renderGoBenchmark(comparisons.excluded())).results).toHaveLength(2 * 5);
    expect(readGoBenchmarks(renderGoBenchmark(comparisons.invalid())).results).toEqual([]);
  });

  it('distinguishes arms whose names differ only in characters that a benchmark name cannot have, or end in a number', () => {
    const arms = ['node-22', 'node 22', 'node-24', EVERY_CHARACTER];
    const { results } = readGoBenchmarks(renderGoBenchmark(makeComparison({ rounds: 1, arms })));
    expect(new Set(results.map(({ parts }) => parts['arm'])).size).toBe(4);
    expect(results.map(({ gomaxprocs }) => gomaxprocs)).toEqual([null, null, null, null]);
  });
});
