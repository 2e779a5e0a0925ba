import { describe, expect, it } from 'vitest';
import type { Finding, FindingCode } from '../../src/result/findings.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { NsHistogram, viewResult } from '../../src/result/view.ts';
import { judgeError, judgeStep, parseObjectives, significantGrowth } from '../../src/stats/capacity-step.ts';
import { neededSamples, shortfallOf } from '../../src/stats/expectation.ts';
import { parseMetric } from '../../src/stats/metric.ts';
import { HOLDS } from '../../src/stats/thresholds.ts';
import { makeResult } from '../report/fixture.ts';
import { thrownBy } from '../thrown.ts';

describe('an objective', () => {
  it.each([
    ['fanout_last.p95<50ms', 'duration', 50e6, 49e6, 50e6],
    ['ack.p99 <= 0.500 s', 'duration', 0.5e9, 0.5e9, 0.6e9],
    ['lost<=0', 'count', 0, 0, 1],
    ['late<0.1%', 'share', 0.001, 0.0009, 0.001],
    ['server_cpu<=80%', 'share', 0.8, 0.8, 0.81],
    ['server_rss<512MiB', 'bytes', 512 * 1024 ** 2, 1, 512 * 1024 ** 2],
    ['requests_per_delivery<1.5', 'average', 1.5, 1.4, 1.5],
  ])('"%s" is read, with its limit in the unit of its metric', (text, unit, limit, good, bad) => {
    const [objective, ...others] = parseObjectives(text);
    expect(others).toEqual([]);
    expect([objective?.expression, objective?.unit, objective?.limit]).toEqual([text, unit, limit]);
    const holds = HOLDS[objective?.operator ?? '=='];
    expect([holds(good, limit), holds(bad, limit)]).toEqual([true, false]);
  });

  it('is each of several that are joined', () => {
    const texts = parseObjectives('ack.p95<50ms and lost <= 0').map(({ expression }) => expression);
    expect(texts).toEqual(['ack.p95<50ms', 'lost <= 0']);
  });

  it.each([
    ['delivery.p95>50ms', ': "delivery.p95>50ms" does not keep a metric below a value'],
    ['lost==0', ': "lost==0" does not keep a metric below a value'],
    ['ack.p95 < 2 * ack.p50', ': "ack.p95 < 2 * ack.p50" does not keep a metric below a value'],
    ['fast', ', column 1: "fast" is not one of'],
    ['delivery<50ms', ', column 1: "delivery" is a whole series'],
    ['deliverx.p95<50ms', ', column 1: "deliverx" is not one of'],
    ['delivery.p95<50', ', column 14: delivery.p95: "50" has no unit'],
    ['delivery.p95<50%', ', column 14: delivery.p95: "50%" is not a duration'],
    ['lost<0.5', ', column 6: lost: "0.5" is not a count'],
    ['server_cpu<0.8', ', column 12: server_cpu: "0.8" is not a percentage'],
    ['base.lost<1', ', column 1: "base.lost" needs a base'],
  ])('"%s" is an error', (text, problem) => {
    expect(thrownBy(() => parseObjectives(text))).toMatchObject({
      code: 'BAD_OBJECTIVE',
      message: expect.stringContaining(`--objective "${text}"${problem}`) as unknown,
    });
  });
});

describe('what a run will have of a metric', () => {
  it('needs ten samples beyond a quantile, one value of an extreme, and none of a count', () => {
    const needed = ['fanout_last.p95', 'ack.max', 'lost', 'server_cpu'].map((name) =>
      neededSamples(parseMetric(name)),
    );
    expect(needed).toEqual([200, 1, 0, 0]);
  });

  it('is nothing where its series is not recorded', () => {
    const expected = { samples: new Map([['ack', 100]]), unavailable: new Map() };
    expect(shortfallOf(parseMetric('ack.p50'), 20, expected)).toBeNull();
    expect(shortfallOf(parseMetric('lost'), 0, expected)).toBeNull();
    expect(shortfallOf(parseMetric('ack.p95'), 200, expected)).toEqual({
      kind: 'short',
      planned: 100,
      needed: 200,
    });
    expect(shortfallOf(parseMetric('delivery.p50'), 20, expected)).toMatchObject({
      kind: 'unavailable',
      problem: 'this run will not record "delivery", but ack',
    });
  });
});

const OBJECTIVES = parseObjectives('ack.p95<50ms and lost<=0 and failed<=0');

/** 1,000 requests in 10 s, 1 to 2 ms each. */
function goodRun(): RunResult {
  return makeResult({ scenario: 'ack-roundtrip', rateHz: 100, seconds: 10 });
}

const judge = (result: RunResult) => judgeStep(viewResult(result), OBJECTIVES);
const found = (code: FindingCode): Finding => ({ code, message: `this is ${code}` });

/** `count` values, spread evenly from 1 ms. */
function withAcks(result: RunResult, valuesNs: readonly number[]): RunResult {
  const histogram = new NsHistogram();
  for (const value of valuesNs) histogram.record(value);
  const ack = {
    count: histogram.count,
    meanNs: histogram.meanNs,
    stdDeviationNs: histogram.stdDeviationNs,
    histogram: histogram.encode(),
    effectiveSamples: {},
  };
  return { ...result, series: { ...result.series, ack } };
}

describe('a step', () => {
  it('passes when every objective holds and latency does not grow', () => {
    const { outcome, reasons, figures } = judge(goodRun());
    expect([outcome, reasons]).toEqual(['passed', []]);
    expect(figures.map(({ metric, passed }) => [metric, passed])).toEqual([
      ['ack.p95', true],
      ['lost', true],
      ['failed', true],
    ]);
  });

  it('is judged by the upper end of an interval: a p95 below the limit is not enough', () => {
    // Of 200 values 10 are over 50 ms: the p95 is the 190th, the upper end of its interval the 197th.
    const values = Array.from({ length: 200 }, (_, index) => (index < 190 ? 10e6 : 60e6));
    const { outcome, reasons, figures } = judge(withAcks(goodRun(), values));
    expect(outcome).toBe('failed');
    expect(Math.round((figures[0]?.value ?? 0) / 1e6)).toBe(10);
    expect(Math.round((figures[0]?.upper ?? 0) / 1e6)).toBe(60);
    expect(reasons).toEqual([
      {
        code: 'objective_missed',
        message: 'ack.p95 10.0 ms (10-61), not ack.p95<50ms: 50 ms lies within the interval',
      },
    ]);
  });

  it('fails by a value over the limit where correlated samples leave no upper end, and else says nothing', () => {
    const withEffective = (valueNs: number) => {
      const result = withAcks(
        goodRun(),
        Array.from({ length: 200 }, () => valueNs),
      );
      const { ack } = result.series;
      if (ack === undefined) throw new Error('the run has requests');
      return { ...result, series: { ...result.series, ack: { ...ack, effectiveSamples: { p95: 50 } } } };
    };
    expect(judge(withEffective(60e6))).toMatchObject({
      outcome: 'failed',
      figures: [{ upper: null }, {}, {}],
    });
    expect(judge(withEffective(10e6))).toMatchObject({
      outcome: 'excluded',
      reasons: [{ code: 'too_few_samples' }],
    });
  });

  it('fails for a lost message', () => {
    const result = goodRun();
    const ledger = { ...result.ledger, lost: 1, delivered: result.ledger.delivered - 1 };
    expect(judge({ ...result, ledger })).toMatchObject({
      outcome: 'failed',
      reasons: [{ code: 'objective_missed', message: 'lost 1, not lost<=0' }],
    });
  });

  it.each(['server_overloaded', 'latency_grows', 'late_at_end'] as const)(
    'fails with every reason when messages queued: %s',
    (code) => {
      const result = {
        ...makeResult({ scenario: 'ack-roundtrip', medianNs: 90e6 }),
        findings: [found(code)],
      };
      const { outcome, reasons } = judge(result);
      expect(outcome).toBe('failed');
      expect(reasons.map((reason) => reason.code)).toEqual(['objective_missed', code]);
    },
  );

  it('fails when latency grows second by second, while the objective still holds', () => {
    const result = goodRun();
    const intervals = result.intervals.map((interval, second) => {
      const histogram = new NsHistogram();
      histogram.record(Math.round(1e6 + second * 0.4e6), 100);
      return { ...interval, series: { ack: histogram.encode() } };
    });
    const { outcome, reasons } = judge({ ...result, intervals });
    expect([outcome, reasons.map(({ code }) => code)]).toEqual(['failed', ['latency_grows']]);
    expect(reasons[0]?.message).toMatch(/^ack p50 \(1\.\d+ ms\) grew by 3\.60 ms over the step$/);
  });

  it.each(['server_died', 'clients_lost', 'sender_lost', 'too_few_samples'] as const)(
    'fails when the run is invalid by the server: %s',
    (code) => {
      expect(judge({ ...goodRun(), invalid: [found(code)] })).toMatchObject({
        outcome: 'failed',
        reasons: [{ code }],
      });
    },
  );

  it.each([
    'rate_not_held',
    'generator_busy',
    'send_lag',
    'worker_died',
    'cpu_steal',
    'system_limit',
    'clock',
    'interrupted',
  ] as const)('is not counted when the run is invalid by the generator or the machine: %s', (code) => {
    expect(
      judge({ ...makeResult({ medianNs: 90e6 }), invalid: [found(code), found('clients_lost')] }),
    ).toMatchObject({
      outcome: 'excluded',
      reasons: [{ code }],
    });
  });

  it('fails when the server died, even though the rate was not held then', () => {
    const invalid = [found('server_died'), found('rate_not_held')];
    expect(judge({ ...goodRun(), invalid }).outcome).toBe('failed');
  });

  it('is not counted when an objective has too few samples and nothing else is amiss', () => {
    expect(judge(makeResult({ scenario: 'ack-roundtrip', rateHz: 100, seconds: 1 }))).toMatchObject({
      outcome: 'excluded',
      reasons: [{ code: 'too_few_samples' }],
      figures: [{ value: null, upper: null, passed: null }, { passed: true }, { passed: true }],
    });
  });

  it('that measured nothing has failed when the server accepted no client, and is excluded otherwise', () => {
    expect(judgeError({ code: 'TARGET_UNREACHABLE', message: 'no answer' })).toMatchObject({
      outcome: 'failed',
    });
    expect(judgeError({ code: 'WORKER_HUNG', message: 'no answer' })).toMatchObject({ outcome: 'excluded' });
    expect(judgeError({ code: 'SYSTEM_LIMIT', message: 'EMFILE' })).toMatchObject({ outcome: 'excluded' });
  });
});

it('the growth of a straight line is its whole rise', () => {
  expect(significantGrowth([1, 2, 3, 4, 5, 6, 7])).toBe(6);
});

it('one wild value neither makes nor hides a trend', () => {
  expect(significantGrowth([3, 3, 3, 3, 3, 3, 3, 3, 300])).toBeNull();
  expect(significantGrowth([1, 2, 3, 300, 5, 6, 7, 8, 9])).toBe(8);
});

it.each([
  ['nothing changes', [5, 5, 5, 5, 5, 5, 5]],
  ['it falls', [7, 6, 5, 4, 3, 2, 1]],
  ['it goes to and fro', [1, 9, 2, 8, 3, 7, 4, 6]],
  ['there are five values only', [1, 2, 3, 4, 5]],
  ['there are none', []],
])('nothing grows significantly where %s', (_, values) => {
  expect(significantGrowth(values)).toBeNull();
});

it('of random values without a trend, at most one series in a hundred is said to grow', () => {
  let state = 12345;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const trials = 4000;
  let grown = 0;
  for (let trial = 0; trial < trials; trial++) {
    if (significantGrowth(Array.from({ length: 10 }, random)) !== null) grown += 1;
  }
  // By Kendall's table, of ten values 0.46 % have a score of 29 or more, the first that is taken.
  expect(grown / trials).toBeGreaterThan(0);
  expect(grown / trials).toBeLessThan(0.01);
});
