import type { GivenOptions } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { SockbenchError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { SETTING_OPTIONS } from '../plan/settings.ts';
import type { ComparisonFormat } from '../report/content/comparison-formats.ts';
import type { Design } from '../result/comparison.ts';
import { differences, loadFingerprint } from '../result/fingerprint.ts';
import { type Finding, planSchema, type RunResult } from '../result/run-result.ts';
import { requireWritable } from '../result/store.ts';
import { forecastRun } from '../run/forecast.ts';
import { planLooks, roundsForVerdict } from '../stats/looks.ts';
import type { ArmForecast } from '../stats/recorded.ts';
import { planRules } from '../stats/rules.ts';
import type { Threshold } from '../stats/thresholds.ts';
import { plural } from '../text.ts';
import type { LoadedConfig } from '../user-files/config-file.ts';
import type { ArmSpec } from './arms.ts';
import { type ComparisonFlags, wholeNumber } from './comparison-flags.ts';
import { parseComparisonFormats } from './comparison-output.ts';
import { planRun } from './plan-run.ts';
import { planThresholds } from './plan-thresholds.ts';

/** The chance that any gating metric of equal arms is called REGRESSED. */
export const ALPHA = 0.02;
/** A comparison with a larger share of spoilt pairs says nothing. */
const MAX_INVALID_SHARE = 0.2;

/**
 * How long the runs of a comparison are unless the command line says otherwise: many short ones tell more than few long
 * ones, and those of a config are meant for `run`. The warm-up is of a fixed length, the same for all.
 */
function usualTiming(flags: GivenOptions, rate: string): GivenOptions {
  const warmup = flags['warmup'] ?? '500ms';
  return { warmup, warmupMax: warmup, ...(rate.includes('@') ? {} : { duration: '1s' }) };
}

export interface Arm {
  readonly name: string;
  readonly spec: string;
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly config: LoadedConfig;
}

/** What compare and gate say of a comparison beyond its flags. */
export interface ComparisonParts {
  readonly command: Design['command'];
  /** The first is the base. */
  readonly arms: readonly [Arm, ...Arm[]];
  readonly looks: Design['looks'];
  readonly baseline: { readonly file: string; readonly results: readonly RunResult[] } | null;
  readonly notes: readonly Finding[];
}

/** One arm with the flags of all arms, and its own where it has some. Throws for whatever does not fit. */
export async function planArm(
  scenario: string,
  { name, spec, flags: own }: ArmSpec,
  flags: ComparisonFlags,
): Promise<Arm> {
  const { rounds, metric, threshold, orderSeed, config, option, out, format, quiet, ...options } = flags;
  if (own['seed'] !== undefined) {
    throw new SockbenchError({
      code: 'BAD_ARM',
      message: `--arm "${spec}": the schedule of a round is the same for every arm, so none has a --seed of its own`,
      hint: 'Give --seed beside --arm.',
    });
  }
  const planned = await planRun(scenario, { config, option }, { ...options, ...own }, usualTiming);
  return { name, spec, ...planned };
}

/** At one look, or at half and all of the rounds. */
export function looksOf(rounds: number, isSequential: boolean): Design['looks'] {
  return isSequential ? planLooks(rounds, ALPHA) : [{ rounds, alpha: ALPHA }];
}

/** Fixes everything that decides before the first round. Throws BAD_METRIC. */
function designOf({ command, arms, looks, baseline }: ComparisonParts, flags: ComparisonFlags): Design {
  const [{ plan, scenario }] = arms;
  const own = scenario.series ?? {};
  return {
    command,
    // As it is stored: without what JSON cannot hold.
    arms: arms.map(({ name, spec, plan }) => ({ name, spec, plan: planSchema.parse(plan) })),
    seed: wholeNumber('orderSeed', flags, 1, [0, 2 ** 31 - 1]),
    looks,
    alpha: ALPHA,
    maxInvalidShare: MAX_INVALID_SHARE,
    rules: planRules(flags.metric ?? [], { headline: plan.headline, own, arms: arms.map(forecastOf) }),
    ownSeries: { ...own },
    baseline: baseline?.file ?? null,
  };
}

function forecastOf({ name, plan, scenario }: Arm): ArmForecast {
  return {
    name,
    ...forecastRun(plan, scenario),
    headline: plan.headline,
    isRandom: plan.arrival === 'poisson',
    // The probe is for Node.js; of a server that --exec starts only the runs show what it is.
    hasCoarseCpu: plan.target.reference?.runtime === 'bun',
  };
}

/** A comparison that may start. */
export interface Prepared {
  readonly parts: ComparisonParts;
  readonly design: Design;
  readonly thresholds: readonly Threshold[];
  /** What to warn of before it starts. */
  readonly warnings: readonly string[];
  readonly formats: readonly ComparisonFormat[];
  readonly out: string | null;
  readonly isQuiet: boolean;
}

/** What a comparison may be about; anything else that differs makes the loads different. */
const COMPARED = new Set(['transport', 'driver', 'protocol', 'namespace', ...Object.keys(SETTING_OPTIONS)]);

/** Arms under different loads may be meant, but must not be mistaken for one server slower than another. */
function otherLoads([base, ...heads]: ComparisonParts['arms']): Finding[] {
  return heads.flatMap((head) => {
    const differing = differences(loadFingerprint(base.plan), loadFingerprint(head.plan)).filter(
      ({ field }) => !COMPARED.has(field),
    );
    if (differing.length === 0) return [];
    const told = differing.map((each) => `${each.field} ${each.baseline} and ${each.now}`).join(', ');
    return [
      { code: 'loads_differ', message: `${base.name} and ${head.name} are not under the same load: ${told}` },
    ];
  });
}

/** Why no verdict can come of it: a gate is refused, and what only compares is worth its figures. */
function tooFewRounds(command: Design['command'], design: Design): string[] {
  const rounds = design.looks.at(-1)?.rounds ?? 0;
  const needed = roundsForVerdict(design);
  if (rounds >= needed) return [];
  const deciding = design.rules.filter(({ gating, kind }) => gating && kind === 'ratio').length;
  const message = `${rounds} rounds can never give a verdict by ${plural(deciding, 'metric')}; ${needed} can`;
  if (command === 'compare') return [message];
  throw new SockbenchError({
    code: 'TOO_FEW_ROUNDS',
    message: `--rounds: ${message}`,
    hint: `Give --rounds ${needed} or more, or fewer metrics that decide, with --metric.`,
  });
}

/** Checks everything before anything starts. */
export async function prepare(
  flags: ComparisonFlags,
  usualFormats: string,
  parts: ComparisonParts,
): Promise<Prepared> {
  const { format = usualFormats, threshold = [], out = null, quiet: isQuiet = false } = flags;
  const { arms, looks } = parts;
  const design = designOf(parts, flags);
  const formats = parseComparisonFormats(format);
  const runs = looks[0]?.rounds ?? 1;
  const [base, ...heads] = arms.map((arm) => ({ ...arm, runs }));
  const given = { ofConfig: base?.config.threshold ?? [], asked: threshold };
  const { thresholds, warnings } = planThresholds(given, heads.at(-1) ?? { ...arms[0], runs }, base);
  await requireWritable(out ?? 'reports');
  const notes = [...parts.notes, ...otherLoads(arms)];
  const told = [...warnings, ...notes.map(({ message }) => message), ...tooFewRounds(parts.command, design)];
  return { parts: { ...parts, notes }, design, thresholds, warnings: told, formats, out, isQuiet };
}
