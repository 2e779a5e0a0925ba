import { describe, expect, it } from 'vitest';
import { rankingTexts, spoiltTexts } from '../../src/report/comparison/facts.ts';
import { comparisonTone } from '../../src/report/comparison/tone.ts';
import { adviceFor, metricSentence, pairSentence } from '../../src/report/comparison/words.ts';
import type { Comparison, MetricOutcome, PairOutcome } from '../../src/result/comparison.ts';
import { comparisons, makeComparison } from './comparison-fixture.ts';

function firstHead(comparison: Comparison): PairOutcome {
  const [pair] = comparison.judgement.heads;
  if (pair === undefined) throw new Error('no head');
  return pair;
}

function outcome(comparison: Comparison, name: string): MetricOutcome {
  const metric = firstHead(comparison).metrics.find((each) => each.metric === name);
  if (metric === undefined) throw new Error(`no ${name}`);
  return metric;
}

/** The comparison with one head of which nothing can be said for this reason. */
function spoiltBy(code: string): Comparison {
  const comparison = comparisons.invalid();
  const heads = comparison.judgement.heads.map((pair) => ({
    ...pair,
    invalid: [],
    spoilt: [1, 2, 4].map((round) => ({
      round,
      reasons: [{ arm: 1, code, message: `it was ${round === 4 ? 'worse' : 'bad'}` }],
    })),
  }));
  return { ...comparison, judgement: { ...comparison.judgement, heads } };
}

describe('sentences of a comparison', () => {
  it('call arms of a compare slower, faster, dearer, cheaper or less reliable', () => {
    const say = (verdicts: Parameters<typeof makeComparison>[0]) => {
      const comparison = makeComparison({ command: 'compare', arms: ['ws', 'socketio'], ...verdicts });
      return pairSentence(comparison, firstHead(comparison));
    };
    expect(say({ verdicts: { 'delivery.p50': 'REGRESSED', lost: 'REGRESSED' } })).toMatch(
      /^REGRESSED: socketio is slower and less reliable than ws: delivery\.p50 of socketio is 1\.40 times that of ws /,
    );
    expect(say({ verdicts: { 'delivery.p50': 'IMPROVED' } })).toMatch(
      /^IMPROVED: socketio is faster than ws: /,
    );
    expect(say({ verdicts: { 'delivery.p50': 'REGRESSED', 'fanout_last.p95': 'IMPROVED' } })).toContain(
      '; but faster: fanout_last.p95 of socketio is 0.60 times that of ws (0.55 to 0.66), 2.4 ms instead of 4 ms; 5 pairs,',
    );
  });

  it('claim no rate of false alarms for a count, of which one is a fact', () => {
    const comparison = makeComparison({ verdicts: { lost: 'REGRESSED' } });
    expect(pairSentence(comparison, firstHead(comparison))).toBe(
      'REGRESSED: lost of head is 10 instead of 0; 5 pairs',
    );
  });

  it('have as many decimals as the bounds need, and say which bound is missing', () => {
    const comparison = comparisons.ok();
    const metric = outcome(comparison, 'delivery.p50');
    const say = (given: Partial<MetricOutcome>) =>
      metricSentence(comparison, firstHead(comparison), { ...metric, ...given });
    expect(say({ ratio: 1.0042, lower: 1.0001, upper: 1.0061 })).toContain(
      'is 1.004 times that of base (1.000 to 1.006)',
    );
    expect(say({ ratio: 12.345, lower: 9, upper: 150.4 })).toContain(
      'is 12.3 times that of base (9.00 to 150)',
    );
    expect(say({ upper: null })).toContain('(at least 0.97)');
    expect(say({ lower: null })).toContain('(at most 1.04)');
    expect(say({ lower: null, upper: null })).toContain('(too few rounds for bounds)');
    expect(say({ ratio: null, because: 'no pair of rounds has a value of it' })).toBe(
      'delivery.p50 of head cannot be told: no pair of rounds has a value of it',
    );
  });

  it('take more of a rate for better', () => {
    const comparison = comparisons.ok();
    const pair = firstHead(comparison);
    const sent = { ...outcome(comparison, 'sent'), gating: true, lower: 0.995, upper: 1.2, detectable: 0.96 };
    expect(pairSentence(comparison, { ...pair, metrics: [sent] })).toBe(
      'OK: head is not worse than base: sent is at least 0.99 times that of base (tolerated 1 % less); 5 pairs; a fall of sent by 4 % would have been noticed in nine of ten comparisons',
    );
  });

  it('tell a difference within the floor by the reason of the verdict', () => {
    const comparison = comparisons.ok();
    const pair = firstHead(comparison);
    const metric = {
      ...outcome(comparison, 'delivery.p50'),
      upper: 1.5,
      detectable: null,
      because: 'worse by less than the 200 us that are always tolerated, if at all',
    };
    expect(pairSentence(comparison, { ...pair, metrics: [metric] })).toBe(
      'OK: head is not worse than base: delivery.p50 is 1.21 ms instead of 1.2 ms (worse by less than the 200 us that are always tolerated, if at all); 5 pairs',
    );
  });

  it('tell what is surely better where something else cannot be told', () => {
    const comparison = makeComparison({
      verdicts: { 'delivery.p50': 'IMPROVED', 'fanout_last.p95': 'INCONCLUSIVE' },
    });
    expect(pairSentence(comparison, firstHead(comparison))).toContain(
      '; faster for sure: delivery.p50 of head is 0.60 times that of base (0.55 to 0.66), 720 us instead of 1.2 ms; 5 pairs',
    );
  });

  it('name three reasons at most', () => {
    const comparison = comparisons.invalid();
    const invalid = ['a', 'b', 'c', 'd', 'e'].map((message) => ({ code: 'x', message }));
    expect(pairSentence(comparison, { ...firstHead(comparison), invalid })).toBe(
      'INVALID: nothing can be said of head against base: a; b; c; and 2 more',
    );
  });

  it('say that it ended before it was to be judged', () => {
    const comparison = comparisons.ok();
    const pair: PairOutcome = { ...firstHead(comparison), verdict: 'INCONCLUSIVE', pairs: 2 };
    const judgement = { ...comparison.judgement, rounds: 2 };
    expect(pairSentence({ ...comparison, judgement }, pair)).toBe(
      'INCONCLUSIVE: whether head is worse than base cannot be told: 2 rounds of the 5 that it takes; 2 pairs',
    );
  });
});

describe('advice', () => {
  it.each([
    ['generator_busy', /more processes.*--workers/],
    ['send_lag', /more processes.*--workers/],
    ['cpu_throttled', /CPU limit/],
    ['cpu_steal', /machine of its own/],
    ['server_died', /last lines/],
    ['EXEC_FAILED', /start each arm alone/],
    ['environment_changed', /--base-exec CMD or --base-ref REF/],
    ['something_new', /mend what spoilt the rounds/],
  ])('for %s', (code, expected) => {
    const advice = adviceFor(spoiltBy(code));
    expect(advice).toHaveLength(1);
    expect(advice[0]).toMatch(expected);
  });

  it('is to measure longer where no round had enough messages for a metric', () => {
    const comparison = comparisons.inconclusive();
    const heads = comparison.judgement.heads.map((pair) => ({
      ...pair,
      metrics: pair.metrics.map((metric) => ({ ...metric, points: [] })),
    }));
    expect(adviceFor({ ...comparison, judgement: { ...comparison.judgement, heads } })).toEqual([
      'too few messages in a round for delivery.p50: longer ones (--duration 2s), more of them (--rate)',
    ]);
  });

  it('is to let it end where it was cut short', () => {
    expect(adviceFor(comparisons.partial())).toEqual(['it was cut short: let it end']);
  });

  it('is not needed where all is well', () => {
    expect(adviceFor(comparisons.ok())).toEqual([]);
  });
});

describe('what spoilt pairs', () => {
  it('is told once for each arm and code', () => {
    const comparison = spoiltBy('send_lag');
    expect(spoiltTexts(comparison, firstHead(comparison))).toEqual([
      'rounds 1, 2 and 4: head: send_lag: such as it was bad',
    ]);
  });
});

describe('the ranking', () => {
  it('says which arms cannot be told apart', () => {
    const comparison = comparisons.several();
    const places = [
      { arm: 0, rank: 1, value: 1e6, beats: [2] },
      { arm: 1, rank: 1, value: 1.1e6, beats: [] },
      { arm: 2, rank: 2, value: null, beats: [] },
    ];
    const judgement = { ...comparison.judgement, ranking: { metric: 'delivery.p50', places } };
    expect(rankingTexts({ ...comparison, judgement })).toEqual([
      'by delivery.p50: 1. ws (1 ms), socketio (1.1 ms); 2. socketio polling',
      'ws and socketio cannot be told apart',
      'socketio and socketio polling cannot be told apart',
    ]);
    expect(rankingTexts(comparison).at(-1)).toBe('every difference between two of them is real');
    expect(rankingTexts(comparisons.ok())).toEqual([]);
  });
});

describe('the tone', () => {
  it.each([
    ['ok', 'good'],
    ['improved', 'good'],
    ['inconclusive', 'warning'],
    ['partial', 'warning'],
    ['regressed', 'bad'],
    ['invalid', 'bad'],
    ['thresholds', 'bad'],
  ] as const)('of %s is %s', (name, tone) => {
    expect(comparisonTone(comparisons[name]())).toBe(tone);
  });
});
