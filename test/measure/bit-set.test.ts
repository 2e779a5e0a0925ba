import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BitSet } from '../../src/measure/bit-set.ts';

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
