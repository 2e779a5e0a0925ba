import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPayloads } from '../../src/measure/payload.ts';
import { fixedSize } from '../../src/measure/payload-contents.ts';
import type { Stamp } from '../../src/measure/stamp.ts';

const stamps: fc.Arbitrary<Stamp> = fc
  .record({
    stream: fc.nat(99_999),
    seq: fc.nat(),
    intendedNs: fc.integer({ min: 0, max: 9e15 }),
    lagNs: fc.nat(5e6),
    measured: fc.boolean(),
  })
  .map(({ lagNs, ...stamp }) => ({ ...stamp, actualNs: stamp.intendedNs + lagNs }));
const runs = fc.record({
  key: fc.nat(),
  contents: fc.constantFrom(48, 49, 64, 67, 300).map(fixedSize),
  check: fc.constantFrom('nothing', 'length', 'content'),
} as const);

/** The bytes of a text at place 3 of others. */
function viewOf(text: string): DataView {
  const bytes = Buffer.from(`abc${text}def`, 'latin1');
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

describe('a text payload in bytes', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(runs, stamps, (run, stamp) => {
        const payloads = createPayloads(run);
        const text = payloads.write(stamp, 'text') as string;
        expect(payloads.readBytes(viewOf(text), 3, text.length, 0)).toEqual(stamp);
      }),
    );
  });

  it('is left to a search when anything of it was changed', () => {
    const changes = fc.record({
      at: fc.nat(400),
      removed: fc.nat(2),
      added: fc.oneof(
        fc.constantFrom('', '0', 'z', 'sb', ',', 'A', '\u0000', '\u00ff'),
        fc.string({ maxLength: 2 }),
      ),
    });
    fc.assert(
      fc.property(runs, stamps, fc.array(changes, { minLength: 1, maxLength: 2 }), (run, stamp, changed) => {
        const payloads = createPayloads(run);
        let text = payloads.write(stamp, 'text') as string;
        for (const { at, removed, added } of changed) {
          const from = at % (text.length + 1);
          text = `${text.slice(0, from)}${added}${text.slice(from + removed)}`;
        }
        const latin1 = Buffer.from(text, 'latin1').toString('latin1');
        const read = payloads.readBytes(viewOf(latin1), 3, latin1.length, 0);
        if (read !== null) expect(payloads.write(read, 'text')).toBe(latin1);
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[string, (text: string) => string]>([
    ['upper case', (text) => text.toUpperCase()],
    ['a number with a leading zero', (text) => text.replace('sbm', 'sbm0').slice(0, 64)],
    ['a byte less', (text) => text.slice(0, -1)],
    ['a byte more', (text) => `${text}x`],
    ['other filling', (text) => `${text.slice(0, -1)}-`],
    ['its stamp alone', (text) => text.slice(0, text.lastIndexOf(',') + 1)],
    ['nothing', () => ''],
  ])('is not read as %s', (_, change) => {
    const payloads = createPayloads({ key: 7, contents: fixedSize(64), check: 'nothing' });
    const stamp = { stream: 1, seq: 2, intendedNs: 3e9, actualNs: 3e9 + 4, measured: true };
    const text = change(payloads.write(stamp, 'text') as string);
    expect(payloads.readBytes(viewOf(text), 3, text.length, 0)).toBeNull();
  });

  it('is not read under the key of another run, and is under a new one', () => {
    const payloads = createPayloads({ key: 7, contents: fixedSize(64), check: 'content' });
    const others = createPayloads({ key: 8, contents: fixedSize(64), check: 'content' });
    const stamp = { stream: 1, seq: 2, intendedNs: 3e9, actualNs: 3e9 + 4, measured: false };
    const text = others.write(stamp, 'text') as string;
    expect(payloads.readBytes(viewOf(text), 3, text.length, 0)).toBeNull();
    payloads.useKey(8);
    expect(payloads.readBytes(viewOf(text), 3, text.length, 0)).toEqual(stamp);
  });
});
