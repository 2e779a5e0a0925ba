import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BitSet, recentNumbers } from '../../src/measure/bit-set.ts';

it('a bit set has what was added, and says whether it was new', () => {
  const numbers = fc.array(
    fc.oneof(
      fc.nat({ max: 100 }),
      fc.nat({ max: 2 ** 31 }),
      fc.constantFrom(4095, 4096, 2 ** 32, 2 ** 40 + 31),
    ),
  );
  fc.assert(
    fc.property(numbers, fc.nat({ max: 100 }), (added, other) => {
      const [bits, set] = [new BitSet(), new Set<number>()];
      for (const number of added) {
        expect(bits.add(number)).toBe(!set.has(number));
        set.add(number);
      }
      for (const number of [...added, other]) expect(bits.has(number)).toBe(set.has(number));
    }),
  );
});

it('a set of recent numbers has a bounded size, and has all numbers that it gave up', () => {
  const recent = recentNumbers();
  // Of every message of a day at 1,000 per second, one in a hundred.
  for (let number = 0; number < 86_400_000; number += 100) recent.add(number);
  expect(recent.pages).toBe(64);
  expect([86_399_900, 86_399_901, 86_200_000, 0, 1].map((number) => recent.has(number))).toEqual([
    true,
    false,
    true,
    true,
    true,
  ]);
  expect([recent.add(1), recent.add(86_399_901), recent.add(86_399_901)]).toEqual([false, true, false]);
});
