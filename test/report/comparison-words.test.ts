import { describe, expect, it } from 'vitest';
import { renderGithubSummary } from '../../src/report/ci/github-summary.ts';
import { adviceFor } from '../../src/report/content/comparison-advice.ts';
import { turnsText } from '../../src/report/content/comparison-circumstances.ts';
import { excludedTexts, rankingTexts } from '../../src/report/content/comparison-facts.ts';
import { metricSentence } from '../../src/report/content/comparison-metric-words.ts';
import { comparisonSeverity } from '../../src/report/content/comparison-severity.ts';
import { renderComparisonText } from '../../src/report/content/comparison-text.ts';
import { pairSentence, remarkTexts, verdictSentence } from '../../src/report/content/comparison-words.ts';
import type { Comparison, MetricOutcome, PairOutcome } from '../../src/result/comparison.ts';
import type { FindingCode } from '../../src/result/findings.ts';
import { comparisons, makeComparison, overload } from './comparison-fixture.ts';

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
function excludedBy(code: FindingCode): Comparison {
  const comparison = comparisons.invalid();
  const heads = comparison.judgement.heads.map((pair) => ({
    ...pair,
    invalid: [],
    excluded: [1, 2, 4].map((round) => ({
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

  it('say that equal arms are called worse or better only by ratios, as often as the design allows in all', () => {
    const say = (verdicts: Record<string, 'REGRESSED' | 'IMPROVED'>) => {
      const comparison = makeComparison({ verdicts });
      return pairSentence(comparison, firstHead(comparison));
    };
    expect(say({ 'delivery.p50': 'REGRESSED', lost: 'REGRESSED' })).toMatch(
      /; 5 pairs, by ratios equal builds are called REGRESSED in at most 2 % of comparisons$/,
    );
    expect(say({ 'delivery.p50': 'IMPROVED' })).toMatch(
      /; 5 pairs, by ratios equal builds are called IMPROVED in at most 2 % of comparisons$/,
    );
  });

  it('claim no rate of false alarms for a count', () => {
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
      'OK: head is not worse than base by sent; 5 pairs; a fall of sent by 4 % or more would have been noticed in nine of ten comparisons',
    );
  });

  it('say of a difference within the floor that it is', () => {
    const comparison = comparisons.ok();
    const pair = firstHead(comparison);
    const metric = {
      ...outcome(comparison, 'delivery.p50'),
      upper: 1.5,
      detectable: null,
      because: 'worse by less than the 200 us that are always tolerated, if at all',
    };
    expect(pairSentence(comparison, { ...pair, metrics: [metric] })).toBe(
      'OK: head is not worse than base by delivery.p50 (within 200 us); 5 pairs',
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

  it('name as many reasons as a line has room for', () => {
    const comparison = comparisons.invalid();
    const invalid = ['a', 'b', 'c', 'd'.repeat(299), 'e'].map((message) => ({
      code: 'server_died' as const,
      message,
    }));
    expect(pairSentence(comparison, { ...firstHead(comparison), invalid })).toBe(
      'INVALID: nothing can be said of head against base: a; b; c; and 2 more',
    );
  });

  it.each(['ok', 'inconclusive', 'regressed'] as const)(
    'say that it ended before it was to be judged, whatever the metrics look like: %s',
    (name) => {
      const comparison = comparisons[name]();
      const pair: PairOutcome = { ...firstHead(comparison), verdict: 'INCONCLUSIVE', pairs: 2 };
      const judgement = { ...comparison.judgement, rounds: 2 };
      expect(pairSentence({ ...comparison, judgement }, pair)).toBe(
        'INCONCLUSIVE: whether head is worse than base cannot be told: 2 rounds of the 5 that it takes; 2 pairs',
      );
    },
  );

  it('say by what it is not worse, and what it is worse by all the same', () => {
    const comparison = comparisons.warned();
    const pair = firstHead(comparison);
    const named = (names: readonly string[], given: Partial<MetricOutcome>) =>
      names.map((metric) => ({
        ...outcome(comparison, given.kind === 'exact' ? 'lost' : 'delivery.p50'),
        ...given,
        metric,
      }));
    const metrics = [
      ...named(['delivery.p50', 'fanout_last.p50'], { kind: 'ratio', detectable: 1.15 }),
      ...named(['server_cpu_per_delivery'], { kind: 'ratio', detectable: 1.18 }),
      ...named(['lost', 'duplicated', 'reordered', 'unexpected', 'failed'], { kind: 'exact' }),
      outcome(comparison, 'delivery.p99'),
    ];
    const sentence = pairSentence(comparison, { ...pair, metrics });
    expect(sentence).toBe(
      'OK: head is not worse than base by delivery.p50, fanout_last.p50 and server_cpu_per_delivery, nothing lost, duplicated or reordered in either; 5 pairs; growth of server_cpu_per_delivery by 18 % or more would have been noticed in nine of ten comparisons; but delivery.p99, which is told only, is 1.40 times that of base',
    );
    const lossy = metrics.map((metric) =>
      metric.metric === 'failed' ? { ...metric, base: 9, head: 8 } : metric,
    );
    expect(pairSentence(comparison, { ...pair, metrics: lossy })).toContain(
      'reordered in either, failed 8 as against 9; 5 pairs',
    );
  });

  it.each(['REGRESSED', 'INCONCLUSIVE'] as const)('tell only the first of several in full: %s', (verdict) => {
    const comparison = makeComparison({
      verdicts: { 'delivery.p50': verdict, 'fanout_last.p95': verdict, lost: verdict },
    });
    const sentence = pairSentence(comparison, firstHead(comparison));
    expect(sentence).toMatch(
      /delivery\.p50 of head is \d\.\d\d times that of base \(\d\.\d\d to \d\.\d\d\), \S+ ms instead of 1\.2 ms; fanout_last\.p95 \d\.\d\d times \(\d\.\d\d to \d\.\d\d\); lost \d+ instead of 0; 5 pairs/,
    );
    expect(sentence.length).toBeLessThan(330);
  });

  it('leave out a metric that may be missing and is, and remark on it', () => {
    const comparison = structuredClone(comparisons.ok());
    const cpu = { ...outcome(comparison, 'delivery.p50'), metric: 'server_cpu_per_delivery', optional: true };
    const because = 'not judged: too few pairs of rounds have a value that is fine enough';
    const [pair] = comparison.judgement.heads;
    pair?.metrics.unshift({
      ...cpu,
      verdict: 'INCONCLUSIVE',
      ratio: null,
      detectable: null,
      points: [],
      because,
    });
    expect(verdictSentence(comparison)).toMatch(
      /^OK: head is not worse than base by delivery\.p50 and fanout_last\.p95, /,
    );
    expect(remarkTexts(comparison)).toEqual([`server_cpu_per_delivery: ${because}`]);
  });

  it('say that only counts were judged', () => {
    const comparison = comparisons.ok();
    const pair = { ...firstHead(comparison), metrics: [outcome(comparison, 'lost')] };
    expect(pairSentence(comparison, pair)).toBe(
      'OK: head is not worse than base by counts alone, nothing lost in either; 5 pairs',
    );
  });

  it('say why a count cannot be told', () => {
    const comparison = makeComparison({ verdicts: { lost: 'INCONCLUSIVE' } });
    const because = '1 in 1 of 15 rounds of the head, none in the base: too rare to tell';
    const lost = { ...outcome(comparison, 'lost'), head: 1, because };
    expect(metricSentence(comparison, firstHead(comparison), lost)).toBe(
      `lost of head is 1 instead of 0 (${because})`,
    );
  });

  it('claim nothing about false alarms where the base did not take turns', () => {
    for (const verdict of ['REGRESSED', 'IMPROVED', 'OK'] as const) {
      const comparison = makeComparison({
        baseline: 'main/rounds.json',
        verdicts: { 'delivery.p50': verdict },
      });
      const text = renderComparisonText(comparison) + renderGithubSummary(comparison);
      expect(text).not.toMatch(/at most \S+ % of comparisons|% false alarms/);
      expect(verdictSentence(comparison)).toContain('; 5 pairs with a base measured at another time');
      expect(remarkTexts(comparison)[0]).toMatch(/^the rounds were not interleaved with those of the base/);
    }
  });
});

describe('remarks', () => {
  const first = (comparison: Comparison) => remarkTexts(comparison)[0];

  it('say that servers were overloaded, whatever the verdict', () => {
    expect(first(overload(comparisons.ok(), [0, 3]))).toBe(
      'SERVER OVERLOADED in 3 of 5 rounds of head: its latencies say how far it fell behind, not how fast it is; drive less (--rate, --clients)',
    );
    expect(first(comparisons.overloaded())).toMatch(
      /^SERVER OVERLOADED in 5 of 5 rounds of base and 3 of 5 rounds of head: their latencies /,
    );
  });

  it('have the notes of the comparison first', () => {
    const notes = [{ code: 'loads_differ' as const, message: 'the loads differ' }];
    const remarks = remarkTexts({ ...comparisons.several(), notes });
    expect(remarks[0]).toBe('note: the loads differ');
    expect(remarks.length).toBeGreaterThan(2);
  });

  it('name the arm of a threshold where there are several heads', () => {
    const [given] = comparisons.thresholds().thresholds;
    if (given === undefined) throw new Error('no threshold');
    const thresholds = [given, { ...given, arm: 2 }];
    expect(remarkTexts({ ...comparisons.several(), thresholds }).slice(2)).toEqual([
      'socketio: passed: lost==0 (0)',
      'socketio polling: passed: lost==0 (0)',
    ]);
  });
});

describe('how arms took turns', () => {
  /** The comparison with these commands, base first; null for a server that runs already. */
  function started(comparison: Comparison, execs: ReadonlyArray<string | null>): Comparison {
    const arms = comparison.design.arms.map((arm, index) => ({
      ...arm,
      plan: { ...arm.plan, target: { ...arm.plan.target, exec: execs[index] ?? null } },
    }));
    return { ...comparison, design: { ...comparison.design, arms } };
  }

  it('is with fresh processes only where they were started for it', () => {
    const ok = comparisons.ok();
    expect(turnsText(started(ok, ['node a.js', 'node b.js']))).toBe(
      'base and head took turns, round by round, each round with fresh processes.',
    );
    expect(turnsText(started(ok, ['node a.js', null]))).toBe(
      'base and head took turns, round by round. The server of head ran already and was not started anew for each round; only the load was.',
    );
    expect(turnsText(started(ok, []))).toContain('The servers ran already');
    expect(turnsText(started(comparisons.stored(), ['node a.js', 'node a.js']))).toMatch(
      /^base is a stored one, measured at another time, /,
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
    ['exec_failed', /start each arm alone/],
    ['environment_changed', /--base-exec CMD or --base-ref REF/],
  ] as const)('for %s', (code, expected) => {
    const advice = adviceFor(excludedBy(code));
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
      'too few messages in a round for delivery.p50: more of them (--rate), or longer rounds (--duration 2s)',
    ]);
  });

  it('is to take more rounds, not longer ones, where the rounds differ too much', () => {
    expect(adviceFor(comparisons.inconclusive())).toEqual([
      'to be able to tell delivery.p50: more rounds (--rounds 20), a quieter machine',
    ]);
    const short = makeComparison({ rounds: 1, verdicts: { 'delivery.p50': 'INCONCLUSIVE' } });
    expect(adviceFor(short)[0]).toContain('--rounds 15)');
    const stored = makeComparison({ baseline: 'rounds.json', verdicts: { 'delivery.p50': 'INCONCLUSIVE' } });
    expect(adviceFor(stored)[0]).toContain(
      'measure the base beside the head (--base-exec CMD or --base-ref REF)',
    );
  });

  it('is to build the base where it was checked out and did not start', () => {
    const unstarted = comparisons.unstarted();
    const arms = unstarted.design.arms.map((arm, index) => ({
      ...arm,
      spec: index === 0 ? 'origin/main' : 'node dist/server.js',
      plan: { ...arm.plan, target: { ...arm.plan.target, exec: 'node dist/server.js' } },
    }));
    const advice = adviceFor({ ...unstarted, design: { ...unstarted.design, arms } });
    expect(advice[1]).toContain("--base-install 'npm ci && npm run build'");
    expect(adviceFor(unstarted)).toHaveLength(1);
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
    const comparison = excludedBy('send_lag');
    expect(excludedTexts(comparison, firstHead(comparison))).toEqual([
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
    ['overloaded', 'warning'],
  ] as const)('of %s is %s', (name, tone) => {
    expect(comparisonSeverity(comparisons[name]())).toBe(tone);
  });
});
