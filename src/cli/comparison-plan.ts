import { flagOf, integer, type OptionTable, option } from '../contract/options.ts';
import { fail } from '../errors.ts';
import { PLAN_OPTIONS } from '../plan/options.ts';
import { type PlannedRun, planSchema } from '../plan/plan.ts';
import { COMPARISON, type Format, parseFormats } from '../report/index.ts';
import { MAX_RUNS } from '../result/bound.ts';
import type { Comparison, Design } from '../result/comparison.ts';
import { type Factor, levelsOfArm } from '../result/effects.ts';
import type { Finding, RunResult } from '../result/run-result.ts';
import { requireWritable } from '../result/store.ts';
import { PROFILED } from '../result/stored-profile.ts';
import { forecastRun } from '../run/forecast.ts';
import { claimFolder } from '../run/leftovers/claim.ts';
import { planThresholds } from '../stats/expectation.ts';
import { type ArmExpectation, planRules } from '../stats/rules.ts';
import type { Threshold } from '../stats/thresholds.ts';
import type { LoadedConfig } from '../user-files/config-file.ts';
import { type ArmSpec, badArm, SHARED_FLAGS } from './arms.ts';
import { differentLoads, tooFewForEffects, tooFewRounds, tooFewToRank } from './comparison-warnings.ts';
import { DASHBOARD_OPTIONS } from './dashboard/dashboard.ts';
import { type Flags, outputOptions, readFlags, repeated } from './flags.ts';
import { requirePage } from './open-page.ts';
import type { OutputFlags } from './output.ts';
import { type Presets, readSource } from './plan-run.ts';
import { PROGRESS_OPTION, type ProgressFlags } from './progress/open.ts';

/** The chance that a comparison of equal arms calls any gating metric REGRESSED. */
export const ALPHA = 0.02;
/** The share of invalid pairs above which a comparison is INVALID. */
export const MAX_INVALID_SHARE = 0.2;
/** Reads a number of rounds; a difference needs two. */
export const roundCount = integer(2, 500);

/** Flags of compare and gate, beside those of a run. `formats` are written by default. */
export function comparisonOptions(formats: string) {
  return {
    metric: repeated('METRIC', "gating metric and its tolerance, 'delivery.p99:20%:1ms'"),
    threshold: repeated('EXPR', "fail unless the head meets it, 'lost==0'"),
    orderSeed: option('N', '1', 'seed of the random order of arms in each round', integer(0, 2 ** 31 - 1)),
    ...outputOptions(COMPARISON, null, formats),
    progress: PROGRESS_OPTION,
    ...DASHBOARD_OPTIONS,
  } as const satisfies OptionTable;
}

/** An arm that may run. */
export interface ArmPlan extends PlannedRun {
  readonly name: string;
  readonly spec: string;
  readonly config: LoadedConfig;
  /** Sentences to show before the first run. */
  readonly warnings: readonly string[];
}

/** Flags of a run that have another default in a comparison. */
export const TIMING_OPTIONS = {
  duration: { ...PLAN_OPTIONS.duration, default: '1s' },
  warmup: { ...PLAN_OPTIONS.warmup, summary: 'warm-up of fixed length', default: '1s' },
  warmupMax: { ...PLAN_OPTIONS.warmupMax, summary: 'equal to --warmup', default: null },
} as const satisfies OptionTable;

/**
 * Length of the runs of a comparison unless flags set it: many short runs give more evidence than few long ones, so a
 * config, which is written for `run`, does not set it. The warm-up has the same fixed length in every run.
 */
const comparisonTiming: Presets = (flags, rate) => {
  const warmup = flags['warmup'] ?? TIMING_OPTIONS.warmup.default;
  const duration = TIMING_OPTIONS.duration.default;
  return { warmup, warmupMax: warmup, ...(rate.includes('@') ? {} : { duration }) };
};

/** Plans one arm from the flags of all arms and its own. Throws a SockbenchError for options that do not fit. */
export async function planArm(scenarioName: string, arm: ArmSpec, shared: Flags): Promise<ArmPlan> {
  const { name, spec, flags } = arm;
  for (const [option, why] of SHARED_FLAGS) {
    if (flags[option] === undefined) continue;
    const flag = flagOf(option);
    badArm(spec, `${why('arm')}, so an arm has no ${flag} of its own`, `Give ${flag} beside --arm.`);
  }
  const source = await readSource(scenarioName, { ...shared, ...flags }, comparisonTiming);
  const { config, warnings, planWith, withinLimit } = source;
  return { name, spec, config, warnings, ...(await withinLimit(planWith)) };
}

/** The parts of a comparison before its flags are applied. */
export interface ComparisonParts {
  readonly command: Design['command'];
  /** The first is the base. */
  readonly arms: readonly [ArmPlan, ...ArmPlan[]];
  /** The flags whose combinations are the arms; empty for arms that were given one by one. */
  readonly factors: readonly Factor[];
  readonly looks: Design['looks'];
  readonly baseline: { readonly file: string; readonly results: readonly RunResult[] } | null;
  readonly notes: readonly Finding[];
}

/** A comparison that may start. */
export interface PlannedComparison extends ComparisonParts {
  readonly design: Design;
  readonly thresholds: readonly Threshold[];
  /** Sentences to show before the comparison starts. */
  readonly warnings: readonly string[];
  readonly formats: ReadonlyArray<Format<Comparison>>;
  /** Null for a new folder in reports. */
  readonly out: string | null;
  readonly shown: ProgressFlags & Pick<OutputFlags, 'verbose'>;
  /** The port of the dashboard, 0 for a free one; null for none. */
  readonly dashboard: number | null;
  /** Whether the page is opened in a browser at the end. */
  readonly opensPage: boolean;
}

/** Checks everything that can be checked before the first run. Throws a SockbenchError. */
export async function planComparison(
  parts: ComparisonParts,
  flags: Flags,
  usualFormats: string,
): Promise<PlannedComparison> {
  const asked = readFlags(comparisonOptions(usualFormats), flags);
  const { arms, looks } = parts;
  requireFewRuns(arms.length, looks.at(-1)?.rounds ?? 0);
  const design = designOf(parts, asked.orderSeed, asked.metric);
  const formats = parseFormats(COMPARISON, asked.format);
  requirePage(asked.open, formats);
  const [base] = arms;
  const head = arms.at(-1) ?? base;
  const given = { ofConfig: base.config.threshold, asked: asked.threshold };
  const { thresholds, warnings } = planThresholds(given, head.scenario, {
    head: forecastRun(head),
    base: forecastRun(base),
    runs: looks[0]?.rounds ?? 1,
  });
  await requireWritable(asked.out ?? 'reports');
  // Without --out, the time of the start is in the name of the folder.
  if (asked.out !== null) claimFolder(asked.out);
  const profiled = base.plan.cpuProfile ? [PROFILED] : [];
  // Factors are there to change the load.
  const loads = parts.factors.length > 0 ? [] : differentLoads(arms);
  const notes = [...parts.notes, ...profiled, ...loads];
  return {
    ...parts,
    design,
    thresholds,
    notes,
    warnings: [
      ...new Set(arms.flatMap((arm) => arm.warnings)),
      ...warnings,
      ...notes.map(({ message }) => message),
      ...tooFewRounds(design),
      ...tooFewToRank(design),
      ...tooFewForEffects(design),
    ],
    formats,
    out: asked.out,
    shown: asked,
    dashboard: asked.dashboard,
    opensPage: asked.open,
  };
}

/** A comparison is stored as one document, whose size is limited. */
function requireFewRuns(arms: number, rounds: number): void {
  if (arms * rounds <= MAX_RUNS) return;
  fail(
    'TOO_MANY_RUNS',
    `--rounds: ${rounds} rounds of ${arms} arms are ${arms * rounds} runs; a comparison holds at most ${MAX_RUNS}`,
    `Give --rounds ${Math.floor(MAX_RUNS / arms)} or fewer.`,
  );
}

function designOf(
  { command, arms, factors, looks, baseline }: ComparisonParts,
  seed: number,
  metrics: readonly string[],
): Design {
  const [{ plan, scenario }] = arms;
  const own = scenario.series ?? {};
  return {
    command,
    // As it is stored: without values that JSON does not have.
    arms: arms.map(({ name, spec, plan }, arm) => {
      return { name, spec, levels: levelsOfArm(factors, arm), plan: planSchema.parse(plan) };
    }),
    factors: factors.map(({ name, levels }) => ({ name, levels: [...levels] })),
    seed,
    looks,
    alpha: ALPHA,
    maxInvalidShare: MAX_INVALID_SHARE,
    rules: planRules(metrics, { headline: plan.headline, own, arms: arms.map(forecastOf) }),
    ownSeries: { ...own },
    baseline: baseline?.file ?? null,
  };
}

function forecastOf(arm: ArmPlan): ArmExpectation {
  const { name, plan } = arm;
  return {
    ...forecastRun(arm),
    name,
    headline: plan.headline,
    isRandom: plan.arrival === 'poisson',
    // The probe is for Node.js; of a server that --exec starts only the runs show what it is.
    hasCoarseCpu: plan.target.reference?.runtime === 'bun',
  };
}
