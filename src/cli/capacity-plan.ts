import { choice, integer, type OptionTable, option } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { fail, withContext } from '../errors.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { maxRunMs } from '../plan/run-length.ts';
import { variedText } from '../report/content/capacity-verdict.ts';
import { VARIED, type Varied } from '../result/capacity.ts';
import { forecastRun } from '../run/forecast.ts';
import { doublings, maxSteps, maxStepsAfterDoubling, type SearchDesign } from '../stats/capacity-search.ts';
import { type Objective, parseObjectives } from '../stats/capacity-step.ts';
import { neededSamples, shortfallOf } from '../stats/expectation.ts';
import { metricName } from '../stats/metric.ts';
import { list } from '../text.ts';
import { formatCount, formatDurationMs, parseDurationMs, parseRateHz } from '../units.ts';
import { type Flags, type FlagValues, readFlags, repeated } from './flags.ts';
import { type PlanSource, readSource } from './plan-run.ts';
import { refuseProfile } from './profile.ts';

/** The range of a search unless --from and --to are given. */
const RANGES = {
  rate: { from: '50/s', to: '100000/s' },
  clients: { from: '10', to: '100000' },
} as const satisfies Readonly<Record<Varied, unknown>>;
const MIN_HZ = 0.1;
const MAX_HZ = 1e6;
/** The share of repeats that must pass. */
const MUST_PASS = 0.8;
/** Random arrivals may be fewer than their average. */
const POISSON_MARGIN = 1.25;

/** Reads how many messages may be lost or fail; the text becomes the limit of two objectives. */
function lossLimit(text: string): string {
  if (/^\d+(\.\d+%|%)?$/.test(text)) return text;
  return fail('BAD_OPTION', `"${text}" is neither a whole number nor a percentage`, 'Write 5 or 0.1%.');
}

function limitsText(end: 'from' | 'to'): string {
  return `${RANGES.rate[end]}, or ${RANGES.clients[end]} clients`;
}

/** Flags of the search, beside those of every run. */
export const SEARCH_OPTIONS = {
  objective: repeated('EXPR', "condition to meet, 'fanout_last.p95<50ms'"),
  lost: option('AMOUNT', '0', 'maximum of lost and of failed messages, 5 or 0.1%', lossLimit),
  vary: option('NAME', 'rate', 'the parameter to search', choice(VARIED)),
  from: option('VALUE', null, `start of the search (default: ${limitsText('from')})`),
  to: option('VALUE', null, `end of the search (default: ${limitsText('to')})`),
  repeats: option('N', '5', 'fresh runs that confirm the answer; 4 of 5 must pass', integer(1, 100)),
  longestStep: option(
    'TIME',
    '5m',
    'maximum length of a run; a run is extended when an objective needs more samples',
    parseDurationMs,
  ),
} as const satisfies OptionTable;

type SearchFlags = FlagValues<typeof SEARCH_OPTIONS>;

/** A search that may start. */
export interface PlannedSearch {
  readonly design: SearchDesign;
  /** The objectives of the user. */
  readonly objectives: readonly Objective[];
  /** Objectives on lost and on failed messages. */
  readonly losses: readonly Objective[];
  readonly lost: string;
  /** The maximum number of runs, and about how long they would take. */
  readonly maxSteps: number;
  readonly maxMs: number;
  /** Sentences to show before the search starts. */
  readonly warnings: readonly string[];
  readonly out: string | undefined;
  /** The plan of a run at a value. */
  planAt(value: number): Promise<PlannedRun>;
}

function readDesign({ vary, from, to, repeats }: SearchFlags): SearchDesign {
  const first = readValue(vary, '--from', from ?? RANGES[vary].from);
  const last = readValue(vary, '--to', to ?? RANGES[vary].to);
  if (first > last) {
    fail('BAD_SEARCH', `--from ${first} is above --to ${last}`, 'Give --from a lower value than --to.');
  }
  return { vary, from: first, to: last, repeats, mustPass: Math.ceil(repeats * MUST_PASS) };
}

function readValue(vary: Varied, flag: string, text: string): number {
  if (vary === 'clients') return withContext(flag, () => integer(1, 100_000)(text));
  const rateHz = withContext(flag, () => parseRateHz(text));
  if (rateHz >= MIN_HZ && rateHz <= MAX_HZ) return rateHz;
  const range = `from ${MIN_HZ}/s to ${formatCount(MAX_HZ)}/s`;
  return fail('BAD_SEARCH', `${flag} ${text} is not ${range}`, `Give a rate ${range}.`);
}

function readObjectives({ objective }: SearchFlags, scenario: Scenario): Objective[] {
  if (objective.length === 0) {
    fail(
      'NO_OBJECTIVE',
      'a search for capacity needs an objective: a condition that the server must meet',
      "Give --objective 'fanout_last.p95<50ms', or 'ack.p95<50ms' for requests.",
    );
  }
  return objective.flatMap((expression) => parseObjectives(expression, scenario.series));
}

/**
 * The varied parameter has no value of its own. A profile of stages has no single rate, and a scenario that only listens
 * has none.
 */
function requireSearchable(vary: Varied, given: unknown, { plan, layout }: PlannedRun): void {
  if (given !== undefined) {
    const other = vary === 'rate' ? 'clients' : 'rate';
    fail(
      'BAD_SEARCH',
      `--${vary} ${String(given)} is the parameter to search`,
      `Give --from and --to instead, or search another parameter with --vary ${other}.`,
    );
  }
  const [first, ...others] = plan.profile;
  if (first === undefined || others.length > 0 || first.fromHz !== first.toHz) {
    fail('BAD_SEARCH', 'a search for capacity needs a constant rate, not a profile', 'Give --rate 100/s.');
  }
  if (vary === 'rate' && layout.streams.length === 0) {
    fail('BAD_SEARCH', `${plan.scenario} sends no messages, so it has no rate`, 'Give --vary clients.');
  }
}

/** Returns by what factor a run must be longer for every objective to be judged; 1 when it is long enough. */
function shortage(objectives: readonly Objective[], run: PlannedRun): number {
  const expected = forecastRun(run);
  const margin = run.plan.arrival === 'poisson' ? POISSON_MARGIN : 1;
  const factors = objectives.map(({ expression, metric }) => {
    const shortfall = shortfallOf(metric, neededSamples(metric) * margin, expected);
    if (shortfall === null) return 1;
    if (shortfall.kind === 'short') return shortfall.needed / Math.max(1, shortfall.planned);
    return fail('BAD_OBJECTIVE', `--objective "${expression}": ${shortfall.problem}`, shortfall.hint);
  });
  return Math.max(1, ...factors);
}

/** The maximum time of the search: every value twice, every step down, each run as long as possible. */
function maxMsOf(design: SearchDesign, planAt: (value: number) => PlannedRun): number {
  const each = doublings(design).map((value) => maxRunMs(planAt(value).plan));
  const doublingMs = 2 * each.reduce((sum, ms) => sum + ms, 0);
  return doublingMs + maxStepsAfterDoubling(design) * Math.max(...each);
}

/** `fanout_last.p95 needs 200 independent samples`, for each objective that needs any. */
function needsText(objectives: readonly Objective[]): string {
  const needs = objectives.flatMap(({ metric }) => {
    const needed = neededSamples(metric);
    return needed > 0 ? [`${metricName(metric)} needs ${formatCount(needed)} independent samples`] : [];
  });
  return list(needs);
}

/**
 * Checks everything that a search needs, at every value that doubling may reach, before the first run. A run in which a
 * quantile would have too few samples is extended, up to --longest-step; throws STEP_TOO_LONG beyond it.
 */
export async function planSearch(name: string, flags: Flags): Promise<PlannedSearch> {
  const asked = readFlags(SEARCH_OPTIONS, flags);
  const design = readDesign(asked);
  const losses = ['lost', 'failed', 'rejected'].flatMap((loss) => parseObjectives(`${loss}<=${asked.lost}`));
  const source = await readSource(name, flags);
  return await source.withinLimit(() => ({ losses, ...searchWith(source, design, asked, flags) }));
}

function searchWith(
  { scenario, config, warnings: ofSource, planWith, withinLimit }: PlanSource,
  design: SearchDesign,
  asked: SearchFlags,
  flags: Flags,
): Omit<PlannedSearch, 'losses'> {
  const { vary } = design;
  const draftAt: DraftAt = (value, longer) =>
    planWith({ [vary]: vary === 'rate' ? `${value}/s` : String(value), ...longer });
  const first = draftAt(design.from);
  refuseProfile(first.plan, 'capacity');
  requireSearchable(vary, flags[vary], first);
  const objectives = readObjectives(asked, scenario);
  const planAt = (value: number) => planStep(value, vary, objectives, asked.longestStep, draftAt);
  const askedMs = first.plan.durationMs;
  const firstMs = planAt(design.from).plan.durationMs;
  const warnings = [...ofSource];
  if (firstMs > askedMs) {
    const times = `${formatDurationMs(firstMs)} instead of ${formatDurationMs(askedMs)}`;
    warnings.push(`the first runs take ${times}: ${needsText(objectives)}`);
  }
  if (config.threshold.length > 0) {
    warnings.push('the thresholds of the config are ignored; a search judges --objective');
  }
  return {
    design,
    objectives,
    lost: asked.lost,
    maxSteps: maxSteps(design),
    maxMs: maxMsOf(design, planAt),
    warnings,
    out: config.out,
    planAt: (value) => withinLimit(() => planAt(value)),
  };
}

/** Makes the plan of a run at a value, with another duration if given. */
type DraftAt = (value: number, duration?: { readonly duration: string }) => PlannedRun;

/** Plans the run at a value, extended when a quantile would have too few samples. Throws STEP_TOO_LONG. */
function planStep(
  value: number,
  vary: Varied,
  objectives: readonly Objective[],
  longestMs: number,
  draftAt: DraftAt,
): PlannedRun {
  const draft = draftAt(value);
  const factor = shortage(objectives, draft);
  if (factor === 1) return draft;
  const durationMs = Math.ceil((draft.plan.durationMs * factor) / 1000) * 1000;
  const longer = draftAt(value, { duration: `${durationMs}ms` });
  const isEnough = shortage(objectives, longer) === 1;
  if (isEnough && durationMs <= longestMs) return longer;
  const problem = isEnough
    ? `which takes ${formatDurationMs(durationMs)}; the maximum is ${formatDurationMs(longestMs)}`
    : 'which a longer run does not record';
  return fail(
    'STEP_TOO_LONG',
    `at ${variedText(vary, value)}, ${needsText(objectives)}, ${problem}`,
    `Give a higher --from, or a lower quantile${isEnough ? ', or a longer --longest-step' : ''}.`,
  );
}
