import { compiled, ndtri } from 'cephes';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';

// It is WebAssembly, and its functions do not exist before it is compiled.
await compiled;

/** The latencies of one message: one, or one for each receiver. Times are in nanoseconds from the start of a run. */
export interface Message {
  readonly dueNs: number;
  readonly latenciesNs: readonly number[];
}

/** Draws from distributions, the same ones for one seed. */
export class Draws {
  readonly #generator;

  constructor(seed: number) {
    this.#generator = mersenne(seed);
  }

  /** Between 0 and 1. */
  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Source: Box and Muller, "A note on the generation of random normal deviates" (1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** A server whose latencies are correlated in a known way. */
export interface Process {
  readonly name: string;
  /** The messages of one run, which has `count` of them, `rateHz` a second. */
  readonly run: (draws: Draws, count: number, rateHz: number) => Message[];
  /** A quantile of its latencies by their distribution; null where that is not known. */
  readonly quantileNs: ((quantile: number, rateHz: number) => number) | null;
}

const MS = 1e6;

/** Successive latencies that each remember the part `memory` (0 to 1) of the one before, with a spread in logarithms. */
function* logNormal(draws: Draws, memory: number, spread: number): Generator<number, never> {
  let state = draws.normal();
  for (;;) {
    yield Math.exp(spread * state);
    state = memory * state + Math.sqrt(1 - memory ** 2) * draws.normal();
  }
}

/** A quantile of latencies whose logarithms spread normally around that of 1 ms. */
const logNormalNs = (quantile: number, spread: number) => MS * Math.exp(spread * ndtri(quantile));

/** Messages that are evenly spaced. */
function evenly(count: number, rateHz: number, latencies: (index: number) => readonly number[]): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    dueNs: (index * 1e9) / rateHz,
    latenciesNs: latencies(index).map(Math.round),
  }));
}

/** Latencies that follow one another as in an autoregressive process of the first order. */
export function autoregressive(memory: number): Process {
  const name = memory === 0 ? 'independent latencies' : `autoregressive latencies, correlation ${memory}`;
  return {
    name,
    run(draws, count, rateHz) {
      const values = logNormal(draws, memory, 0.5);
      return evenly(count, rateHz, () => [MS * values.next().value]);
    },
    quantileNs: (quantile) => logNormalNs(quantile, 0.5),
  };
}

/** A tail so heavy that latencies have no variance. */
export const heavyTail: Process = {
  name: 'independent latencies with a heavy tail (Pareto, 1.5)',
  run: (draws, count, rateHz) => evenly(count, rateHz, () => [MS * (1 - draws.uniform()) ** (-1 / 1.5)]),
  quantileNs: (quantile) => MS * (1 - quantile) ** (-1 / 1.5),
};

/** Messages before the first one of a run, so that a queue is no longer empty. */
const FILLING = 20_000;

/**
 * A queue with one server: messages arrive at random, and take times from an exponential distribution. So do their
 * latencies, whose mean is that of the service divided by the share of time in which the server is idle. Source: Kleinrock,
 * "Queueing Systems", volume 1 (1975), section 5.
 */
export function queue(utilization: number): Process {
  return {
    name: `queue (M/M/1), utilization ${utilization}`,
    run(draws, count, rateHz) {
      const spacingNs = 1e9 / rateHz;
      const messages: Message[] = [];
      let [dueNs, waitNs] = [0, 0];
      for (let index = -FILLING; index < count; index++) {
        const serviceNs = draws.exponential(utilization * spacingNs);
        if (index >= 0) messages.push({ dueNs, latenciesNs: [Math.round(waitNs + serviceNs)] });
        const nextNs = draws.exponential(spacingNs);
        waitNs = Math.max(0, waitNs + serviceNs - nextNs);
        if (index >= 0) dueNs += nextNs;
      }
      return messages;
    },
    quantileNs: (quantile, rateHz) =>
      (((utilization * 1e9) / rateHz) * -Math.log(1 - quantile)) / (1 - utilization),
  };
}

const STALL_NS = 100 * MS;

/** A server that stands still for 100 ms about once a second: at random times, or once at any time of each second. */
export function stallingServer(when: 'at random' | 'once in each second'): Process {
  return {
    name: `stalls of 100 ms, ${when}`,
    run(draws, count, rateHz) {
      const endNs = (count * 1e9) / rateHz;
      const starts: number[] = [];
      let nextNs = -1e9;
      while (nextNs < endNs) {
        if (when === 'at random') nextNs += draws.exponential(1e9);
        else nextNs += 1e9;
        starts.push(when === 'at random' ? nextNs : nextNs + draws.uniform() * 1e9);
      }
      starts.sort((a, b) => a - b);
      let stall = 0;
      let untilNs = Number.NEGATIVE_INFINITY;
      return evenly(count, rateHz, (index) => {
        const dueNs = (index * 1e9) / rateHz;
        for (; (starts[stall] ?? Number.POSITIVE_INFINITY) <= dueNs; stall++)
          untilNs = (starts[stall] ?? 0) + STALL_NS;
        return [Math.max(0, untilNs - dueNs) + 0.5 * MS * Math.exp(0.3 * draws.normal())];
      });
    },
    quantileNs: null,
  };
}

/** Broadcasts to 20 receivers, which share the part of the latency that follows its own course with `memory`. */
export function fanOut(memory: number, sharedSpread: number): Process {
  const shared = sharedSpread === 0 ? 'nothing shared' : `shared, correlation ${memory}`;
  return {
    name: `broadcasts to 20 receivers, ${shared}`,
    run(draws, count, rateHz) {
      const common = logNormal(draws, memory, sharedSpread);
      return evenly(count, rateHz, () => {
        const factor = common.next().value;
        return Array.from({ length: 20 }, () => MS * factor * Math.exp(0.3 * draws.normal()));
      });
    },
    quantileNs: (quantile) => logNormalNs(quantile, Math.hypot(sharedSpread, 0.3)),
  };
}
