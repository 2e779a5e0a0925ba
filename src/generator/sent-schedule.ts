import type { Plan } from '../plan/plan.ts';
import { plannedCountAt } from '../plan/profile.ts';

/** Bins of equal probability into which gaps between messages are counted. */
export const GAP_BINS = 1000;
/** Gaps over more arrivals of the schedule are left out: a worker with so small a share of them says little. */
const MAX_STEPS = 100;

/** The times at which a worker sent its measured messages, beside the schedule. Counts of several workers add up. */
export interface SentScheduleCounts {
  readonly messages: number;
  /** Messages that were sent when a later one of the worker was due, or before their time. Of constant arrivals. */
  readonly offSchedule: number;
  /** The largest number of messages by which the worker was behind its schedule, or ahead of it. Of constant arrivals. */
  readonly maxDeviation: number;
  /**
   * Gaps between successive messages by the probability of a shorter one (0 to 1, in {@link GAP_BINS} bins). They are spread
   * evenly where the arrivals are those of a Poisson process. Empty for constant arrivals.
   */
  readonly gaps: readonly number[];
}

/** Counts when messages were sent, in the number of messages that the schedule has until then, so that any rate is one. */
export class SentSchedule {
  readonly #plan: Pick<Plan, 'profile' | 'arrival'>;
  /** The share of the schedule that the worker sends. */
  readonly #share: number;
  readonly #gaps: number[];
  #messages = 0;
  #offSchedule = 0;
  #maxDeviation = 0;
  #last: { readonly index: number; readonly planned: number } | null = null;

  constructor(plan: Pick<Plan, 'profile' | 'arrival'>, share: number) {
    this.#plan = plan;
    this.#share = share;
    this.#gaps = plan.arrival === 'poisson' ? Array<number>(GAP_BINS).fill(0) : [];
  }

  /** Message `index` of the schedule was sent so long after the start of measuring. */
  add(index: number, sinceStartNs: number): void {
    const planned = plannedCountAt(this.#plan.profile, sinceStartNs / 1e6);
    this.#messages += 1;
    if (this.#plan.arrival === 'poisson') this.#addGap(index, planned);
    else this.#addDeviation(planned - index);
  }

  #addDeviation(behind: number): void {
    const deviation = Math.abs(behind * this.#share);
    if (deviation >= 1 || behind < -TOLERANCE) this.#offSchedule += 1;
    if (deviation > this.#maxDeviation) this.#maxDeviation = deviation;
  }

  /** The sum of as many exponential gaps as arrivals lie between two messages has a gamma distribution. */
  #addGap(index: number, planned: number): void {
    const steps = index - (this.#last?.index ?? -1);
    const gap = planned - (this.#last?.planned ?? 0);
    this.#last = { index, planned };
    if (steps < 1 || steps > MAX_STEPS) return;
    const bin = Math.min(GAP_BINS - 1, Math.floor(gammaCdf(steps, Math.max(0, gap)) * GAP_BINS));
    this.#gaps[bin] = (this.#gaps[bin] ?? 0) + 1;
  }

  counts(): SentScheduleCounts {
    return {
      messages: this.#messages,
      offSchedule: this.#offSchedule,
      maxDeviation: this.#maxDeviation,
      gaps: [...this.#gaps],
    };
  }
}

/** Rounding of times to nanoseconds, in messages. */
const TOLERANCE = 0.01;

/** P(X <= x) of a gamma variable with a whole shape (Erlang), of scale 1. */
function gammaCdf(shape: number, x: number): number {
  let term = Math.exp(-x);
  let tail = term;
  for (let k = 1; k < shape; k++) {
    term *= x / k;
    tail += term;
  }
  return Math.max(0, 1 - tail);
}
