import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/result/aggregate.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { SERIES, viewResult } from '../../src/result/view.ts';
import { type Expectation, isAvailable, warnOfThreshold } from '../../src/stats/expectation.ts';
import { judgeThreshold, metricsOf, parseThreshold } from '../../src/stats/thresholds.ts';
import { makeResult, results } from '../report/fixture.ts';
import { thrownBy } from '../thrown.ts';

const SERIES_NAMES = SERIES.map(({ name }) => name);

describe('the grammar of thresholds', () => {
  it.each([
    ['delivery.p99<50ms', { kind: 'quantile', series: 'delivery', quantile: 0.99 }, '<', 50e6],
    ['delivery.p50<=1.5s', { kind: 'quantile', series: 'delivery', quantile: 0.5 }, '<=', 1.5e9],
    ['ack.p0>1us', { kind: 'quantile', series: 'ack', quantile: 0 }, '>', 1e3],
    ['fanout_last.min>=10ns', { kind: 'quantile', series: 'fanout_last', quantile: 0 }, '>=', 10],
    ['connect.max<1m', { kind: 'quantile', series: 'connect', quantile: 1 }, '<', 60e9],
    ['send_lag.mean==0ms', { kind: 'mean', series: 'send_lag' }, '==', 0],
    ['lost==0', { kind: 'count', name: 'lost' }, '==', 0],
    ['late<100', { kind: 'count', name: 'late' }, '<', 100],
    ['duplicated<=3', { kind: 'count', name: 'duplicated' }, '<=', 3],
    ['unexpected>=1', { kind: 'count', name: 'unexpected' }, '>=', 1],
    ['reordered>0%', { kind: 'share', name: 'reordered' }, '>', 0],
    ['late<0.5%', { kind: 'share', name: 'late' }, '<', 0.005],
    ['lost<=100%', { kind: 'share', name: 'lost' }, '<=', 1],
  ])('reads "%s"', (expression, metric, operator, limit) => {
    expect(parseThreshold(expression)).toMatchObject({
      expression,
      clauses: [{ text: expression, operator, left: { metric, arm: 'head' }, limit, times: null }],
    });
  });

  it('reads every percentile of every series, spaced or not, and keeps the expression as it was given', () => {
    const spaces = fc.stringMatching(/^[ \t]{0,3}$/);
    fc.assert(
      fc.property(
        fc.constantFrom(...SERIES_NAMES),
        fc.integer({ min: 0, max: 99_999 }),
        fc.constantFrom('<', '<=', '>', '>=', '=='),
        fc.integer({ min: 0, max: 100_000 }),
        fc.tuple(spaces, spaces, spaces, spaces, spaces),
        (series, perHundredThousand, operator, limitMs, [a, b, c, d, e]) => {
          const percent = perHundredThousand / 1000;
          const expression = `${a}${series}.p${percent}${b}${operator}${c}${limitMs}${d}ms${e}`;
          const threshold = parseThreshold(expression);
          expect(threshold).toMatchObject({
            expression,
            clauses: [{ operator, limit: limitMs * 1e6, text: expression.trim() }],
          });
          const [{ metric } = { metric: null }] = metricsOf(threshold);
          expect(metric).toMatchObject({
            kind: 'quantile',
            series,
            quantile: expect.closeTo(perHundredThousand / 1e5, 12),
          });
        },
      ),
    );
  });
});

const WITHOUT_BOUNDS = { lower: null, upper: null };

function judge(expression: string, result: RunResult, own: Record<string, string> = {}) {
  return judgeThreshold(parseThreshold(expression, own), aggregate([viewResult(result)]));
}

/** 200 broadcasts to 5 clients, 7 of 1,000 deliveries lost, 2 late. */
function lossy() {
  const result = makeResult({ clients: 5, rateHz: 100, seconds: 2, lost: 7 });
  return { ...result, ledger: { ...result.ledger, late: 2, duplicated: 1 } };
}

describe('judging a count', () => {
  const result = lossy();

  it.each([
    ['lost==7', true, 7, '7'],
    ['lost==0', false, 7, '7'],
    ['lost<7', false, 7, '7'],
    ['lost<=7', true, 7, '7'],
    ['lost>6', true, 7, '7'],
    ['lost>=8', false, 7, '7'],
    ['duplicated==1', true, 1, '1'],
    ['reordered==0', true, 0, '0'],
    ['unexpected>0', false, 0, '0'],
    ['late<0.3%', true, 0.002, '0.200 %'],
    ['late<0.2%', false, 0.002, '0.200 %'],
    // In binary floating point 0.7 / 100 is less than 7 / 1000.
    ['lost<=0.7%', true, 0.007, '0.700 %'],
    ['lost==0.7%', true, 0.007, '0.700 %'],
  ])('answers "%s"', (expression, passed, actual, detail) => {
    expect(judge(expression, result)).toEqual({
      expression,
      passed,
      actual,
      ...WITHOUT_BOUNDS,
      detail,
    });
  });

  it.each([
    ['failed==5', true, 5, '5'],
    ['failed==0', false, 5, '5'],
    // A share of the 200 messages that were sent, not of their deliveries.
    ['failed<=2.5%', true, 0.025, '2.50 %'],
    ['failed<2%', false, 0.025, '2.50 %'],
  ])(
    'answers "%s" by the messages that were refused and the iterations that failed',
    (expression, passed, actual, detail) => {
      const failed = [
        { reason: 'publishing was answered with HTTP status 503', count: 3 },
        { reason: 'sold out', count: 2 },
      ];
      const failing = { ...lossy(), failed };
      expect(judge(expression, failing)).toEqual({
        expression,
        passed,
        actual,
        ...WITHOUT_BOUNDS,
        detail,
      });
    },
  );

  it('answers a share of failures where no delivery was expected, as by iterations that do not publish', () => {
    const iterations = { ...results.valid(), failed: [{ reason: 'sold out', count: 10 }] };
    const unexpectedOf = { ...iterations, ledger: { ...iterations.ledger, expected: 0, delivered: 0 } };
    expect(judge('failed<2%', unexpectedOf)).toMatchObject({ passed: true, actual: 0.01 });
    expect(judge('failed<2%', results.empty())).toMatchObject({
      passed: null,
      detail: 'nothing was sent',
    });
  });

  it('answers no share of nothing', () => {
    const nothing = results.empty();
    expect(judge('late<1%', nothing)).toEqual({
      expression: 'late<1%',
      passed: null,
      actual: null,
      ...WITHOUT_BOUNDS,
      detail: 'no delivery was expected',
    });
    expect(judge('lost==0', nothing)).toMatchObject({ passed: true, actual: 0 });
  });

  it.each(['lost==0', 'lost<1%', 'duplicated==0', 'failed==0'])(
    'does not judge %s by what a generator process did not report',
    (expression) => {
      const valid = results.valid();
      const ledger = { ...valid.ledger, expected: 1500, delivered: 750, unknown: 750 };
      expect(judge(expression, { ...valid, ledger })).toEqual({
        expression,
        passed: null,
        actual: null,
        ...WITHOUT_BOUNDS,
        detail: '750 of 1,500 expected deliveries are unknown: a generator process did not report them',
      });
    },
  );
});

describe('judging a series', () => {
  const result = lossy();
  const delivery = viewResult(result).histogram('delivery');

  it.each([
    ['min', delivery?.quantileNs(0)],
    ['max', delivery?.maxNs],
    ['mean', delivery?.meanNs],
    ['p50', delivery?.quantileNs(0.5)],
    ['p95', delivery?.quantileNs(0.95)],
  ])('takes %s from its histogram and compares it both ways', (statistic, figureNs = Number.NaN) => {
    const [belowNs, aboveNs] = [Math.floor(figureNs) - 1, Math.ceil(figureNs) + 1];
    const judgeIt = (limit: string) => judge(`delivery.${statistic}${limit}`, result);
    expect(judgeIt(`<${aboveNs}ns`)).toMatchObject({ passed: true, actual: figureNs });
    expect(judgeIt(`<${belowNs}ns`)).toMatchObject({ passed: false, actual: figureNs });
    expect(judgeIt(`>${belowNs}ns`)).toMatchObject({ passed: true, actual: figureNs });
    expect(judgeIt(`>${aboveNs}ns`)).toMatchObject({ passed: false, actual: figureNs });
  });

  it('shows the figure with its unit, and the interval around it', () => {
    const { detail, actual, lower, upper } = judge('delivery.p50<1h', result);
    // The median of the made-up latencies is 1.2 ms.
    expect(detail).toMatch(/^1\.[12]\d? ms \(1\.\d+-1\.\d+\)$/);
    expect(lower).toBeLessThan(actual ?? 0);
    expect(upper).toBeGreaterThan(actual ?? Number.NaN);
    expect(judge('delivery.max<1h', result)).toMatchObject(WITHOUT_BOUNDS);
  });

  it('judges by the figure, though its interval holds the limit, or has no upper end', () => {
    const { delivery: stored } = result.series;
    if (stored === undefined) throw new Error('the fixture has no deliveries');
    const correlated = {
      ...result,
      series: { ...result.series, delivery: { ...stored, effectiveSamples: { p95: 40 } } },
    };
    const { passed, detail, upper } = judge('delivery.p95<1h', correlated);
    expect([passed, upper]).toEqual([true, null]);
    expect(detail).toMatch(/^[\d.]+ ms \(>= [\d.]+\)$/);
    expect(judge('delivery.p50 < 1 * delivery.p50', result)).toMatchObject({ passed: false });
  });

  it.each([
    ['delivery.p99<1h', '1,000', '200'],
    ['delivery.p99.9<1h', '10,000', '200'],
    ['delivery.p96<1h', '250', '200'],
    ['fanout_last.p99<1h', '1,000', '200'],
  ])('neither passes nor fails "%s" without samples beyond the quantile', (expression, needed, has) => {
    expect(judge(expression, result)).toEqual({
      expression,
      passed: null,
      actual: null,
      ...WITHOUT_BOUNDS,
      detail: `judging it needs ${needed} independent samples, the run has ${has}; make the run longer`,
    });
  });

  it('judges the extremes and the mean of however few samples', () => {
    const few = makeResult({ clients: 2, rateHz: 3, seconds: 1 });
    for (const statistic of ['min', 'max', 'mean']) {
      expect(judge(`delivery.${statistic}<1h`, few).passed).toBe(true);
    }
    expect(judge('delivery.p50<1h', few).passed).toBeNull();
  });

  it("takes a scenario's own series, which no other scenario knows", () => {
    const own = { checkout: 'basket -> paid' };
    const { delivery: stored } = lossy().series;
    if (stored === undefined) throw new Error('the fixture has no deliveries');
    const shop = { ...lossy(), series: { checkout: stored }, ownSeries: own };
    // Every value of a scenario's own series is a sample of its own: p99 needs 1,000, and there are 993.
    expect(judge('checkout.p98<1h', shop, own)).toMatchObject({ passed: true });
    expect(judge('checkout.p99<1h', shop, own).passed).toBeNull();
    expect(thrownBy(() => parseThreshold('checkout.p99<1h'))).toMatchObject({
      code: 'BAD_THRESHOLD',
      message: expect.stringMatching(/"checkout" is not one of delivery, /),
    });
    expect(thrownBy(() => parseThreshold('checkot.p99<1h', own)).message).toMatch(
      /"checkot" is not one of checkout, delivery, /,
    );
  });

  it.each(['ack.p50<1h', 'ack.max<1h', 'ack.mean<1h'])(
    'neither passes nor fails "%s" when the run has no such series',
    (expression) => {
      expect(judge(expression, result)).toEqual({
        expression,
        passed: null,
        actual: null,
        ...WITHOUT_BOUNDS,
        detail: 'the run recorded no value',
      });
    },
  );
});

describe('judging figures of the run', () => {
  const result = makeResult({ transport: 'polling', seconds: 2 });

  it.each([
    // 4,000 deliveries by 2,000 polls, a quarter of them in vain, and 200 messages that were sent.
    ['requests_per_delivery<0.56', true, 0.55, '0.550'],
    ['empty_polls>=26%', false, 0.25, '25.0 %'],
    ['sent>=99/s', true, 100, '100/s'],
    ['sent<5990/m', false, 100, '100/s'],
    ['sent<6001/m', true, 100, '100/s'],
  ])('answers "%s"', (expression, passed, actual, detail) => {
    expect(judge(expression, result)).toEqual({ expression, passed, actual, detail, ...WITHOUT_BOUNDS });
  });

  it('says what the run does not report', () => {
    expect(judge('server_rss<1MiB', { ...result, telemetry: { servers: [], workers: [] } })).toMatchObject({
      passed: null,
      actual: null,
      detail: 'the run does not report it',
    });
  });
});

describe('judging relations and combinations', () => {
  const result = lossy();

  it('reports every value that it used, and the value of its left side', () => {
    expect(judge('lost < 4 * late', result)).toEqual({
      expression: 'lost < 4 * late',
      passed: true,
      actual: 7,
      ...WITHOUT_BOUNDS,
      detail: 'lost 7, late 2',
    });
    expect(judge('lost < 3 * late', result)).toMatchObject({ passed: false, actual: 7 });
    expect(judge('delivery.min < delivery.max and lost==7', result)).toEqual({
      expression: 'delivery.min < delivery.max and lost==7',
      passed: true,
      actual: null,
      ...WITHOUT_BOUNDS,
      detail: expect.stringMatching(/^delivery\.min [\d.]+ [\u00b5m]s, delivery\.max [\d.]+ ms, lost 7$/),
    });
  });

  it('reports the same count as a number and as a share', () => {
    expect(judge('lost<10 and lost<1%', result).detail).toBe('lost 7, lost 0.700 %');
    expect(judge('lost>0.4% and late<0.4%', result)).toMatchObject({
      passed: true,
      detail: 'lost 0.700 %, late 0.200 %',
    });
  });

  it.each([
    ['lost==0 and delivery.p99<1h', false],
    ['delivery.p99<1h and lost==0', false],
    ['lost==7 and delivery.p99<1h', null],
    ['delivery.p99 < 2 * delivery.p50', null],
  ])('answers "%s" by logic of three values, for p99 is not known', (expression, passed) => {
    expect(judge(expression, result)).toMatchObject({ passed, actual: null });
  });

  it('says of each unknown part why', () => {
    expect(judge('lost==7 and delivery.p99<1h', result).detail).toBe(
      'lost 7, delivery.p99 unknown: judging it needs 1,000 independent samples, the run has 200; make the run longer',
    );
  });
});

describe('judging against a base', () => {
  const pool = (lost: number) => aggregate([viewResult(makeResult({ clients: 5, seconds: 2, lost }))]);
  const judgeAgainst = (expression: string, base: ReturnType<typeof pool> | null) =>
    judgeThreshold(parseThreshold(expression, {}, { hasBase: true }), pool(6), base);

  it('takes a metric of the base only where it says so', () => {
    expect(judgeAgainst('lost <= 2 * base.lost', pool(3))).toEqual({
      expression: 'lost <= 2 * base.lost',
      passed: true,
      actual: 6,
      ...WITHOUT_BOUNDS,
      detail: 'lost 6, base.lost 3',
    });
    expect(judgeAgainst('base.lost >= lost', pool(3))).toMatchObject({ passed: false, actual: 3 });
    expect(judgeAgainst('delivery.p50 <= 1 * base.delivery.p50', pool(6)).passed).toBe(true);
  });

  it('judges nothing by a base that was not measured', () => {
    expect(judgeAgainst('lost <= base.lost', null)).toEqual({
      expression: 'lost <= base.lost',
      passed: null,
      actual: null,
      ...WITHOUT_BOUNDS,
      detail: 'lost 6, base.lost unknown: nothing was measured',
    });
    expect(judgeAgainst('lost > 6 and lost <= base.lost', null).passed).toBe(false);
  });

  it('judges no head that was not measured, not even by its lost messages', () => {
    expect(judgeThreshold(parseThreshold('lost==0'), null)).toEqual({
      expression: 'lost==0',
      passed: null,
      actual: null,
      ...WITHOUT_BOUNDS,
      detail: 'nothing was measured',
    });
  });

  it('takes all runs of an arm together', () => {
    const views = [1, 2].map((lost) => viewResult(makeResult({ clients: 5, rateHz: 50, seconds: 10, lost })));
    const together = (expression: string) => judgeThreshold(parseThreshold(expression), aggregate(views));
    expect(together('lost==3').passed).toBe(true);
    // 500 broadcasts each.
    expect(together('delivery.p99<1h').passed).toBe(true);
    expect(judgeThreshold(parseThreshold('delivery.p99<1h'), aggregate(views.slice(1))).passed).toBeNull();
  });
});

describe('checking a threshold before the run', () => {
  const expected: Expectation = {
    samples: new Map([
      ['delivery', 999],
      ['fanout_last', 1000],
      ['connect', 0],
      ['own', null],
    ]),
    unavailable: new Map([['server_rss', { problem: 'nothing is known of the server', hint: 'Start it.' }]]),
  };
  const parse = (expression: string) => parseThreshold(expression, { own: 'own' }, { hasBase: true });
  const check = (expression: string, base: Expectation | null = null, runs = 1) =>
    warnOfThreshold(parse(expression), { head: expected, base, runs });
  const isKnown = (expression: string, base: Expectation | null = null) =>
    isAvailable(parse(expression), { head: expected, base, runs: 1 });

  it.each([
    ['delivery.p99<1h', '1,000', '999'],
    ['delivery.p99.9<1h', '10,000', '999'],
    ['fanout_last.p99.1<1h', '1,112', '1,000'],
    ['connect.max<1h', '1', '0'],
    ['connect.mean<1h', '1', '0'],
  ])('warns of "%s" with fewer samples than it needs', (expression, needed, planned) => {
    expect(check(expression)).toBe(
      `--threshold "${expression}" will not be judged: it needs ${needed} independent samples, and this run plans ${planned}`,
    );
  });

  it.each([
    'delivery.p98<1h',
    'fanout_last.p99<1h',
    'delivery.max<1h',
    'own.p99.9<1h',
    'lost==0',
    'lost<1%',
    'late==0',
    'server_cpu<80%',
    'lost==0 and fanout_last.p99 < 3 * delivery.p50',
  ])('has nothing against "%s"', (expression) => {
    expect(check(expression)).toBeNull();
    expect(isKnown(expression)).toBe(true);
  });

  it('warns of each metric with too few samples', () => {
    expect(check('delivery.p99 < 2 * fanout_last.p99.1')).toBe(
      '--threshold "delivery.p99 < 2 * fanout_last.p99.1" will not be judged: delivery.p99 needs 1,000 independent samples, and this run plans 999; fanout_last.p99.1 needs 1,112 independent samples, and this run plans 1,000',
    );
    expect(check('lost==0 and delivery.p50<1s and connect.max<1s')).toBe(
      '--threshold "lost==0 and delivery.p50<1s and connect.max<1s" may not be judged: connect.max needs 1 independent samples, and this run plans 0',
    );
  });

  it('counts the samples of all runs that are taken together', () => {
    expect(check('delivery.p99.9<1h', null, 11)).toBeNull();
    expect(check('delivery.p99.9<1h', null, 10)).toBe(
      '--threshold "delivery.p99.9<1h" will not be judged: it needs 10,000 independent samples, and 10 runs plan 9,990',
    );
  });

  it.each([
    [
      'ack.p50<1h',
      'this run will not record "ack", but delivery, fanout_last, connect, own',
      'Use one of them.',
    ],
    [
      'lost==0 and ack.p50<1h',
      'this run will not record "ack", but delivery, fanout_last, connect, own',
      'Use one of them.',
    ],
    ['server_rss<1MiB', 'nothing is known of the server', 'Start it.'],
    ['lost==0 and server_rss<1MiB', 'nothing is known of the server', 'Start it.'],
  ])('refuses "%s", of which the run will have no value', (expression, problem, hint) => {
    expect(isKnown(expression)).toBe(false);
    expect(thrownBy(() => check(expression))).toMatchObject({
      code: 'BAD_THRESHOLD',
      message: `--threshold "${expression}": ${problem}`,
      hint,
      exitCode: 2,
    });
  });

  it('holds what is of the base against the base', () => {
    const ofBase: Expectation = { samples: new Map([['delivery', 100]]), unavailable: new Map() };
    expect(isKnown('delivery.p50 < base.delivery.p50', ofBase)).toBe(true);
    expect(isKnown('delivery.p50 < base.delivery.p50')).toBe(false);
    expect(isKnown('connect.p50 < base.connect.p50', ofBase)).toBe(false);
    expect(isKnown('base.server_rss < 1MiB', ofBase)).toBe(true);
    expect(check('delivery.p95 < base.delivery.p95', ofBase)).toBe(
      '--threshold "delivery.p95 < base.delivery.p95" will not be judged: base.delivery.p95 needs 200 independent samples, and this run plans 100',
    );
  });
});
