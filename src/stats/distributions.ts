import { compiled, incbi, ndtr, ndtri, stdtri } from 'cephes';
import { LARGE } from '../result/quantile-bounds.ts';

// It is WebAssembly, and its functions do not exist before it is compiled.
await compiled;

/** The value that a Beta(a, b) variable does not exceed with the probability given (0 to 1); a and b over 0. */
export function betaQuantile(probability: number, a: number, b: number): number {
  if (Math.min(a, b) <= LARGE) return incbi(a, b, probability);
  const mean = a / (a + b);
  return mean + ndtri(probability) * Math.sqrt((mean * (1 - mean)) / (a + b + 1));
}

/** The probability that a standard normal variable exceeds the value. */
export function normalTail(value: number): number {
  return ndtr(-value);
}

/** The value that a standard normal variable does not exceed with the probability given, inside 0 to 1. */
export function normalQuantile(probability: number): number {
  return ndtri(probability);
}

/** The value that a Student's t variable with whole `degrees` of freedom, 1 or more, does not exceed with the probability. */
export function studentQuantile(probability: number, degrees: number): number {
  return stdtri(degrees, probability);
}

/** Throws a RangeError that names the first value that is not a finite number. */
export function requireFinite(name: string, values: readonly number[]): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at !== -1) throw new RangeError(`${name}[${at}] is ${values[at]}; it must be a finite number`);
}

/** Throws a RangeError unless the value lies between 0 and 1, both left out. */
export function requireInsideUnit(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name} is ${value}; it must lie between 0 and 1`);
}

/** Throws a RangeError unless the value is a whole number from `min` up to `max`. */
export function requireWhole(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  throw new RangeError(`${name} is ${value}; it must be a whole number, ${range}`);
}

/**
 * Two-sided bounds of a probability, from 0 to 1, after `successes` in independent `trials`: each is missed with
 * at most half of 1 - confidence, for any probability. 0 to 1 for no trials. Throws a RangeError for counts that
 * are not whole, more successes than trials and a confidence that is not inside 0 to 1.
 *
 * Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
 * Biometrika 26 (1934).
 */
export function clopperPearson(
  successes: number,
  trials: number,
  confidence: number,
): { lower: number; upper: number } {
  requireWhole('trials', trials, 0);
  requireWhole('successes', successes, 0, trials);
  requireInsideUnit('confidence', confidence);
  const missed = (1 - confidence) / 2;
  const failures = trials - successes;
  return {
    lower: successes === 0 ? 0 : betaQuantile(missed, successes, failures + 1),
    upper: failures === 0 ? 1 : betaQuantile(1 - missed, successes + 1, failures),
  };
}
