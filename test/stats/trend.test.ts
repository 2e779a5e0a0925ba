import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/result/comparison.ts';
import { loadFingerprint, measurementFingerprint } from '../../src/result/fingerprint.ts';
import { type TrendSample, trendSamples } from '../../src/stats/trend.ts';
import { makeHistories } from '../../src/stats/trend-histories.ts';
import { makeCapacity } from '../report/capacity-fixture.ts';
import { comparisons, makeComparison } from '../report/comparison-fixture.ts';
import { results } from '../report/fixture.ts';
import { BUSY, makeRepeated } from '../report/repeated-fixture.ts';
import { runOfDay, STEP, samplesOfRuns } from '../report/trend-fixture.ts';
import { chance, normalNoise, shareOf } from './noise.ts';

const stepRuns = STEP.map((medianMs, day) => runOfDay(day, medianMs));
const stepSamples = samplesOfRuns(stepRuns);

function ofComparison(document: Comparison) {
  return trendSamples({ kind: 'comparison', path: 'rounds.json', document }, ['delivery.p50']);
}

describe('the samples of a document', () => {
  it('of a run are one, with the median and tail of its headline and the CPU time of the server', () => {
    const run = results.valid();
    const { samples, skipped } = trendSamples({ kind: 'run', path: 'a.json', document: run }, []);
    expect(skipped).toEqual([]);
    expect(samples).toHaveLength(1);
    const [{ point, measured } = { point: null, measured: [] }] = samples;
    expect(point).toEqual({
      path: 'a.json',
      startedAt: run.startedAt,
      commit: run.environment.commit,
      dirty: run.environment.dirty,
      runs: 1,
    });
    expect(measured.map(({ metric }) => metric)).toEqual([
      'delivery.p50',
      'delivery.p99',
      'server_cpu_per_delivery',
    ]);
    const [p50] = measured;
    expect(p50?.value).toBe(1_210_367);
    expect(p50?.lower).toBeLessThan(1_210_367);
    expect(p50?.upper).toBeGreaterThan(1_210_367);
    expect(measured[2]).toMatchObject({ lower: null, upper: null });
  });

  it('of a gate are its head, over all valid rounds as in its report', () => {
    const gate = makeComparison({ rounds: 2 });
    const { samples, skipped } = ofComparison(gate);
    expect(skipped).toEqual([]);
    expect(samples.map(({ source, point }) => [source, point.runs])).toEqual([['comparison', 2]]);
    expect(samples[0]?.point.startedAt).toBe(
      gate.rounds[0]?.runs.find(({ arm }) => arm === 1)?.result?.startedAt,
    );
  });

  it('of a comparison are its arms, unless two have one plan', () => {
    const equal = makeComparison({ command: 'compare', arms: ['ws', 'socketio'], rounds: 2 });
    expect(ofComparison(equal)).toEqual({
      samples: [],
      skipped: [
        { path: 'rounds.json', reason: 'has another arm of the plan of ws' },
        { path: 'rounds.json', reason: 'has another arm of the plan of socketio' },
      ],
    });
    const rounds = equal.rounds.map((round) => ({
      ...round,
      runs: round.runs.map((run) => {
        const name = equal.design.arms[run.arm]?.name ?? '';
        const { result } = run;
        if (result === null) return run;
        return {
          ...run,
          result: { ...result, plan: { ...result.plan, target: { ...result.plan.target, name } } },
        };
      }),
    }));
    const differing = { ...equal, rounds };
    const { samples, skipped } = ofComparison(differing);
    expect(samples.map(({ target, point }) => [target, point.runs])).toEqual([
      ['ws', 2],
      ['socketio', 2],
    ]);
    expect(skipped).toEqual([]);
  });

  it('of a repeated run have the medians over its valid starts, and bounds from six starts on', () => {
    const measuredIn = (starts: readonly number[]) => {
      const document = makeRepeated({ starts, invalid: { 1: BUSY } });
      const { samples } = trendSamples({ kind: 'repeated', path: 'a.json', document }, [
        'delivery.p50',
        'lost',
      ]);
      return { document, sample: samples[0], measured: samples[0]?.measured ?? [] };
    };
    const { document, sample, measured } = measuredIn([9, 1, 1.1, 1.2]);
    expect(sample).toMatchObject({ source: 'repeated run', point: { runs: 3 } });
    expect(measured.map(({ metric }) => metric)).toEqual(['delivery.p50', 'lost']);
    expect(measured[0]).toMatchObject({ value: document.figures[0]?.median, lower: null, upper: null });
    const seven = measuredIn([9, 1, 1.1, 1.2, 1, 1, 1]);
    const { lower, upper } = seven.document.figures[0] ?? {};
    expect(seven.measured[0]).toMatchObject({ lower, upper });
  });

  it.each([
    ['an invalid run', { kind: 'run', document: results.invalid() }, /^is INVALID \(\w+\)$/],
    ['a partial run', { kind: 'run', document: { ...results.valid(), status: 'partial' } }, /^ended early$/],
    ['an invalid comparison', { kind: 'comparison', document: comparisons.invalid() }, /^is INVALID$/],
    ['a partial comparison', { kind: 'comparison', document: comparisons.partial() }, /^ended early$/],
    [
      'an invalid repeated run',
      { kind: 'repeated', document: makeRepeated({ starts: [1, 1], invalid: { 2: BUSY } }) },
      /^is INVALID \(excluded_starts\)$/,
    ],
    [
      'a partial repeated run',
      { kind: 'repeated', document: makeRepeated({ starts: [1, 1], status: 'partial' }) },
      /^ended early$/,
    ],
    [
      'a capacity search',
      { kind: 'capacity', document: makeCapacity({ steps: 1 }) },
      /^is a capacity search$/,
    ],
  ] as const)('of %s are none, with the reason', (_, stored, reason) => {
    const { samples, skipped } = trendSamples(
      { path: 'a.json', ...stored } as Parameters<typeof trendSamples>[0],
      [],
    );
    expect(samples).toEqual([]);
    expect(skipped).toEqual([{ path: 'a.json', reason: expect.stringMatching(reason) as unknown }]);
  });
});

describe('histories', () => {
  it('mark a step at the first result after it', () => {
    const { histories, test } = makeHistories(stepSamples, 'date');
    const [{ metrics, points } = { metrics: [], points: [] }] = histories;
    expect(metrics[0]?.changes).toEqual([
      {
        at: 10,
        p: 1 / (test.permutations + 1),
        before: metrics[0]?.levels[0]?.median,
        after: metrics[0]?.levels[1]?.median,
        effect: 'worse',
      },
    ]);
    expect((metrics[0]?.changes[0]?.after ?? 0) / (metrics[0]?.changes[0]?.before ?? 1)).toBeCloseTo(1.5, 1);
    expect(points[10]?.startedAt).toBe('2026-10-11T10:30:00.000Z');
  });

  it('are in order of time, however the files are ordered', () => {
    const [{ points } = { points: [] }] = makeHistories(stepSamples.toReversed(), 'date').histories;
    expect(points.map(({ startedAt }) => startedAt)).toEqual(
      points.map(({ startedAt }) => startedAt).toSorted(),
    );
  });

  it('keep environments and plans apart, but not seeds', () => {
    const kernels = stepRuns.map((run, day) =>
      day % 2 === 0 ? run : { ...run, environment: { ...run.environment, kernel: '6.9' } },
    );
    const parts = makeHistories(samplesOfRuns(kernels, ['delivery.p50']), 'date').histories;
    expect(parts.map(({ points, environment }) => [points.length, environment['kernel']])).toEqual([
      [9, stepRuns[0]?.environment.kernel],
      [9, '6.9'],
    ]);
    const clients = stepRuns.map((run, day) => ({
      ...run,
      plan: { ...run.plan, clients: 4 + (day % 2), seed: day },
    }));
    expect(makeHistories(samplesOfRuns(clients), 'date').histories).toHaveLength(2);
  });

  it('have the results of one commit side by side, and no change within it', () => {
    const same = stepRuns.map((run, day) => ({
      ...run,
      environment: { ...run.environment, commit: String(Math.floor(((day * 7) % 18) / 6)).repeat(40) },
    }));
    const [history] = makeHistories(samplesOfRuns(same), 'commit').histories;
    const commits = history?.points.map(({ commit }) => commit?.[0]).join('') ?? '';
    expect(commits).toMatch(/^(\d)\1{5}(\d)\2{5}(\d)\3{5}$/);
    for (const { at } of history?.metrics[0]?.changes ?? []) expect(at % 6).toBe(0);
  });

  it('skip copies, results without a commit where commits order them, and results that stand alone', () => {
    const [first, second] = stepSamples as [TrendSample, TrendSample];
    const renamed = { ...first, point: { ...first.point, path: 'copy.json' } };
    expect(makeHistories([first, second, renamed], 'date').skipped).toEqual([
      { path: 'copy.json', reason: 'is a copy of reports/0.json' },
    ]);
    const bare = { ...second, point: { ...second.point, commit: null } };
    expect(makeHistories([first, bare], 'commit').skipped).toEqual([
      { path: 'reports/1.json', reason: 'has no commit' },
      { path: 'reports/0.json', reason: 'is the only result of its plan and environment' },
    ]);
  });

  it('are not tested with too few values', () => {
    const { histories, test } = makeHistories(stepSamples.slice(4, 11), 'date');
    expect(test.valuesNeeded).toBeGreaterThan(7);
    expect(histories[0]?.metrics[0]).toMatchObject({
      tested: false,
      changes: [],
      levels: [{ from: 0, to: 7 }],
    });
  });

  it('call a higher rate better', () => {
    const up = stepSamples.map((sample) => ({
      ...sample,
      measured: sample.measured.map((each) => ({ ...each, better: 'higher' as const })),
    }));
    expect(makeHistories(up, 'date').histories[0]?.metrics[0]?.changes[0]?.effect).toBe('better');
  });

  it('without a change have one in at most 5 % of trends, over all metrics together', () => {
    const noise = normalNoise(21);
    const [first] = stepSamples as [TrendSample];
    const names = ['a.p50', 'b.p50', 'c.p50', 'd.p50'];
    const made = () =>
      Array.from(
        { length: 14 },
        (_, day): TrendSample => ({
          ...first,
          point: { ...first.point, startedAt: new Date(Date.UTC(2026, 0, 1 + day)).toISOString() },
          measured: names.map((metric) => ({
            ...(first.measured[0] as TrendSample['measured'][number]),
            metric,
            value: Math.exp(noise()),
          })),
        }),
      );
    const trials = 60;
    const share = shareOf(trials, () =>
      makeHistories(made(), 'date').histories.some(({ metrics }) =>
        metrics.some(({ changes }) => changes.length > 0),
      ),
    );
    expect(share).toBeLessThan(0.05 + chance(0.05, trials));
  });
});

it('a history names the whole plan, but its seed, and the whole environment', () => {
  const [run] = stepRuns;
  const [history] = makeHistories(stepSamples, 'date').histories;
  if (run === undefined) throw new Error('no run');
  const { seed: _, ...load } = loadFingerprint(run.plan);
  expect(history?.plan).toEqual(load);
  expect(history?.environment).toEqual(measurementFingerprint(run));
});
