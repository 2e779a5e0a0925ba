import { describe, expect, it } from 'vitest';
import { renderGithubAnnotations, renderGithubSummary } from '../../src/report/ci/github.ts';
import { armsSentence } from '../../src/report/content/comparison-conclusion.ts';
import { metricSentence } from '../../src/report/content/comparison-metrics.ts';
import { adviceFor, comparisonNotes } from '../../src/report/content/comparison-notes.ts';
import { pairSentence, verdictSentence } from '../../src/report/content/comparison-verdict.ts';
import { briefly } from '../../src/report/plain.ts';
import type { Comparison, MetricOutcome, PairOutcome, Verdict } from '../../src/result/comparison.ts';
import { comparisons, makeComparison, NOT_STARTED } from './comparison-fixture.ts';
import { excludedBy, firstHead, outcome } from './comparison-parts.ts';
import { comparisonMarkdown, comparisonPage, comparisonText } from './renderings.ts';

const lineOf = (comparison: Comparison) => pairSentence(comparison, firstHead(comparison));

/** The verdict line of a gate with these verdicts. */
const gate = (verdicts: Record<string, Verdict>) => lineOf(makeComparison({ verdicts }));

/** The verdict line of a gate that passed, with one metric in place of all. */
function lineWith(comparison: Comparison, metric: MetricOutcome): string {
  return pairSentence(comparison, { ...firstHead(comparison), metrics: [metric] });
}

describe('the verdict line', () => {
  it.each<[string, Record<string, Verdict>, string]>([
    [
      'a regression',
      { 'delivery.p50': 'REGRESSED', lost: 'REGRESSED' },
      'REGRESSED: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.71 ms; lost 0 -> 10; 5 pairs',
    ],
    ['a regression by a count', { lost: 'REGRESSED' }, 'REGRESSED: lost 0 -> 10; 5 pairs'],
    [
      'a regression beside an improvement',
      { 'delivery.p50': 'REGRESSED', 'fanout_last.p95': 'IMPROVED' },
      'REGRESSED: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.71 ms; improved: fanout_last.p95 0.60x (0.55-0.66), 4.03 ms -> 2.44 ms; 5 pairs',
    ],
    [
      'an improvement',
      { 'delivery.p50': 'IMPROVED' },
      'IMPROVED: delivery.p50 0.60x (0.55-0.66), 1.21 ms -> 0.731 ms; 5 pairs',
    ],
    ['a gate that passed', {}, 'OK: no regression in delivery.p50, fanout_last.p95, lost; 5 pairs'],
    [
      'two inconclusive metrics beside an improvement',
      { 'delivery.p50': 'INCONCLUSIVE', 'fanout_last.p95': 'IMPROVED', lost: 'INCONCLUSIVE' },
      'INCONCLUSIVE: delivery.p50 1.08x (0.92-1.27), 1.21 ms -> 1.32 ms; lost 0 -> 0 (the head lost no more than the base); improved: fanout_last.p95 0.60x (0.55-0.66), 4.03 ms -> 2.44 ms; 5 pairs',
    ],
    [
      'one inconclusive metric',
      { 'delivery.p50': 'INCONCLUSIVE' },
      'INCONCLUSIVE: delivery.p50 1.08x (0.92-1.27), 1.21 ms -> 1.32 ms; 5 pairs',
    ],
  ])('of %s', (_, verdicts, line) => {
    expect(gate(verdicts)).toBe(line);
  });

  it('names both arms where they are not builds of one server', () => {
    const verdicts = { 'delivery.p50': 'REGRESSED' } as const;
    const comparison = makeComparison({ command: 'compare', arms: ['ws', 'socketio'], verdicts });
    expect(lineOf(comparison)).toBe(
      'REGRESSED: socketio vs ws: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.71 ms; 5 pairs',
    );
  });

  it('states that only the absolute difference is within the tolerance', () => {
    const comparison = comparisons.ok();
    const metric = { ...outcome(comparison, 'delivery.p50'), upper: 1.5, detectable: null };
    expect(lineWith(comparison, metric)).toBe('OK: no regression in delivery.p50 (within 200 µs); 5 pairs');
    expect(lineWith(comparison, outcome(comparison, 'lost'))).toBe('OK: no regression in lost; 5 pairs');
  });

  it.each(['ok', 'inconclusive', 'regressed'] as const)(
    'states that the comparison ended before its first look, whatever the metrics are: %s',
    (name) => {
      const comparison = comparisons[name]();
      const pair: PairOutcome = { ...firstHead(comparison), verdict: 'INCONCLUSIVE', pairs: 2 };
      const judgement = { ...comparison.judgement, rounds: 2 };
      expect(pairSentence({ ...comparison, judgement }, pair)).toBe(
        'INCONCLUSIVE: 2 of 5 required rounds; 2 pairs',
      );
    },
  );

  it('gives as many reasons as fit on a line', () => {
    const comparison = comparisons.invalid();
    const invalid = ['a', 'b', 'c', 'd'.repeat(299), 'e'].map((message) => ({
      code: 'server_died' as const,
      message,
    }));
    expect(pairSentence(comparison, { ...firstHead(comparison), invalid })).toMatch(
      /^INVALID: a; b; c; d{290}\u2026$/,
    );
    expect(pairSentence(comparison, { ...firstHead(comparison), invalid: [] })).toBe(
      'INVALID: no valid pairs',
    );
  });

  it('leaves out an optional metric that has no values, and notes why', () => {
    const comparison = structuredClone(comparisons.ok());
    const because = 'not judged: too few pairs of rounds have a value that is fine enough';
    firstHead(comparison).metrics.unshift({
      ...outcome(comparison, 'delivery.p50'),
      metric: 'server_cpu_per_delivery',
      optional: true,
      verdict: 'INCONCLUSIVE',
      ratio: null,
      detectable: null,
      points: [],
      because,
    });
    expect(verdictSentence(comparison)).toMatch(
      /^OK: no regression in delivery\.p50, fanout_last\.p95, lost;/,
    );
    expect(comparisonNotes(comparison)).toEqual([`server_cpu_per_delivery: ${because}`]);
  });

  it('begins with PARTIAL where the comparison ended early, and ends with the thresholds that did not pass', () => {
    expect(verdictSentence(comparisons.partial())).toMatch(/^PARTIAL, INCONCLUSIVE: delivery\.p50 /);
    expect(verdictSentence(comparisons.thresholds())).toMatch(/; thresholds: 1 FAILED, 1 not judged of 3$/);
    expect(verdictSentence(comparisons.several())).toBe(
      'REGRESSED vs ws: socketio, socketio polling REGRESSED',
    );
  });
});

describe('the conclusion of several arms', () => {
  const several = comparisons.several();
  const [first, second] = several.judgement.heads;
  if (first === undefined || second === undefined) throw new Error('there are two heads');
  const withHeads = (...heads: readonly PairOutcome[]): Comparison => ({
    ...several,
    judgement: { ...several.judgement, heads: [...heads] },
  });
  const bounds = (pair: PairOutcome, ratio: number, lower: number, upper: number): PairOutcome => ({
    ...pair,
    metrics: pair.metrics.map((metric) =>
      metric.metric === 'delivery.p50' ? { ...metric, ratio, lower, upper } : metric,
    ),
  });

  it.each<[string, readonly PairOutcome[], string]>([
    [
      'slower ones',
      [first, bounds(second, 2, 1.5, 3)],
      'socketio polling is 2.00x and socketio 1.40x slower than ws (delivery p50)',
    ],
    [
      'a faster and a slower one',
      [bounds(first, 0.5, 0.4, 0.6), second],
      'socketio is 2.00x faster than ws (delivery p50); socketio polling is 1.40x slower',
    ],
    [
      'those that do not differ',
      [bounds(first, 1, 0.9, 1.1), bounds(second, 1, 0.9, 1.1)],
      'socketio and socketio polling do not differ significantly from ws (delivery p50)',
    ],
    [
      'an invalid one',
      [first, { ...second, verdict: 'INVALID' }],
      'socketio is 1.40x slower than ws (delivery p50); socketio polling is INVALID',
    ],
    [
      'nothing but inconclusive ones',
      [first, second].map((pair) => ({ ...bounds(pair, 1, 0.5, 2), verdict: 'INCONCLUSIVE' as const })),
      'socketio and socketio polling are INCONCLUSIVE',
    ],
  ])('of %s is one sentence', (_, heads, sentence) => {
    expect(armsSentence(withHeads(...heads))).toBe(sentence);
  });

  it('begins the page, with the sentence of each pair below it', () => {
    const page = comparisonPage(several);
    expect(page).toMatch(/<h1><span class="badge">REGRESSED<\/span> socketio is 1\.40x and /);
    expect(page).toContain('socketio is 1.40x slower than ws (delivery p50 1.71 ms vs 1.21 ms, ');
  });
});

describe('a metric in words', () => {
  const metric = outcome(comparisons.ok(), 'delivery.p50');
  const lost = { ...outcome(comparisons.ok(), 'lost'), verdict: 'INCONCLUSIVE' as const, head: 1 };
  const because = '1 in 1 of 15 rounds of the head, none in the base: too rare to judge';

  it.each<[Partial<MetricOutcome>, string]>([
    [
      { ratio: 1.0042, lower: 1.0001, upper: 1.0061 },
      'delivery.p50 1.004x (1.000-1.006), 1.21 ms -> 1.23 ms',
    ],
    [{ ratio: 12.345, lower: 9, upper: 150.4 }, 'delivery.p50 12.3x (9.00-150), 1.21 ms -> 1.23 ms'],
    [{ upper: null }, 'delivery.p50 1.01x (>= 0.97), 1.21 ms -> 1.23 ms'],
    [{ lower: null }, 'delivery.p50 1.01x (<= 1.04), 1.21 ms -> 1.23 ms'],
    [{ lower: null, upper: null }, 'delivery.p50 1.01x (too few rounds for an interval), 1.21 ms -> 1.23 ms'],
    [
      { ratio: null, because: 'no pair of rounds has a value' },
      'delivery.p50: no pair of rounds has a value',
    ],
    [{ ...lost, because }, `lost 0 -> 1 (${because})`],
  ])('%j', (given, sentence) => {
    expect(metricSentence({ ...metric, ...given })).toBe(sentence);
  });
});

describe('notes', () => {
  it('name informational regressions, the worst first', () => {
    expect(comparisonNotes(comparisons.warned())).toEqual([
      'informational (not gating): delivery.p99 1.40x (1.33-1.48), 7.06 ms -> 9.95 ms',
    ]);
  });

  it('name the arm of a threshold where there are several heads', () => {
    const [given] = comparisons.thresholds().thresholds;
    if (given === undefined) throw new Error('no threshold');
    const thresholds = [given, { ...given, arm: 2 }];
    expect(comparisonNotes({ ...comparisons.several(), thresholds }).slice(2)).toEqual([
      'socketio: passed: lost==0: 0',
      'socketio polling: passed: lost==0: 0',
    ]);
  });
});

describe('advice', () => {
  it.each([
    ['generator_busy', /add generator processes.*--workers/],
    ['send_lag', /add generator processes.*--workers/],
    ['cpu_throttled', /CPU limit/],
    ['cpu_steal', /dedicated machine/],
    ['server_died', /last output of the server/],
    ['exec_failed', /check that the server starts/],
    ['environment_changed', /--base-exec CMD or --base-ref REF/],
    ['not_run', /^fix what excluded the rounds, then compare again$/],
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
      'to decide delivery.p50: increase the rate (--rate), or use longer rounds (--duration 2s)',
    ]);
  });

  it('is to take more rounds, not longer ones, where the rounds differ too much', () => {
    expect(adviceFor(comparisons.inconclusive())).toEqual([
      'to decide delivery.p50: use more rounds (--rounds 20), or a quieter machine',
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

  it('is to let an interrupted comparison finish', () => {
    expect(adviceFor(comparisons.partial())).toEqual(['let it finish']);
  });

  it('is to give arms that were timed by other clocks the same generator', () => {
    const notes = [{ code: 'generators_differ' as const, message: 'timed by other clocks' }];
    expect(adviceFor({ ...comparisons.ok(), notes })).toEqual([
      'to compare servers alone, give all arms the same --driver and --sockets',
    ]);
  });

  it('is not needed where all is well', () => {
    expect(adviceFor(comparisons.ok())).toEqual([]);
  });
});

describe('a message', () => {
  it('is shortened to its first line and the one that names an error', () => {
    expect(briefly(NOT_STARTED)).toBe(
      'the command "node dist/server.js" ended with exit code 1 before it listened at 127.0.0.1:3000; its last lines: Error: Cannot find module \'dist/server.js\'',
    );
  });

  it('is shortened to its first line and its last where none names an error', () => {
    expect(briefly('it ended\n\n  one\r\n  two\n  three\n')).toBe('it ended / three');
    expect(briefly('it ended')).toBe('it ended');
  });

  it('is cut where it is long, alone or with others', () => {
    expect(briefly('x'.repeat(1000))).toHaveLength(300);
    expect(briefly('a', 'b', 'c')).toBe('a; b; c');
    expect(briefly('a', 'b', 'x'.repeat(299), 'c')).toMatch(/^a; b; x+\u2026$/);
  });
});

describe('an arm that could not start', () => {
  const unstarted = comparisons.unstarted;

  it.each([
    ['text', () => comparisonText(unstarted())],
    ['Markdown', () => comparisonMarkdown(unstarted())],
    ['summary', () => renderGithubSummary(unstarted())],
    ['annotations', () => renderGithubAnnotations(unstarted())],
    ['page', () => comparisonPage(unstarted())],
  ])('has a short first line without replaced characters in the %s', (_, render) => {
    expect(render()).not.toContain('\ufffd');
    expect(verdictSentence(unstarted()).length).toBeLessThan(350);
  });

  it('has its last lines in full below', () => {
    expect(comparisonText(unstarted())).toMatch(
      /\n {4}Error: Cannot find module 'dist\/server\.js'\n {8}at Module\.step0 /,
    );
    const block = /<details><summary>Messages in full<\/summary>\n\n```text\n(.*?)\n```/s;
    expect(block.exec(renderGithubSummary(unstarted()))?.[1]?.split('\n')).toHaveLength(24);
    const pre =
      /<details open><summary id="messages-in-full">Messages in full<\/summary>\n<pre[^>]*>(.*?)<\/pre>\n<\/details>/s;
    expect(pre.exec(comparisonPage(unstarted()))?.[1]?.split('\n')).toHaveLength(24);
  });

  it('is in full once, and nothing is where nothing was left out', () => {
    expect(comparisonText(unstarted()).match(/MODULE_NOT_FOUND/g)).toHaveLength(1);
    expect(comparisonText(comparisons.invalid())).not.toContain('Messages in full');
  });
});
