import { describe, expect, it } from 'vitest';
import type { CapacityAnswer, StepOutcome } from '../../src/result/capacity.ts';
import {
  endingSoFar,
  MAX_STEPS_DOWN,
  maxSteps,
  nextStep,
  type PastStep,
  RESOLUTION,
  type SearchDesign,
  type SearchStep,
} from '../../src/stats/capacity-search.ts';

const RATE: SearchDesign = { vary: 'rate', from: 50, to: 100_000, repeats: 5, mustPass: 4 };
const CLIENTS: SearchDesign = { vary: 'clients', from: 10, to: 100_000, repeats: 5, mustPass: 4 };

/** Park and Miller's generator: the same numbers on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

type Server = (step: SearchStep) => StepOutcome;

/** Follows a search to its end; fails a test that it does not come to within the steps that it stated. */
function searched(design: SearchDesign, server: Server): { ending: CapacityAnswer; history: PastStep[] } {
  const history: PastStep[] = [];
  for (;;) {
    const next = nextStep(history, design);
    if (next.done) return { ending: next.ending, history };
    history.push({ ...next.step, outcome: server(next.step) });
    if (history.length > maxSteps(design)) throw new Error(`over ${maxSteps(design)} steps`);
  }
}

const takes =
  (capacity: number): Server =>
  ({ value }) =>
    value <= capacity ? 'passed' : 'failed';

/** From `least` up in steps of 3 %. */
function capacities(least: number, most: number): number[] {
  const count = Math.floor(Math.log(most / least) / Math.log(1.03));
  return Array.from({ length: count }, (_, index) => least * 1.03 ** index);
}

describe('a search against a server that always takes the same', () => {
  it.each([
    ['rate', RATE, capacities(50, 99_000)],
    ['rate from little', { ...RATE, from: 0.1, to: 40 }, capacities(0.1, 39)],
    ['clients', CLIENTS, capacities(10, 99_000).map(Math.round)],
    ['clients from one', { ...CLIENTS, from: 1, to: 50 }, Array.from({ length: 49 }, (_, n) => n + 1)],
  ] as const)('finds it to 5 %% and never says more: %s', (_, design, all) => {
    for (const capacity of all) {
      const { ending } = searched(design, takes(capacity));
      expect(ending.kind, `${capacity}`).toBe('found');
      const [value, failedAt] = [ending.value ?? 0, ending.failedAt ?? 0];
      expect(value).toBeLessThanOrEqual(capacity);
      expect(failedAt).toBeGreaterThan(capacity);
      const isNear = failedAt <= value * (1 + RESOLUTION) * 1.000001;
      expect(isNear || (design.vary === 'clients' && failedAt === value + 1), `${value} ${failedAt}`).toBe(
        true,
      );
    }
  });

  it('doubles, bisects what lies between, and confirms with fresh runs', () => {
    const { history } = searched({ ...RATE, from: 100, to: 1000 }, takes(290));
    expect(history.map(({ phase, value, outcome }) => `${phase} ${value} ${outcome}`)).toEqual([
      'doubling 100 passed',
      'doubling 200 passed',
      'doubling 400 failed',
      'doubling 400 failed',
      'bisecting 283 passed',
      'bisecting 336 failed',
      'bisecting 336 failed',
      'bisecting 308 failed',
      'bisecting 308 failed',
      'bisecting 295 failed',
      'bisecting 295 failed',
      ...Array<string>(5).fill('confirming 283 passed'),
    ]);
  });

  it('says at least, where even the most that was asked for passes', () => {
    const { ending } = searched({ ...RATE, to: 300 }, takes(1000));
    expect(ending).toEqual({ kind: 'at_least', value: 300, failedAt: null, inconclusiveAt: null });
  });

  it('says that it cannot be met, where not even the first value passes', () => {
    const { ending, history } = searched(RATE, takes(20));
    expect(ending).toEqual({ kind: 'below_start', value: null, failedAt: 50, inconclusiveAt: null });
    expect(history).toHaveLength(2);
  });

  it('tries one value only when from and to are the same', () => {
    const design = { ...RATE, from: 100, to: 100, repeats: 2, mustPass: 2 };
    expect(searched(design, takes(100)).history.map(({ value }) => value)).toEqual([100, 100, 100]);
  });
});

describe('a search on a machine with bad moments', () => {
  it('is not ended by a single bad run', () => {
    let runs = 0;
    const server: Server = (step) => {
      runs += 1;
      return runs === 2 || runs === 4 ? 'failed' : takes(1000)(step);
    };
    const { ending } = searched(RATE, server);
    expect(ending.kind).toBe('found');
    expect(ending.value).toBeGreaterThan(1000 / 1.05 / 1.001);
  });

  it('takes four of five, and steps down by 5 % where only three pass', () => {
    const confirmations: StepOutcome[] = [
      ...(['passed', 'failed', 'passed', 'failed'] as const),
      ...(['passed', 'failed', 'passed', 'passed', 'passed'] as const),
    ];
    const server: Server = (step) =>
      step.phase === 'confirming' ? (confirmations.shift() ?? 'failed') : takes(290)(step);
    const { ending, history } = searched({ ...RATE, from: 100 }, server);
    const confirming = history.filter(({ phase }) => phase === 'confirming').map(({ value }) => value);
    expect(confirming).toEqual([283, 283, 283, 283, 270, 270, 270, 270, 270]);
    expect(ending).toEqual({ kind: 'found', value: 270, failedAt: 283, inconclusiveAt: null });
  });

  it('calls a server unstable that passes once but never again', () => {
    const server: Server = (step) => (step.phase === 'confirming' ? 'failed' : takes(290)(step));
    const { ending, history } = searched({ ...RATE, from: 100 }, server);
    expect(ending).toMatchObject({ kind: 'unstable', value: 283 });
    const confirmed = new Set(
      history.filter(({ phase }) => phase === 'confirming').map(({ value }) => value),
    );
    expect(confirmed.size).toBe(MAX_STEPS_DOWN + 1);
  });

  it('says that it is below the start when stepping down reaches the first value and fails', () => {
    const server: Server = (step) => (step.phase === 'confirming' ? 'failed' : takes(51)(step));
    expect(searched(RATE, server).ending).toMatchObject({ kind: 'below_start', value: null, failedAt: 50 });
  });

  it('says more than the server takes in a few searches of a hundred only, and then by a few per cent', () => {
    // A run passes with a probability that falls from 1 to 0 within +-5 % of the capacity.
    const tooMuch: number[] = [];
    const tooLittle: number[] = [];
    for (let seed = 1; seed <= 500; seed++) {
      const random = randomFrom(seed);
      const capacity = 200 + 20_000 * random();
      const server: Server = ({ value }) => {
        const chance = 1 / (1 + Math.exp((value / capacity - 1) / 0.01));
        return random() < chance * 0.97 ? 'passed' : 'failed';
      };
      const { ending } = searched(RATE, server);
      const ratio = (ending.value ?? 0) / capacity;
      if (ending.kind !== 'found' || ratio < 0.85) tooLittle.push(ratio);
      if (ratio > 1.05) tooMuch.push(ratio);
    }
    expect(tooMuch).toEqual([]);
    // A value far below is believed to fail when both of its runs have a bad moment: 0.09 % each.
    expect(tooLittle.length).toBeLessThanOrEqual(10);
  });
});

describe('a search whose generator is the limit', () => {
  /** From `limit` on nothing can be said. */
  const seenTo =
    (limit: number, capacity: number): Server =>
    (step) =>
      step.value >= limit ? 'excluded' : takes(capacity)(step);

  it('says at least, and where nothing could be seen', () => {
    const { ending } = searched(RATE, seenTo(700, 5000));
    expect(ending.kind).toBe('at_least');
    expect(ending.value).toBeLessThan(700);
    expect(ending.inconclusiveAt).toBeGreaterThanOrEqual(700);
    expect(ending.inconclusiveAt).toBeLessThanOrEqual((ending.value ?? 0) * 1.051);
  });

  it('still finds a capacity that lies below that', () => {
    const { ending } = searched(RATE, seenTo(1000, 600));
    expect(ending).toMatchObject({ kind: 'found' });
    expect(ending.value).toBeLessThanOrEqual(600);
  });

  it('says that nothing could be seen when that is so from the first', () => {
    const { ending, history } = searched(RATE, seenTo(10, 600));
    expect(ending).toEqual({ kind: 'inconclusive', value: null, failedAt: null, inconclusiveAt: 50 });
    expect(history).toHaveLength(2);
  });

  it('does not take one excluded run for a limit', () => {
    let runs = 0;
    const server: Server = (step) => {
      runs += 1;
      return runs % 7 === 0 ? 'excluded' : takes(600)(step);
    };
    expect(searched(RATE, server).ending).toMatchObject({ kind: 'found', inconclusiveAt: null });
  });

  it('takes a value that failed once as failed when its second run is excluded', () => {
    const outcomes: StepOutcome[] = ['failed', 'excluded'];
    expect(searched(RATE, () => outcomes.shift() ?? 'passed').ending).toMatchObject({ kind: 'below_start' });
  });
});

describe('with any outcomes of its runs', () => {
  it.each([
    ['rate', RATE],
    ['clients', CLIENTS],
    ['a few clients', { ...CLIENTS, from: 1, to: 7, repeats: 1, mustPass: 1 }],
    ['hardly a range', { ...RATE, from: 100, to: 101 }],
  ] as const)('the search stays in its range, and ends within the steps that it stated: %s', (_, design) => {
    for (let seed = 1; seed <= 400; seed++) {
      const random = randomFrom(seed);
      const chances = [random(), random()].toSorted((a, b) => a - b);
      const { ending, history } = searched(design, () => {
        const drawn = random();
        if (drawn < (chances[0] ?? 0)) return 'passed';
        return drawn < (chances[1] ?? 0) ? 'failed' : 'excluded';
      });
      for (const { value } of history) {
        expect(value).toBeGreaterThanOrEqual(design.from);
        expect(value).toBeLessThanOrEqual(design.to);
      }
      if (ending.kind === 'found' || ending.kind === 'at_least') {
        const last = history.slice(-design.repeats - 1).filter(({ phase }) => phase === 'confirming');
        const passed = last.filter(({ outcome, value }) => outcome === 'passed' && value === ending.value);
        expect(passed.length).toBeGreaterThanOrEqual(design.mustPass);
      }
    }
  });

  it('a history of another search is an error', () => {
    expect(() => nextStep([{ phase: 'doubling', value: 70, outcome: 'passed' }], RATE)).toThrow(RangeError);
  });

  it('what is known of a search that was stopped is the highest that passed, and what stood above', () => {
    const history: PastStep[] = [
      { phase: 'doubling', value: 50, outcome: 'passed' },
      { phase: 'doubling', value: 100, outcome: 'excluded' },
      { phase: 'doubling', value: 100, outcome: 'passed' },
      { phase: 'doubling', value: 200, outcome: 'failed' },
    ];
    expect(endingSoFar(history)).toEqual({
      kind: 'interrupted',
      value: 100,
      failedAt: 200,
      inconclusiveAt: null,
    });
    expect(endingSoFar([])).toEqual({
      kind: 'interrupted',
      value: null,
      failedAt: null,
      inconclusiveAt: null,
    });
  });
});
