import type { Capacity, CapacityAnswer, CapacityStep, StepOutcome, Varied } from '../result/capacity.ts';
import { largest } from '../result/order-statistics.ts';

/** The range of a search, the confirming runs, and how many of them must pass. */
export type SearchDesign = Readonly<
  Pick<Capacity['design'], 'vary' | 'from' | 'to' | 'repeats' | 'mustPass'>
>;

/** A run to do. */
export type SearchStep = Readonly<Pick<CapacityStep, 'phase' | 'value'>>;
export type PastStep = SearchStep & Readonly<Pick<CapacityStep, 'outcome'>>;

type NextStep =
  | { readonly done: false; readonly step: SearchStep }
  | { readonly done: true; readonly ending: CapacityAnswer };

/** The resolution of the answer: the lowest failing value is at most this much above the highest passing one. */
export const RESOLUTION = 0.05;
/** Steps down after a value that could not be confirmed; after that the answer is `unstable`. */
export const MAX_STEPS_DOWN = 4;

/** Yields the next run, and takes its outcome. */
type Search<Result> = Generator<SearchStep, Result, StepOutcome>;

/** What is known so far: the highest value that passed, and the lowest ones above it that failed or were excluded. */
interface Bracket {
  readonly passed: number | null;
  readonly failed: number | null;
  readonly excluded: number | null;
}

/** One disturbance of the machine must not end the search, so a run that did not pass is repeated once. */
function* tryTwice(step: SearchStep): Search<StepOutcome> {
  const first = yield step;
  if (first === 'passed') return first;
  const second = yield step;
  return second === 'excluded' ? first : second;
}

function* double({ from, to }: SearchDesign): Search<Bracket> {
  let passed: number | null = null;
  for (let value = from; ; value = Math.min(to, value * 2)) {
    const outcome = yield* tryTwice({ phase: 'doubling', value });
    if (outcome !== 'passed') return { passed, failed: null, excluded: null, [outcome]: value };
    passed = value;
    if (value >= to) return { passed, failed: null, excluded: null };
  }
}

/** The lower of two values, either of which may be missing. */
function lower(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

/** A rate that can be read and given again, 0.5 % off at most; clients are whole. */
function roundedTo(vary: Varied, value: number): number {
  if (vary === 'clients') return Math.round(value);
  if (value < 100) return Number(value.toPrecision(3));
  return value < 10_000 ? Math.round(value) : Number(value.toPrecision(4));
}

/** The geometric mean of two values; null when they are within the resolution. */
function geometricMiddle(vary: Varied, passed: number, upper: number): number | null {
  if (upper <= passed * (1 + RESOLUTION)) return null;
  const middle = roundedTo(vary, Math.sqrt(passed * upper));
  return middle > passed && middle < upper ? middle : null;
}

function* bisect({ vary }: SearchDesign, bracket: Bracket): Search<Bracket> {
  let { passed, failed, excluded } = bracket;
  for (;;) {
    const upper = lower(failed, excluded);
    const middle = passed === null || upper === null ? null : geometricMiddle(vary, passed, upper);
    if (middle === null) return { passed, failed, excluded };
    const outcome = yield* tryTwice({ phase: 'bisecting', value: middle });
    if (outcome === 'passed') passed = middle;
    else if (outcome === 'failed') failed = middle;
    else excluded = middle;
  }
}

/** Repeats one value in fresh runs. One excluded run is repeated, a second one ends it. */
function* confirm({ repeats, mustPass }: SearchDesign, value: number): Search<StepOutcome> {
  const counts = { passed: 0, failed: 0, excluded: 0 };
  while (counts.passed + counts.failed < repeats) {
    counts[yield { phase: 'confirming', value }] += 1;
    if (counts.failed > repeats - mustPass) return 'failed';
    if (counts.excluded > 1) return 'excluded';
  }
  return 'passed';
}

function stepDown(vary: Varied, value: number, from: number): number {
  const less = roundedTo(vary, value / (1 + RESOLUTION));
  return Math.max(from, vary === 'clients' ? Math.min(less, value - 1) : less);
}

/** The answer when `passed` was confirmed, or nothing passed. It is exact with a failed value directly above. */
function answerOf({ passed, failed, excluded }: Bracket): CapacityAnswer {
  const isExact = failed !== null && (excluded === null || failed <= excluded);
  const [exact, open] =
    passed === null ? (['below_start', 'inconclusive'] as const) : (['found', 'at_least'] as const);
  return { kind: isExact ? exact : open, value: passed, failedAt: failed, inconclusiveAt: excluded };
}

function* search(design: SearchDesign): Search<CapacityAnswer> {
  let bracket = yield* bisect(design, yield* double(design));
  const highest = bracket.passed;
  for (let down = 0; down <= MAX_STEPS_DOWN; down++) {
    const value = bracket.passed;
    if (value === null) return answerOf(bracket);
    const outcome = yield* confirm(design, value);
    if (outcome === 'passed') return answerOf(bracket);
    const passed = value <= design.from ? null : stepDown(design.vary, value, design.from);
    bracket = { ...bracket, passed, [outcome]: value };
  }
  if (bracket.passed === null) return answerOf(bracket);
  return { kind: 'unstable', value: highest, failedAt: bracket.failed, inconclusiveAt: bracket.excluded };
}

/**
 * Returns what to run next, or how the search ended. It doubles the value until it fails, bisects to 5 %, then confirms
 * with fresh runs, 5 % lower each time that they fail. The result depends on `history` alone, so that a stored search can
 * be replayed. Throws a RangeError for a history that this design cannot have.
 */
export function nextStep(history: readonly PastStep[], design: SearchDesign): NextStep {
  const steps = search(design);
  let turn = steps.next();
  for (const { phase, value, outcome } of history) {
    if (turn.done === true || turn.value.value !== value || turn.value.phase !== phase) {
      throw new RangeError(`the search does not come by ${value} (${phase})`);
    }
    turn = steps.next(outcome);
  }
  return turn.done === true ? { done: true, ending: turn.value } : { done: false, step: turn.value };
}

/** The answer of a search that was stopped. */
export function endingSoFar(history: readonly PastStep[]): CapacityAnswer {
  const valuesOf = (outcome: StepOutcome) =>
    history.filter((step) => step.outcome === outcome).map(({ value }) => value);
  const value = largest(valuesOf('passed'));
  const lowestAbove = (outcome: StepOutcome) => {
    const above = valuesOf(outcome).filter((each) => value === null || each > value);
    return above.toSorted((a, b) => a - b)[0] ?? null;
  };
  const [failedAt, inconclusiveAt] = [lowestAbove('failed'), lowestAbove('excluded')];
  return { kind: 'interrupted', value, failedAt, inconclusiveAt };
}

/** The values that doubling may reach, in order. */
export function doublings({ from, to }: SearchDesign): number[] {
  const values = [from];
  for (let value = from; value < to; values.push(value)) value = Math.min(to, value * 2);
  return values;
}

/** The maximum number of runs after the doubling. */
export function maxStepsAfterDoubling({ from, to, repeats }: SearchDesign): number {
  let halvings = 0;
  for (let ratio = Math.min(2, to / from); ratio > 1 + RESOLUTION; ratio = Math.sqrt(ratio)) halvings += 1;
  // Rounding may leave one half a little too wide.
  return 2 * (halvings + 1) + (MAX_STEPS_DOWN + 1) * (repeats + 1);
}

/** The maximum number of runs of a search. */
export function maxSteps(design: SearchDesign): number {
  return 2 * doublings(design).length + maxStepsAfterDoubling(design);
}
