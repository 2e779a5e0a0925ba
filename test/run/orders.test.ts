import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancedOrders } from '../../src/run/rounds.ts';

const designs = fc.record({
  arms: fc.integer({ min: 1, max: 6 }),
  rounds: fc.integer({ min: 1, max: 40 }),
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
});

describe('the order of arms', () => {
  it('has every arm once in each round, and is the same for the same seed', () => {
    fc.assert(
      fc.property(designs, ({ arms, rounds, seed }) => {
        const orders = balancedOrders(arms, rounds, seed);
        expect(orders).toHaveLength(rounds);
        for (const order of orders)
          expect(order.toSorted()).toEqual(Array.from({ length: arms }, (_, arm) => arm));
        expect(balancedOrders(arms, rounds, seed)).toEqual(orders);
      }),
    );
  });

  it('gives every arm every position once in each block of as many rounds', () => {
    fc.assert(
      fc.property(designs, ({ arms, seed }) => {
        const orders = balancedOrders(arms, arms * 3, seed);
        for (let block = 0; block < 3; block++) {
          for (let position = 0; position < arms; position++) {
            const there = orders.slice(block * arms, (block + 1) * arms).map((order) => order[position]);
            expect(new Set(there).size).toBe(arms);
          }
        }
      }),
    );
  });

  it('is not the same with every seed', () => {
    const firsts = Array.from({ length: 200 }, (_, seed) => balancedOrders(2, 1, seed)[0]?.[0]);
    const ofBase = firsts.filter((arm) => arm === 0).length;
    // 100 are expected; so far off comes once in 10^7 times.
    expect(ofBase).toBeGreaterThan(62);
    expect(ofBase).toBeLessThan(138);
  });
});
