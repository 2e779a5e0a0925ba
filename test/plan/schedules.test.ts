import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import { buildPlan } from '../../src/plan/plan.ts';
import { arrivalsOf, messagesOfStreams, schedulesOf } from '../../src/plan/schedules.ts';
import { targetWith } from '../support/plan.ts';

function planned(population: string, more: GivenOptions = {}) {
  return buildPlan(broadcastLatency, { clients: '20', duration: '2s', population, ...more }, () =>
    targetWith(),
  );
}

function arrivals({ plan, layout }: ReturnType<typeof planned>, isOwn = layout.streams.map(() => true)) {
  return [...arrivalsOf(plan, layout, plan.profile, isOwn)];
}

describe('the schedules of populations', () => {
  it('have the rate of each, in turns of its publishers, and begin one after the other', () => {
    const run = planned('a: clients=50% publishers=1 rate=2/s; b: publishers=2 rate=4/s');
    expect(run.plan.profile).toEqual([{ durationMs: 2000, fromHz: 6, toHz: 6 }]);
    const [a, b] = schedulesOf(run.plan, run.layout);
    const ms = (streams: readonly number[] = []) =>
      arrivals(run)
        .filter(({ index }) => streams.includes(index % 3))
        .map(({ index, offsetNs }) => [Math.floor(index / 3), offsetNs / 1e6]);
    expect(ms(a?.streams)).toEqual([0, 1, 2, 3].map((seq) => [seq, seq * 500]));
    // Two publishers in turn, every 250 ms, from half of that on.
    expect(ms(b?.streams)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((k) => [Math.floor(k / 2), 125 + k * 250]));
    expect(messagesOfStreams(run.plan, run.layout).toSorted()).toEqual([4, 4, 4]);
  });

  it('have shares of a rate with stages', () => {
    const run = planned('a: clients=50% publishers=1 rate=25%; b: publishers=1 rate=75%', {
      ...{ rate: '1s@20/s,1s@20..60/s', duration: undefined },
    });
    const [a] = schedulesOf(run.plan, run.layout);
    const own = run.layout.streams.map((_, stream) => a?.streams.includes(stream) === true);
    expect(arrivals(run, own)).toHaveLength(15);
    expect(arrivals(run)).toHaveLength(60);
  });

  it('are those of the whole run in parts, ascending, however clients are spread', () => {
    const drawn = fc.record({
      rates: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
      arrival: fc.constantFrom('constant', 'poisson'),
      seed: fc.integer({ min: 0, max: 99 }),
    });
    fc.assert(
      fc.property(drawn, ({ rates, arrival, seed }) => {
        const population = rates.map((hz, at) => `p${at}: clients=5 publishers=2 rate=${hz}/s`).join(';');
        const run = planned(population, { arrival, seed: String(seed) });
        const whole = arrivals(run);
        expect(whole.map(({ offsetNs }) => offsetNs)).toEqual(
          whole.map(({ offsetNs }) => offsetNs).toSorted((x, y) => x - y),
        );
        const parts = [0, 1].flatMap((worker) =>
          arrivals(
            run,
            run.layout.streams.map((_, stream) => stream % 2 === worker),
          ),
        );
        const inOrder = (all: typeof whole) =>
          all.toSorted((x, y) => x.offsetNs - y.offsetNs || x.index - y.index);
        expect(inOrder(parts)).toEqual(inOrder(whole));
        // Numbers of each stream have no gaps.
        const streams = run.layout.streams.length;
        for (const stream of run.layout.streams.keys()) {
          const numbers = whole.filter(({ index }) => index % streams === stream);
          expect(numbers.map(({ index }) => Math.floor(index / streams))).toEqual([...numbers.keys()]);
        }
      }),
    );
  });

  it('are one for all streams where no population has a rate', () => {
    const run = planned('a: clients=50% publishers=3', { rate: '10/s' });
    expect(schedulesOf(run.plan, run.layout)).toEqual([{ streams: [0, 1, 2], share: 1, seed: 1, phase: 0 }]);
  });
});
