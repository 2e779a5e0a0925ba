import {
  type Comparison,
  comparisonSchema,
  type MetricOutcome,
  type MetricRule,
  type PairOutcome,
  type Round,
  type Verdict,
} from '../../src/result/comparison.ts';
import { type Finding, type RunResult, SCHEMA_VERSION } from '../../src/result/run-result.ts';
import type { StoredSteadiness } from '../../src/result/stored-steadiness.ts';
import { HOSTILE, makeResult } from './fixture.ts';

/** What a made-up comparison looks like; the rest follows from it. */
export interface ComparisonOptions {
  readonly command: 'compare' | 'gate';
  /** Names of the arms, the base first. */
  readonly arms: readonly string[];
  readonly rounds: number;
  /** Of each metric of METRICS that is not OK; for every head alike. */
  readonly verdicts: Readonly<Record<string, Verdict>>;
  /** The first so many rounds are excluded: the last arm died in them. */
  readonly excluded: number;
  /** Nothing can be said of any head. */
  readonly invalid: boolean;
  readonly thresholds: Comparison['thresholds'];
  readonly status: Comparison['status'];
  /** File whose runs stand for the base. */
  readonly baseline: string | null;
}

const DEFAULTS: ComparisonOptions = {
  command: 'gate',
  arms: ['base', 'head'],
  rounds: 5,
  verdicts: {},
  excluded: 0,
  invalid: false,
  thresholds: [],
  status: 'complete',
  baseline: null,
};

/** The metrics of every made-up comparison, each with the base's value. */
const METRICS: ReadonlyArray<MetricRule & { readonly value: number }> = [
  {
    metric: 'delivery.p50',
    unit: 'duration',
    kind: 'ratio',
    gating: true,
    optional: false,
    delta: 0.1,
    floor: 0.2e6,
    value: 1.2e6,
  },
  {
    metric: 'fanout_last.p95',
    unit: 'duration',
    kind: 'ratio',
    gating: true,
    optional: false,
    delta: 0.15,
    floor: 0.5e6,
    value: 4e6,
  },
  {
    metric: 'lost',
    unit: 'count',
    kind: 'exact',
    gating: true,
    optional: false,
    delta: 0.25,
    floor: 0,
    value: 0,
  },
  {
    metric: 'delivery.p99',
    unit: 'duration',
    kind: 'ratio',
    gating: false,
    optional: false,
    delta: 0.25,
    floor: 1e6,
    value: 7e6,
  },
  {
    metric: 'traffic_per_delivery',
    unit: 'bytes',
    kind: 'ratio',
    gating: false,
    optional: false,
    delta: 0.01,
    floor: 0,
    value: 105,
  },
  {
    metric: 'requests_per_delivery',
    unit: 'average',
    kind: 'ratio',
    gating: false,
    optional: false,
    delta: 0.01,
    floor: 0,
    value: 0.55,
  },
  {
    metric: 'server_cpu',
    unit: 'share',
    kind: 'ratio',
    gating: false,
    optional: false,
    delta: 0.1,
    floor: 0,
    value: 0.23,
  },
  {
    metric: 'sent',
    unit: 'rate',
    kind: 'ratio',
    gating: false,
    optional: false,
    delta: 0.01,
    floor: 0,
    value: 100,
  },
];

/** Head over base, by what is said of it: [lower bound, estimate, upper bound]. */
const RATIOS: Readonly<Record<Verdict, readonly [number, number, number]>> = {
  REGRESSED: [1.33, 1.4, 1.48],
  IMPROVED: [0.55, 0.6, 0.66],
  OK: [0.97, 1.01, 1.04],
  INCONCLUSIVE: [0.92, 1.08, 1.27],
  INVALID: [1, 1, 1],
};

const BECAUSE: Readonly<Record<Verdict, string>> = {
  REGRESSED: 'the ratio is above the tolerance',
  IMPROVED: 'the ratio is below the tolerance',
  OK: 'the ratio is within the tolerance',
  INCONCLUSIVE: 'the bounds hold both what is tolerated and what is not',
  INVALID: 'too many pairs were excluded',
};

const DEATH: Finding = { code: 'server_died', message: 'the server exited with code 1' };

/** Rises and falls from round to round, within 3 % of 1, the same for all arms of a round. */
const swing = (round: number) => 1 + 0.03 * Math.sin(round * 2.3);

/** What one arm may differ by within a round. */
const stagger = (round: number, arm: number) => 1 + 0.01 * Math.sin(round * 1.7 + arm);

function gradeOf(metric: string, options: ComparisonOptions): Verdict {
  return options.invalid ? 'INVALID' : (options.verdicts[metric] ?? 'OK');
}

const NOTHING_SAID = {
  base: null,
  head: null,
  ratio: null,
  lower: null,
  upper: null,
  lowerAlpha: null,
  upperAlpha: null,
  pRegressed: null,
  pImproved: null,
  difference: null,
  detectable: null,
};

/** Losses: none, or two in each round of the head. */
function countOutcome(rule: MetricRule, verdict: Verdict, valid: readonly number[]): MetricOutcome {
  const lost = verdict === 'REGRESSED' ? 2 : 0;
  return {
    ...rule,
    ...NOTHING_SAID,
    verdict,
    base: 0,
    head: lost * valid.length,
    points: valid.map((round) => ({ round, base: 0, head: lost })),
    difference: lost,
    because: lost === 0 ? 'the head lost no more than the base' : 'the head lost more than the base',
  };
}

function ratioOutcome(
  rule: MetricRule,
  value: number,
  verdict: Verdict,
  head: number,
  valid: readonly number[],
): MetricOutcome {
  const [lower, ratio, upper] = RATIOS[verdict];
  return {
    ...rule,
    verdict,
    base: value,
    head: value * ratio,
    points: valid.map((round) => ({
      round,
      base: value * swing(round) * stagger(round, 0),
      head: value * ratio * swing(round) * stagger(round, head),
    })),
    ratio,
    lower,
    upper,
    lowerAlpha: 0.03125,
    upperAlpha: 0.03125,
    pRegressed: verdict === 'REGRESSED' ? 0.03125 : 1,
    pImproved: verdict === 'IMPROVED' ? 0.03125 : 1,
    difference: value * (ratio - 1),
    detectable: 1 + 2 * rule.delta,
    because: BECAUSE[verdict],
  };
}

function metricOutcomes(head: number, valid: readonly number[], options: ComparisonOptions): MetricOutcome[] {
  return METRICS.map(({ value, ...rule }) => {
    const verdict = gradeOf(rule.metric, options);
    if (verdict === 'INVALID') {
      return { ...rule, ...NOTHING_SAID, verdict, points: [], because: BECAUSE.INVALID };
    }
    return rule.kind === 'exact'
      ? countOutcome(rule, verdict, valid)
      : ratioOutcome(rule, value, verdict, head, valid);
  });
}

const GRAVEST: readonly Verdict[] = ['INVALID', 'REGRESSED', 'INCONCLUSIVE', 'IMPROVED', 'OK'];

function mostSevere(verdicts: readonly Verdict[]): Verdict {
  return GRAVEST.find((verdict) => verdicts.includes(verdict)) ?? 'OK';
}

function pairOutcome(head: number, options: ComparisonOptions): PairOutcome {
  const dead = head === options.arms.length - 1 ? options.excluded : 0;
  const valid = range(options.rounds).filter((round) => round > dead);
  const metrics = metricOutcomes(head, valid, options);
  return {
    head,
    verdict: mostSevere(metrics.filter(({ gating }) => gating).map(({ verdict }) => verdict)),
    invalid: options.invalid
      ? [
          {
            code: 'excluded_pairs',
            message: `${dead} of ${options.rounds} pairs were excluded: the server exited with code 1`,
          },
        ]
      : [],
    pairs: valid.length,
    excluded: range(dead).map((round) => ({ round, reasons: [{ arm: head, ...DEATH }] })),
    excludedPoints: {},
    metrics,
  };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

const runs = new Map<string, RunResult>();

/**
 * A short run of one arm; heads are as much slower as `delivery.p50` says. Odd rounds share one and even ones
 * another, and so do comparisons: they take long to make.
 */
function runOf(arm: number, round: number, options: ComparisonOptions): RunResult {
  const [, ratio] = RATIOS[gradeOf('delivery.p50', options)];
  const seed = round % 2;
  const medianNs = 1.2e6 * swing(seed) * stagger(seed, arm) * (arm === 0 ? 1 : ratio);
  const key = `${seed} ${medianNs}`;
  const run = runs.get(key) ?? makeResult({ clients: 5, rateHz: 25, seconds: 1, medianNs, seed: seed + 1 });
  runs.set(key, run);
  return run;
}

function roundOf(round: number, options: ComparisonOptions): Round {
  const dead = round <= options.excluded ? options.arms.length - 1 : null;
  const inOrder = options.arms.map((_, arm) =>
    arm === dead
      ? { arm, result: null, error: DEATH }
      : { arm, result: runOf(arm, round, options), error: null },
  );
  return { round, seed: 100 + round, runs: round % 2 === 0 ? inOrder.toReversed() : inOrder };
}

/** A ranking in which each arm beats those after it; null for two arms. */
function rankingOf({ arms, invalid }: ComparisonOptions): Comparison['judgement']['ranking'] {
  if (arms.length < 3 || invalid) return null;
  const places = arms.map((_, arm) => ({
    arm,
    rank: arm + 1,
    value: 1.2e6 * (1 + arm / 4),
    beats: arms.map((_, other) => other).filter((other) => other > arm),
  }));
  return { metric: 'delivery.p50', places, minRounds: 5 };
}

/**
 * A comparison that passes the schema. The figures of its judgement are made up to suit the verdicts asked for:
 * they do not follow from its rounds.
 */
export function makeComparison(given: Partial<ComparisonOptions> = {}): Comparison {
  const options = { ...DEFAULTS, ...given };
  const heads = options.arms.slice(1).map((_, index) => pairOutcome(index + 1, options));
  const comparison: Comparison = {
    schemaVersion: SCHEMA_VERSION,
    kind: 'comparison',
    tool: { name: 'sockbench', version: '0.1.0' },
    startedAt: '2026-03-04T05:06:07.891Z',
    durationMs: 123_456,
    commandLine: [options.command, 'broadcast-latency', '--target', 'socketio'],
    status: options.status,
    notes: [],
    design: {
      command: options.command,
      arms: options.arms.map((name) => ({
        name,
        spec: `exec=node ${name}.js`,
        levels: [],
        plan: runOf(0, 1, options).plan,
      })),
      factors: [],
      seed: 1,
      looks: [
        { rounds: options.rounds, alpha: 0.006 },
        { rounds: 2 * options.rounds, alpha: 0.014 },
      ],
      alpha: 0.02,
      maxInvalidShare: 0.2,
      rules: METRICS.map(({ value, ...rule }) => rule),
      baseline: options.baseline,
      ownSeries: {},
    },
    rounds: range(options.rounds).map((round) => roundOf(round, options)),
    judgement: {
      verdict: mostSevere(heads.map(({ verdict }) => verdict)),
      look: 0,
      rounds: options.rounds,
      heads,
      effects: null,
      ranking: rankingOf(options),
    },
    thresholds: options.thresholds,
  };
  return comparisonSchema.parse(comparison);
}

/** Makes it when it is first asked for. */
function once(given: Partial<ComparisonOptions> = {}): () => Comparison {
  let made: Comparison | null = null;
  return () => {
    made ??= makeComparison(given);
    return made;
  };
}

/** Besides what breaks out of pages: what ends XML sections, workflow commands, labels and benchmark names. */
export const HOSTILE_ARM = `${HOSTILE}\u0000\u0008]]>\ud800\uffff\r\n::error::x%0A{a="b\\"}\tBenchmarkX 1 2 ns/op # EOF`;

/**
 * Every UTF-16 code unit, lone surrogates too, but most ideographs, which are alike; first those that mark-up is made
 * of. Shorter than the longest text of a document.
 */
export const EVERY_CHARACTER = `<>&"'${Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit))
  .filter((unit) => unit < '\u4f00' || unit > '\u9fff')
  .join('')}`;

const THRESHOLDS: Comparison['thresholds'] = [
  { arm: 1, expression: 'lost==0', passed: true, actual: 0, lower: null, upper: null, detail: '0' },
  {
    arm: 1,
    expression: 'delivery.p50<1ms',
    passed: false,
    actual: 1.2,
    lower: null,
    upper: null,
    detail: '1.2 ms',
  },
  {
    arm: 1,
    expression: 'delivery.p99<50ms',
    passed: null,
    actual: null,
    lower: null,
    upper: null,
    detail: 'too few samples',
  },
];

/** What a command that could not start leaves: the first line, then the last lines of its output. */
export const NOT_STARTED = [
  'the command "node dist/server.js" ended with exit code 1 before it listened at 127.0.0.1:3000; its last lines:',
  '  node:internal/modules/cjs/loader:1424',
  "  Error: Cannot find module 'dist/server.js'",
  ...Array.from(
    { length: 18 },
    (_, index) =>
      `      at Module.step${index} (node:internal/modules/cjs/loader:${1000 + index}:15) ${'x'.repeat(200)}`,
  ),
  "    code: 'MODULE_NOT_FOUND',",
  '  }',
  '  Node.js v24.11.0',
].join('\n');

/** A comparison of which an arm could not be started in its second round. */
function unstarted(): Comparison {
  const comparison = makeComparison({ rounds: 2, excluded: 2, invalid: true, status: 'partial' });
  const error: Finding = { code: 'exec_failed', message: NOT_STARTED };
  const heads = comparison.judgement.heads.map((pair) => ({
    ...pair,
    invalid: [{ code: error.code, message: `head, round 2: ${NOT_STARTED}` }],
    excluded: [{ round: 2, reasons: [{ arm: 1, ...error }] }],
  }));
  const notes: Finding[] = [
    { code: 'loads_differ', message: 'the loads of the arms differ: clients 100 and 200' },
  ];
  return { ...comparison, notes, judgement: { ...comparison.judgement, heads } };
}

/** The servers of these arms were overloaded, each in so many rounds. */
export function overload(comparison: Comparison, roundsByArm: readonly number[]): Comparison {
  const finding: Finding = {
    code: 'server_overloaded',
    message: 'delivery p50 grew from 1 ms to 900 ms over the run',
  };
  const rounds = comparison.rounds.map((round, index) => ({
    ...round,
    runs: round.runs.map((run) =>
      run.result !== null && index < (roundsByArm[run.arm] ?? 0)
        ? { ...run, result: { ...run.result, findings: [finding] } }
        : run,
    ),
  }));
  return { ...comparison, rounds };
}

/** The latency of these arms drifted by this share, each in so many rounds. */
export function drift(comparison: Comparison, roundsByArm: readonly number[], by: number): Comparison {
  const finding: Finding = { code: 'drifting', message: 'delivery p50 fell' };
  const change = { of: 'p50', kind: 'trend', fromNs: 1e6, toNs: 1e6 * (1 + by), atMs: null } as const;
  const steadiness = {
    verdict: 'drifts',
    reason: '',
    windowMs: 125,
    p50Ns: [],
    p95Ns: [],
    changes: [change],
  } satisfies StoredSteadiness;
  const rounds = comparison.rounds.map((round, index) => ({
    ...round,
    runs: round.runs.map((run) =>
      run.result !== null && index < (roundsByArm[run.arm] ?? 0)
        ? { ...run, result: { ...run.result, findings: [finding], steadiness } }
        : run,
    ),
  }));
  return { ...comparison, rounds };
}

/** Named comparisons for every case that reports must tell apart. */
export const comparisons = {
  ok: once(),
  regressed: once({ verdicts: { 'delivery.p50': 'REGRESSED', lost: 'REGRESSED' } }),
  improved: once({ verdicts: { 'delivery.p50': 'IMPROVED' } }),
  inconclusive: once({ verdicts: { 'delivery.p50': 'INCONCLUSIVE' } }),
  /** OK, though one informational metric regressed and another is inconclusive. */
  warned: once({ verdicts: { 'delivery.p99': 'REGRESSED', traffic_per_delivery: 'INCONCLUSIVE' } }),
  excluded: once({ rounds: 6, excluded: 1 }),
  invalid: once({ excluded: 3, invalid: true }),
  partial: once({ status: 'partial', verdicts: { 'delivery.p50': 'INCONCLUSIVE' } }),
  thresholds: once({ thresholds: THRESHOLDS }),
  several: once({
    command: 'compare',
    arms: ['ws', 'socketio', 'socketio polling'],
    verdicts: { 'delivery.p50': 'REGRESSED', 'fanout_last.p95': 'INCONCLUSIVE' },
  }),
  /** Nothing could be measured of the head, which says so in many lines. */
  unstarted,
  /** OK, and both servers were overloaded. */
  overloaded: () => overload(makeComparison(), [5, 3]),
  /** The base is a stored one. */
  stored: once({ baseline: 'main/rounds.json', verdicts: { 'delivery.p50': 'REGRESSED' } }),
  hostile: once({
    arms: [HOSTILE_ARM, `${HOSTILE_ARM} too`],
    rounds: 6,
    excluded: 1,
    verdicts: { 'delivery.p50': 'REGRESSED', 'delivery.p99': 'REGRESSED' },
    thresholds: [
      {
        arm: 1,
        expression: HOSTILE_ARM,
        passed: false,
        actual: 1,
        lower: null,
        upper: null,
        detail: HOSTILE_ARM,
      },
    ],
  }),
} as const;
