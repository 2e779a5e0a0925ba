import { GAP_BINS, type SentScheduleCounts } from '../generator/sent-schedule.ts';
import type { ArrivalProcess } from '../plan/arrivals.ts';
import { SHORT_GAPS, type StoredSchedule } from '../result/stored-schedule.ts';

/** Constant arrivals: a larger share of the messages is sent when a later one is due only by a generator that is too slow. */
const MAX_OFF_SCHEDULE = 0.05;
/** Poisson arrivals: gaps of so small a probability are said not to fit. */
const MISFIT_ALPHA = 0.01;
/** With fewer gaps the statistic says nothing. */
const MIN_GAPS = 20;

const OF_CONSTANT = { andersonDarling: null, p: null, shortGaps: null } as const;

/** Tests whether all workers together sent as planned; null where nothing was sent, or too little. */
export function testSchedule(
  arrival: ArrivalProcess,
  workers: ReadonlyArray<SentScheduleCounts | null>,
): StoredSchedule | null {
  const counts = workers.filter((worker) => worker !== null);
  const messages = counts.reduce((sum, worker) => sum + worker.messages, 0);
  if (arrival === 'constant') {
    if (messages === 0) return null;
    const offSchedule = counts.reduce((sum, worker) => sum + worker.offSchedule, 0);
    const maxDeviation = Math.max(...counts.map((worker) => worker.maxDeviation));
    const fits = offSchedule <= MAX_OFF_SCHEDULE * messages;
    return { arrival, messages, fits, offSchedule, maxDeviation, ...OF_CONSTANT };
  }
  // Gaps of workers overlap, so that they are not independent: the worst worker counts.
  const tested = counts.map(({ gaps }) => fitOf(gaps)).filter((fit) => fit !== null);
  const [worst] = tested.toSorted((a, b) => b.andersonDarling - a.andersonDarling);
  if (worst === undefined) return null;
  const p = Math.min(1, tested.length * andersonDarlingP(worst.andersonDarling));
  return { arrival, messages, fits: p > MISFIT_ALPHA, offSchedule: null, maxDeviation: null, ...worst, p };
}

function fitOf(
  bins: readonly number[],
): { readonly andersonDarling: number; readonly shortGaps: number } | null {
  const count = bins.reduce((sum, gap) => sum + gap, 0);
  if (count < MIN_GAPS) return null;
  const short = bins.slice(0, SHORT_GAPS * GAP_BINS).reduce((sum, gap) => sum + gap, 0);
  return { andersonDarling: andersonDarlingOf(bins, count), shortGaps: short / count };
}

/**
 * The statistic of Anderson and Darling of values that should be spread evenly over bins: the squared distances of both
 * distribution functions at the ends of the bins, over their variance, times the number of values.
 */
function andersonDarlingOf(bins: readonly number[], count: number): number {
  let [below, sum] = [0, 0];
  for (let end = 1; end < bins.length; end++) {
    below += bins[end - 1] ?? 0;
    const expected = end / bins.length;
    sum += (below / count - expected) ** 2 / (expected * (1 - expected));
  }
  return (count * sum) / bins.length;
}

/**
 * The probability of so large a statistic, or a larger one, for values of a distribution that is known; 1 below 2. Source:
 * Marsaglia and Marsaglia, "Evaluating the Anderson-Darling distribution", Journal of Statistical Software 9 (2004), `adinf`.
 */
function andersonDarlingP(statistic: number): number {
  if (statistic < 2) return 1;
  // The polynomial is made for statistics up to 10, where the probability is 10^-5.
  const z = Math.min(10, statistic);
  const exponent = [1.0776, -2.30695, 0.43424, -0.082433, 0.008056, -0.0003146].reduce(
    (sum, coefficient, power) => sum + coefficient * z ** power,
    0,
  );
  return -Math.expm1(-Math.exp(exponent));
}
