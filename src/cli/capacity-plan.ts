import { integer } from '../contract/options.ts';
import { isObserving, type Scenario } from '../contract/scenario.ts';
import { SockbenchError } from '../errors.ts';
import { layoutOf, type Plan } from '../plan/plan.ts';
import { valueText } from '../report/content/capacity-words.ts';
import { VARIED, type Varied } from '../result/capacity.ts';
import { forecastSamples } from '../run/forecast.ts';
import { doublings, maxSteps, maxStepsAfterDoubling, type SearchDesign } from '../stats/capacity-search.ts';
import { needText, type Objective, parseObjective, requireRecorded, samplesOf } from '../stats/objective.ts';
import { formatCount, formatDurationMs, parseDurationMs, parseRateHz } from '../units.ts';
import { type PlanFlags, planRun } from './plan-run.ts';

/** Flags of the search itself, beside those of every run. */
export interface SearchFlags {
  readonly objective?: readonly string[];
  readonly lost: string;
  readonly vary: string;
  readonly from?: string;
  readonly to?: string;
  readonly repeats: string;
  readonly longestStep: string;
}

/** A search that may start. */
export interface PlannedSearch {
  readonly scenario: Scenario;
  readonly design: SearchDesign;
  /** Those of the user's. */
  readonly objectives: readonly Objective[];
  /** What may be lost, and as many fail. */
  readonly losses: readonly Objective[];
  readonly lost: string;
  /** The most runs, and about how long they would take. */
  readonly maxSteps: number;
  readonly maxMs: number;
  /** What to say before it starts. */
  readonly warnings: readonly string[];
  readonly out: string | undefined;
  /** The plan of a run at a value. */
  planOf(value: number): Promise<Plan>;
}

const DEFAULTS: Readonly<Record<Varied, { readonly from: string; readonly to: string }>> = {
  rate: { from: '50/s', to: '100000/s' },
  clients: { from: '10', to: '100000' },
};
const LEAST_HZ = 0.1;
const MOST_HZ = 1e6;
/** Random arrivals may be fewer than their average. */
const POISSON_MARGIN = 1.25;
/** About as long it takes to start and to collect. */
const OVERHEAD_MS = 3000;

function refuse(message: string, hint: string, code = 'BAD_SEARCH'): never {
  throw new SockbenchError({ code, message, hint });
}

/** Names the flag before what its parser objects to. */
function readFlag<Value>(flag: string, text: string, parse: (text: string) => Value): Value {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof SockbenchError)) throw error;
    return refuse(`${flag}: ${error.message}`, error.hint);
  }
}

function readValue(vary: Varied, flag: string, text: string): number {
  if (vary === 'clients') return readFlag(flag, text, integer(1, 100_000));
  const rateHz = readFlag(flag, text, parseRateHz);
  if (rateHz >= LEAST_HZ && rateHz <= MOST_HZ) return rateHz;
  return refuse(
    `${flag} ${text} is not from ${LEAST_HZ}/s to ${formatCount(MOST_HZ)}/s`,
    'Give another rate.',
  );
}

function readDesign(flags: SearchFlags): SearchDesign {
  const vary = VARIED.find((name) => name === flags.vary);
  if (vary === undefined) {
    return refuse(`--vary ${flags.vary} is neither rate nor clients`, 'Choose one of them.');
  }
  const from = readValue(vary, '--from', flags.from ?? DEFAULTS[vary].from);
  const to = readValue(vary, '--to', flags.to ?? DEFAULTS[vary].to);
  if (from > to) refuse(`the search cannot go from ${from} up to ${to}`, 'Give --from less than --to.');
  const repeats = readFlag('--repeats', flags.repeats, integer(1, 100));
  return { vary, from, to, repeats, mustPass: Math.ceil(repeats * 0.8) };
}

function readObjectives({ objective = [] }: SearchFlags, scenario: Scenario): Objective[] {
  if (objective.length === 0) {
    refuse(
      'a search for capacity needs an objective: what has to hold for a server that is not too busy',
      "Give one, like --objective 'fanout_last.p95<50ms', or 'ack.p95<50ms' for requests.",
      'NO_OBJECTIVE',
    );
  }
  return objective.map((expression) => parseObjective(expression, scenario.series));
}

function readLosses(lost: string): Objective[] {
  if (!/^\d+(\.\d+%|%)?$/.test(lost)) {
    refuse(`--lost "${lost}" is neither a whole number nor a percentage`, 'Write it like 5 or 0.1%.');
  }
  return ['lost', 'failed'].map((name) => parseObjective(`${name}<=${lost}`));
}

/** What is varied is not also given. */
function requireFree(vary: Varied, options: Readonly<Record<string, unknown>>): void {
  if (options[vary] === undefined) return;
  const other = vary === 'rate' ? 'clients' : 'rate';
  refuse(
    `--${vary} ${String(options[vary])} is what the search looks for`,
    `Give --from and --to, or look for something else with --vary ${other}.`,
  );
}

/** A profile of stages has no single rate, and an observed server takes none. */
function requireSearchable(vary: Varied, plan: Plan, scenario: Scenario): void {
  const [first, ...others] = plan.profile;
  if (first === undefined || others.length > 0 || first.fromHz !== first.toHz) {
    refuse('a search for capacity needs one steady rate, not a profile', 'Give --rate like 100/s.');
  }
  if (vary === 'rate' && isObserving(layoutOf(plan, scenario))) {
    refuse(`${plan.scenario} sends nothing, so it has no rate`, 'Look for the clients with --vary clients.');
  }
}

function textOf(vary: Varied, value: number): string {
  return vary === 'rate' ? `${value}/s` : String(value);
}

/** How long a run may take when nothing settles early. */
function longestMs({ clients, connectRateHz, warmupMaxMs, durationMs, drainMs }: Plan): number {
  return (clients / connectRateHz) * 1000 + warmupMaxMs + durationMs + drainMs + OVERHEAD_MS;
}

/** By how much a run must be longer for every objective to be judged; 1 when it is long enough. */
function shortage(objectives: readonly Objective[], plan: Plan, scenario: Scenario): number {
  const forecast = forecastSamples(plan, scenario);
  const margin = plan.arrival === 'poisson' ? POISSON_MARGIN : 1;
  const factors = objectives.map((objective) => {
    requireRecorded(objective, forecast);
    const need = samplesOf(objective);
    const expected = need === null ? null : (forecast.get(need.series) ?? null);
    return need === null || expected === null ? 1 : (need.needed * margin) / Math.max(1, expected);
  });
  return Math.max(1, ...factors);
}

/** The most that the search can take: every value twice, every step down, each run as long as can be. */
async function maxMsOf(design: SearchDesign, planOf: PlannedSearch['planOf']): Promise<number> {
  const each: number[] = [];
  for (const value of doublings(design)) each.push(longestMs(await planOf(value)));
  const doublingMs = 2 * each.reduce((sum, ms) => sum + ms, 0);
  return doublingMs + maxStepsAfterDoubling(design) * Math.max(...each);
}

/**
 * Checks all that a search needs, at every value that doubling may come by, before anything starts. `options` are the
 * flags of a run as commander read them. A step in which a quantile would have too few samples is made longer, up to
 * --longest-step; throws STEP_TOO_LONG beyond it.
 */
export async function planSearch(
  name: string,
  asked: PlanFlags,
  flags: SearchFlags,
  options: Readonly<Record<string, unknown>>,
): Promise<PlannedSearch> {
  const design = readDesign(flags);
  const { vary } = design;
  requireFree(vary, options);
  const maxStepMs = readFlag('--longest-step', flags.longestStep, parseDurationMs);
  const losses = readLosses(flags.lost);
  const planAt = (value: number, more: Readonly<Record<string, string>>) =>
    planRun(name, asked, { ...options, [vary]: textOf(vary, value), ...more });
  const { scenario, config, plan: first } = await planAt(design.from, {});
  requireSearchable(vary, first, scenario);
  const objectives = readObjectives(flags, scenario);

  const planOf = async (value: number): Promise<Plan> => {
    const { plan } = await planAt(value, {});
    const factor = shortage(objectives, plan, scenario);
    if (factor === 1) return { ...plan, thresholds: [] };
    const durationMs = Math.ceil((plan.durationMs * factor) / 1000) * 1000;
    const longer = (await planAt(value, { duration: `${durationMs}ms` })).plan;
    const isEnough = shortage(objectives, longer, scenario) === 1;
    if (isEnough && durationMs <= maxStepMs) return { ...longer, thresholds: [] };
    return refuse(
      `at ${valueText(vary, value)}, ${objectives
        .filter((each) => samplesOf(each) !== null)
        .map(needText)
        .join(' and ')}, ${
        isEnough
          ? `which takes ${formatDurationMs(durationMs)} a step; the limit is ${formatDurationMs(maxStepMs)}`
          : 'which a longer step does not bring'
      }`,
      isEnough
        ? 'Begin at more (--from), take a lower quantile, or allow it with --longest-step.'
        : 'Begin at more (--from), or take a lower quantile.',
      'STEP_TOO_LONG',
    );
  };

  const firstMs = (await planOf(design.from)).durationMs;
  return {
    scenario,
    design,
    objectives,
    losses,
    lost: flags.lost,
    maxSteps: maxSteps(design),
    maxMs: await maxMsOf(design, planOf),
    warnings: [
      firstMs > first.durationMs
        ? `the first steps last ${formatDurationMs(firstMs)}, not ${formatDurationMs(first.durationMs)}: ${objectives
            .filter((each) => samplesOf(each) !== null)
            .map(needText)
            .join(', ')}`
        : null,
      config.threshold.length > 0
        ? 'the thresholds of the config are not judged: a search has its --objective'
        : null,
    ].filter((warning) => warning !== null),
    out: config.out,
    planOf,
  };
}
