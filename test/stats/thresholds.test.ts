import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SERIES, viewResult } from '../../src/result/view.ts';
import { foreseeThreshold, judgeThreshold, parseThreshold } from '../../src/stats/thresholds.ts';
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
    expect(parseThreshold(expression)).toEqual({ expression, metric, operator, limit });
  });

  it('reads every percentile of every series, spaced or not, and keeps the expression as it was given', () => {
    const spaces = fc.stringMatching(/^ {0,3}$/);
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
          expect(threshold).toMatchObject({ expression, operator, limit: limitMs * 1e6 });
          expect(threshold.metric).toMatchObject({ kind: 'quantile', series });
          expect(threshold.metric.kind === 'quantile' && threshold.metric.quantile).toBeCloseTo(
            perHundredThousand / 1e5,
            12,
          );
        },
      ),
    );
  });

  it.each(['', 'delivery', 'delivery.p99', 'delivery.p99=50ms', '<50ms', 'delivery.p99<', 'Lost==0', 'p99'])(
    'refuses "%s", which is not a threshold',
    (expression) => {
      expect(thrownBy(() => parseThreshold(expression))).toMatchObject({
        code: 'BAD_THRESHOLD',
        message: `--threshold "${expression}": is not a threshold`,
        hint: "Write it like 'delivery.p99<50ms' or 'lost==0'.",
        exitCode: 2,
      });
    },
  );

  it.each([
    [
      'missing==0',
      '"missing" is not one of lost, late, duplicated, reordered, unexpected, failed',
      'Use one of them.',
    ],
    [
      'delivery<50ms',
      '"delivery" is not one of lost, late, duplicated, reordered, unexpected, failed',
      'Name a statistic, like delivery.p99.',
    ],
    ['lost==0.5', '"0.5" is neither a whole number nor a percentage', 'Write it like lost==0 or late<0.1%.'],
    ['lost==-1', '"-1" is neither a whole number nor a percentage', 'Write it like lost==0 or late<0.1%.'],
    ['lost<5ms', '"5ms" is neither a whole number nor a percentage', 'Write it like lost==0 or late<0.1%.'],
    ['lost==1 0', '"1 0" is neither a whole number nor a percentage', 'Write it like lost==0 or late<0.1%.'],
    ['delivry.p99<5ms', `"delivry" is not one of ${SERIES_NAMES.join(', ')}`, 'Use one of them.'],
    ['lost.p99<5ms', `"lost" is not one of ${SERIES_NAMES.join(', ')}`, 'Use one of them.'],
    ['ack.median<5ms', '"median" is not p0 to p99.999, min, max or mean', 'Write it like delivery.p99<50ms.'],
    ['ack.p100<5ms', '"p100" is not p0 to p99.999, min, max or mean', 'Write it like delivery.p99<50ms.'],
    ['ack.p<5ms', '"p" is not p0 to p99.999, min, max or mean', 'Write it like delivery.p99<50ms.'],
    ['ack.p9.9.9<5ms', '"p9.9.9" is not p0 to p99.999, min, max or mean', 'Write it like delivery.p99<50ms.'],
    [
      'ack.p99<50',
      '"50" has no unit; a duration is a number and one of the units ns, us, ms, s, m, h',
      'Write it like 10s or 250ms.',
    ],
    [
      'ack.p99<5%',
      '"5%" is not a duration; a duration is a number and one of the units ns, us, ms, s, m, h',
      'Write it like 10s or 250ms.',
    ],
    [
      'ack.p99<5 0ms',
      '"5 0ms" is not a duration; a duration is a number and one of the units ns, us, ms, s, m, h',
      'Write it like 10s or 250ms.',
    ],
  ])('refuses "%s"', (expression, problem, hint) => {
    expect(thrownBy(() => parseThreshold(expression))).toMatchObject({
      code: 'BAD_THRESHOLD',
      message: `--threshold "${expression}": ${problem}`,
      hint,
      exitCode: 2,
    });
  });
});

/** 200 broadcasts to 5 clients, 7 of 1,000 deliveries lost, 2 late. */
function lossy() {
  const result = makeResult({ clients: 5, rateHz: 100, seconds: 2, lost: 7 });
  return { ...result, ledger: { ...result.ledger, late: 2, duplicated: 1 } };
}

describe('judging a count', () => {
  const view = viewResult(lossy());

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
    ['late<0.3%', true, 0.002, '0.2 %'],
    ['late<0.2%', false, 0.002, '0.2 %'],
    // In binary floating point 0.7 / 100 is less than 7 / 1000.
    ['lost<=0.7%', true, 0.007, '0.7 %'],
    ['lost==0.7%', true, 0.007, '0.7 %'],
  ])('answers "%s"', (expression, passed, actual, detail) => {
    expect(judgeThreshold(parseThreshold(expression), view)).toEqual({
      expression,
      passed,
      actual,
      detail,
    });
  });

  it.each([
    ['failed==5', true, 5, '5'],
    ['failed==0', false, 5, '5'],
    // Of the 200 messages that were sent, however many they were owed to.
    ['failed<=2.5%', true, 0.025, '2.5 %'],
    ['failed<2%', false, 0.025, '2.5 %'],
  ])(
    'answers "%s" by the messages that were refused and the visits that failed',
    (expression, passed, actual, detail) => {
      const failed = [
        { reason: 'publishing was answered with HTTP status 503', count: 3 },
        { reason: 'sold out', count: 2 },
      ];
      const failing = viewResult({ ...lossy(), failed });
      expect(judgeThreshold(parseThreshold(expression), failing)).toEqual({
        expression,
        passed,
        actual,
        detail,
      });
    },
  );

  it('answers a share of failures where nothing was owed to anyone, as by visits that do not publish', () => {
    const visits = { ...results.valid(), failed: [{ reason: 'sold out', count: 10 }] };
    const view = viewResult({ ...visits, ledger: { ...visits.ledger, owed: 0, delivered: 0 } });
    expect(judgeThreshold(parseThreshold('failed<2%'), view)).toMatchObject({ passed: true, actual: 0.01 });
    expect(judgeThreshold(parseThreshold('failed<2%'), viewResult(results.empty()))).toMatchObject({
      passed: null,
      detail: 'nothing was sent',
    });
  });

  it('answers no share of nothing', () => {
    const nothing = viewResult(results.empty());
    expect(judgeThreshold(parseThreshold('late<1%'), nothing)).toEqual({
      expression: 'late<1%',
      passed: null,
      actual: null,
      detail: 'no message was owed to anyone',
    });
    expect(judgeThreshold(parseThreshold('lost==0'), nothing)).toMatchObject({ passed: true, actual: 0 });
  });
});

describe('judging a series', () => {
  const view = viewResult(lossy());
  const delivery = view.histogram('delivery');

  it.each([
    ['min', delivery?.minNs],
    ['max', delivery?.maxNs],
    ['mean', delivery?.meanNs],
    ['p50', delivery?.quantileNs(0.5)],
    ['p95', delivery?.quantileNs(0.95)],
  ])('takes %s from its histogram and compares it both ways', (statistic, figureNs = Number.NaN) => {
    const [belowNs, aboveNs] = [Math.floor(figureNs) - 1, Math.ceil(figureNs) + 1];
    const judge = (limit: string) => judgeThreshold(parseThreshold(`delivery.${statistic}${limit}`), view);
    expect(judge(`<${aboveNs}ns`)).toMatchObject({ passed: true, actual: figureNs });
    expect(judge(`<${belowNs}ns`)).toMatchObject({ passed: false, actual: figureNs });
    expect(judge(`>${belowNs}ns`)).toMatchObject({ passed: true, actual: figureNs });
    expect(judge(`>${aboveNs}ns`)).toMatchObject({ passed: false, actual: figureNs });
  });

  it('shows the figure with its unit', () => {
    const { detail } = judgeThreshold(parseThreshold('delivery.p50<1h'), view);
    // The median of the made-up latencies is 1.2 ms.
    expect(detail).toMatch(/^1\.[12]\d? ms$/);
  });

  it.each([
    ['delivery.p99<1h', '1,000', '200'],
    ['delivery.p99.9<1h', '10,000', '200'],
    ['delivery.p96<1h', '250', '200'],
    ['fanout_last.p99<1h', '1,000', '200'],
  ])('neither passes nor fails "%s" without samples beyond the quantile', (expression, needed, has) => {
    expect(judgeThreshold(parseThreshold(expression), view)).toEqual({
      expression,
      passed: null,
      actual: null,
      detail: `it needs ${needed} independent samples, the run has ${has}; make the run longer`,
    });
  });

  it('judges the extremes and the mean of however few samples', () => {
    const few = viewResult(makeResult({ clients: 2, rateHz: 3, seconds: 1 }));
    for (const statistic of ['min', 'max', 'mean']) {
      expect(judgeThreshold(parseThreshold(`delivery.${statistic}<1h`), few).passed).toBe(true);
    }
    expect(judgeThreshold(parseThreshold('delivery.p50<1h'), few).passed).toBeNull();
  });

  it("takes a scenario's own series, which is known to nobody else", () => {
    const own = { checkout: 'basket -> paid' };
    const { delivery: stored } = lossy().series;
    if (stored === undefined) throw new Error('the fixture has no deliveries');
    const shop = viewResult({ ...lossy(), series: { checkout: stored }, ownSeries: own });
    // Every value of a scenario's own series is a sample of its own: p99 needs 1,000, and there are 993.
    expect(judgeThreshold(parseThreshold('checkout.p98<1h', own), shop)).toMatchObject({ passed: true });
    expect(judgeThreshold(parseThreshold('checkout.p99<1h', own), shop).passed).toBeNull();
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
      expect(judgeThreshold(parseThreshold(expression), view)).toEqual({
        expression,
        passed: null,
        actual: null,
        detail: 'the run recorded no value of it',
      });
    },
  );
});

describe('foreseeing whether a threshold can be judged', () => {
  const forecast = new Map([
    ['delivery', 999],
    ['fanout_last', 1000],
    ['connect', 0],
    ['own', null],
  ]);
  const foresee = (expression: string) =>
    foreseeThreshold(parseThreshold(expression, { own: 'own' }), forecast);

  it.each([
    ['delivery.p99<1h', '1,000', '999'],
    ['delivery.p99.9<1h', '10,000', '999'],
    ['fanout_last.p99.1<1h', '1,112', '1,000'],
    ['connect.max<1h', '1', '0'],
    ['connect.mean<1h', '1', '0'],
  ])('doubts "%s" with fewer samples than it needs', (expression, needed, planned) => {
    expect(foresee(expression)).toBe(
      `--threshold "${expression}" will not be judged: it needs ${needed} independent samples, and this run plans ${planned}`,
    );
  });

  it.each(['delivery.p98<1h', 'fanout_last.p99<1h', 'delivery.max<1h', 'own.p99.9<1h', 'lost==0', 'late<1%'])(
    'sees nothing against "%s"',
    (expression) => expect(foresee(expression)).toBeNull(),
  );

  it('refuses a series that is known, but not recorded by this run', () => {
    expect(thrownBy(() => foresee('ack.p50<1h'))).toMatchObject({
      code: 'BAD_THRESHOLD',
      message:
        '--threshold "ack.p50<1h": this run will not record "ack", but delivery, fanout_last, connect, own',
      hint: 'Use one of them.',
      exitCode: 2,
    });
  });
});
