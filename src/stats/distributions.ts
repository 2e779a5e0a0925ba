import { compiled, incbet, incbi, ndtr, ndtri, stdtri } from 'cephes';

// It is WebAssembly, and its functions do not exist before it is compiled.
await compiled;

/**
 * From here on the normal distribution is used: the continued fraction of Cephes stops after 300 terms, and near the
 * middle of a beta distribution whose parameters are both over 10^6 that is too early.
 */
const LARGE = 250_000;

/**
 * P(X <= successes) for X ~ Binomial(trials, probability), by its relation to the incomplete beta function
 * (Abramowitz & Stegun 1964, 26.5.24). `successes` may be any whole number, below 0 and over `trials` too. Absolute
 * error under 10^-5; under 4 * 10^-4 where both successes and failures are expected more than 250,000 times.
 */
export function binomialCdf(successes: number, trials: number, probability: number): number {
  if (successes < 0) return 0;
  if (successes >= trials) return 1;
  const mean = trials * probability;
  if (Math.min(mean, trials - mean) <= LARGE) {
    return incbet(trials - successes, successes + 1, 1 - probability);
  }
  return ndtr((successes + 0.5 - mean) / Math.sqrt(mean * (1 - probability)));
}

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
