import type { EndingKind, Phase, StepOutcome, Varied } from '../result/capacity.ts';

export interface SearchDesign {
  readonly vary: Varied;
  /** Where the search begins, and where it gives up. */
  readonly from: number;
  readonly to: number;
  /** Runs that confirm, and how many of them must pass. */
  readonly repeats: number;
  readonly mustPass: number;
}

/** One run that is asked for. */
export interface SearchStep {
  readonly phase: Phase;
  /** Messages a second, or clients. */
  readonly value: number;
}

export interface PastStep extends SearchStep {
  readonly outcome: StepOutcome;
}

export interface Ending {
  readonly kind: EndingKind;
  /** The highest value that was confirmed (`open`, `unsteady`: that passed once); null when none was. */
  readonly value: number | null;
  /** The lowest value above it that failed; null when none did. */
  readonly failedAt: number | null;
  /** The lowest value above it of which nothing could be said; null when there is none. */
  readonly inconclusiveAt: number | null;
}

export type Next =
  | { readonly done: false; readonly step: SearchStep }
  | { readonly done: true; readonly ending: Ending };

/** The answer is as sharp as this: what fails is at most so much more than what passes. */
export const RESOLUTION = 0.05;
/** Steps down after a value that could not be confirmed; then the server is called unsteady. */
export const MOST_STEPS_DOWN = 4;

/** Yields what to run, takes what came of it. */
type Search<Result> = Generator<SearchStep, Result, StepOutcome>;

/** What is known: the highest value that passed, and what stands above it. */
interface Bracket {
  readonly passed: number | null;
  readonly failed: number | null;
  readonly excluded: number | null;
}

/** One bad second on the machine must not end the search: what did not pass gets a second run. */
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
function rounded(vary: Varied, value: number): number {
  if (vary === 'clients') return Math.round(value);
  if (value < 100) return Number(value.toPrecision(3));
  return value < 10_000 ? Math.round(value) : Number(value.toPrecision(4));
}

/** Between two values, in the middle of their ratio; null when they are near enough. */
function middleOf(vary: Varied, passed: number, upper: number): number | null {
  if (upper <= passed * (1 + RESOLUTION)) return null;
  const middle = rounded(vary, Math.sqrt(passed * upper));
  return middle > passed && middle < upper ? middle : null;
}

function* bisect({ vary }: SearchDesign, bracket: Bracket): Search<Bracket> {
  let { passed, failed, excluded } = bracket;
  for (;;) {
    const upper = lower(failed, excluded);
    const middle = passed === null || upper === null ? null : middleOf(vary, passed, upper);
    if (middle === null) return { passed, failed, excluded };
    const outcome = yield* tryTwice({ phase: 'bisecting', value: middle });
    if (outcome === 'passed') passed = middle;
    else if (outcome === 'failed') failed = middle;
    else excluded = middle;
  }
}

/** Fresh runs of one value, as many as it takes to be sure; one that is spoilt is run again, two end it. */
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
  const less = rounded(vary, value / (1 + RESOLUTION));
  return Math.max(from, vary === 'clients' ? Math.min(less, value - 1) : less);
}

/** A value that nothing sure stands above is `at_least`. */
function confirmed({ passed, failed, excluded }: Bracket): Ending {
  const isFound = failed !== null && (excluded === null || failed <= excluded);
  return { kind: isFound ? 'found' : 'at_least', value: passed, failedAt: failed, inconclusiveAt: excluded };
}

function nothingPassed({ failed, excluded }: Bracket): Ending {
  const isBelowStart = failed !== null && (excluded === null || failed <= excluded);
  return {
    kind: isBelowStart ? 'below_start' : 'inconclusive',
    value: null,
    failedAt: failed,
    inconclusiveAt: excluded,
  };
}

function* search(design: SearchDesign): Search<Ending> {
  let bracket = yield* bisect(design, yield* double(design));
  const highest = bracket.passed;
  for (let down = 0; down <= MOST_STEPS_DOWN; down++) {
    const value = bracket.passed;
    if (value === null) return nothingPassed(bracket);
    const outcome = yield* confirm(design, value);
    if (outcome === 'passed') return confirmed(bracket);
    const passed = value <= design.from ? null : stepDown(design.vary, value, design.from);
    bracket = { ...bracket, passed, [outcome]: value };
  }
  if (bracket.passed === null) return nothingPassed(bracket);
  return { kind: 'unstable', value: highest, failedAt: bracket.failed, inconclusiveAt: bracket.excluded };
}

/**
 * What to run next, or how the search ended: doubles the value until it fails, bisects to 5 %, then confirms with
 * fresh runs, 5 % lower each time that they do not. Depends on `history` alone, so that a stored search can be
 * followed. Throws a RangeError for a history that this design would not have.
 */
export function nextStep(history: readonly PastStep[], design: SearchDesign): Next {
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

/** What is known of a search that was stopped. */
export function endingSoFar(history: readonly PastStep[]): Ending {
  const valuesOf = (outcome: StepOutcome) =>
    history.filter((step) => step.outcome === outcome).map(({ value }) => value);
  const passed = valuesOf('passed');
  const value = passed.length === 0 ? null : Math.max(...passed);
  const lowestAbove = (outcome: StepOutcome) => {
    const above = valuesOf(outcome).filter((each) => value === null || each > value);
    return above.length === 0 ? null : Math.min(...above);
  };
  return { kind: 'open', value, failedAt: lowestAbove('failed'), inconclusiveAt: lowestAbove('excluded') };
}

/** The values that doubling may come by, in order. */
export function doublings({ from, to }: SearchDesign): number[] {
  const values = [from];
  for (let value = from; value < to; values.push(value)) value = Math.min(to, value * 2);
  return values;
}

/** The most runs that follow the doubling, whatever comes of each. */
export function maxStepsAfterDoubling({ from, to, repeats }: SearchDesign): number {
  let halvings = 0;
  for (let ratio = Math.min(2, to / from); ratio > 1 + RESOLUTION; ratio = Math.sqrt(ratio)) halvings += 1;
  // Rounding may leave one half a little too wide.
  return 2 * (halvings + 1) + (MOST_STEPS_DOWN + 1) * (repeats + 1);
}

/** The most runs that a search takes, whatever comes of each. */
export function maxSteps(design: SearchDesign): number {
  return 2 * doublings(design).length + maxStepsAfterDoubling(design);
}
