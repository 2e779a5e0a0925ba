import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findStamp, MIN_PAYLOAD_BYTES, readStamp, type Stamp, stampWriter } from '../../src/measure/stamp.ts';

const DAYS_104_NS = 104 * 86_400e9;
const MINUTES_40_NS = 40 * 60e9;

const stamps: fc.Arbitrary<Stamp> = fc
  .record({
    stream: fc.nat({ max: 1_000_000 }),
    seq: fc.nat({ max: 2 ** 31 - 1 }).chain((low) => fc.nat({ max: 36 }).map((high) => high * 2 ** 31 + low)),
    intendedNs: fc.maxSafeNat().map((value) => value % DAYS_104_NS),
    lagNs: fc.maxSafeNat().map((value) => value % MINUTES_40_NS),
    measured: fc.boolean(),
  })
  .map(({ lagNs, ...stamp }) => ({ ...stamp, actualNs: stamp.intendedNs + lagNs }));

const sample: Stamp = { stream: 3, seq: 35, intendedNs: 1e9, actualNs: 1e9 + 36, measured: true };

describe('a text payload', () => {
  const { text: minBytes } = MIN_PAYLOAD_BYTES;
  const sizes = fc.integer({ min: minBytes, max: 5000 });

  it('carries any stamp and gives it back', () => {
    fc.assert(
      fc.property(stamps, sizes, (stamp, payloadBytes) => {
        expect(readStamp(stampWriter('text', payloadBytes)(stamp))).toEqual(stamp);
      }),
    );
  });

  it('has exactly the size that was asked for, in a form that JSON never escapes', () => {
    fc.assert(
      fc.property(stamps, sizes, (stamp, payloadBytes) => {
        const payload = stampWriter('text', payloadBytes)(stamp);
        expect(Buffer.byteLength(payload)).toBe(payloadBytes);
        expect(JSON.stringify(payload)).toBe(`"${payload}"`);
      }),
    );
  });

  it('looks like this', () => {
    expect(stampWriter('text', 40)(sample)).toBe('sbm3,z,gjdgxs,10,xxxxxxxxxxxxxxxxxxxxxxx');
    expect(stampWriter('text', 40)({ ...sample, measured: false })).toMatch(/^sbw3,/);
  });

  it('has room for the largest stamp', () => {
    const largest: Stamp = {
      stream: 36 ** 5 - 1,
      seq: 36 ** 7 - 1,
      intendedNs: Number.MAX_SAFE_INTEGER - 36 ** 8,
      actualNs: Number.MAX_SAFE_INTEGER - 1,
      measured: true,
    };
    const payload = stampWriter('text', minBytes)(largest);
    expect(payload).toHaveLength(minBytes);
    expect(readStamp(payload)).toEqual(largest);
  });

  it.each([
    ['empty', ''],
    ['of another kind', 'hello'],
    ['the mark alone', 'sb'],
    ['an unknown kind', 'sbx3,z,gjdgxs,10,'],
    ['a field missing', 'sbm3,z,gjdgxs,'],
    ['a field empty', 'sbm3,,gjdgxs,10,'],
    ['cut within the last field', 'sbm3,z,gjdgxs,1'],
    ['a field that is not base 36', 'sbm3,z!,gjdgxs,10,'],
    ['a field with a sign', 'sbm3,-z,gjdgxs,10,'],
    ['in capitals', 'SBM3,Z,GJDGXS,10,'],
    ['a time that is no exact number', 'sbm3,z,zzzzzzzzzzz,10,'],
    ['something before it', ' sbm3,z,gjdgxs,10,'],
  ])('that is damaged or foreign carries no stamp: %s', (_, payload) => {
    expect(readStamp(payload)).toBeNull();
  });

  it('that is foreign gives null or a sound stamp, and never throws', () => {
    const field = fc.oneof(fc.stringMatching(/^[0-9a-z]{1,13}$/), fc.string({ maxLength: 5 }));
    const fields = fc.tuple(field, field, field, field);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fields.map((parts) => `sbm${parts.join(',')},`),
          fc.string().map((rest) => `sb${rest}`),
        ),
        (payload) => expectNullOrSound(readStamp(payload)),
      ),
      { numRuns: 1000 },
    );
  });
});

describe('a binary payload', () => {
  const { binary: minBytes } = MIN_PAYLOAD_BYTES;
  const sizes = fc.integer({ min: minBytes, max: 5000 });

  it('carries any stamp and gives it back, at exactly the size that was asked for', () => {
    fc.assert(
      fc.property(stamps, sizes, (stamp, payloadBytes) => {
        const payload = stampWriter('binary', payloadBytes)(stamp);
        expect(payload).toHaveLength(payloadBytes);
        expect(readStamp(payload)).toEqual(stamp);
      }),
    );
  });

  it('is read wherever it lies in a larger buffer', () => {
    fc.assert(
      fc.property(stamps, fc.nat({ max: 17 }), (stamp, offset) => {
        const payload = stampWriter('binary', 64)(stamp) as Buffer;
        const larger = new Uint8Array(100);
        larger.set(payload, offset);
        expect(readStamp(larger.subarray(offset, offset + 64))).toEqual(stamp);
      }),
    );
  });

  it('has everything little-endian in its place, and zeros after it', () => {
    const expected = Buffer.alloc(40);
    expected[0] = 0x5b;
    expected[1] = 1;
    expected.writeUInt32LE(3, 4);
    expected.writeDoubleLE(35, 8);
    expected.writeDoubleLE(1e9, 16);
    expected.writeDoubleLE(1e9 + 36, 24);
    expect(stampWriter('binary', 40)(sample)).toEqual(expected);
  });

  it('that is shorter than a stamp carries none', () => {
    const payload = stampWriter('binary', minBytes)(sample) as Buffer;
    for (let length = 0; length < minBytes; length++) {
      expect(readStamp(payload.subarray(0, length))).toBeNull();
    }
  });

  it.each([
    ['mark', 0, 0x5c],
    ['kind', 1, 2],
    ['unused byte', 2, 1],
    ['second unused byte', 3, 1],
    ['sequence number, which is then NaN', 15, 0x7f],
    ['intended time, which is then negative', 23, 0xc1],
    ['actual time, which is then before the intended one', 30, 0x00],
  ])('with a damaged %s carries none', (_, at, byte) => {
    const payload = stampWriter(
      'binary',
      40,
    )({ ...sample, seq: 2 ** 52 + 1, intendedNs: 2 ** 40, actualNs: 2 ** 40 });
    expect(readStamp(payload)).not.toBeNull();
    (payload as Buffer)[at] = byte;
    expect(readStamp(payload)).toBeNull();
  });

  it('that is foreign gives null or a sound stamp, and never throws', () => {
    const foreign = fc.uint8Array({ maxLength: 80 });
    const numbers = fc
      .tuple(fc.double(), fc.double(), fc.double())
      .map((values) => new Uint8Array(Float64Array.from(values).buffer));
    fc.assert(
      fc.property(
        fc.oneof(
          foreign,
          foreign.map((rest) => Uint8Array.from([0x5b, 1, 0, 0, ...rest])),
          numbers.map((rest) => Uint8Array.from([0x5b, 1, 0, 0, 7, 0, 0, 0, ...rest])),
        ),
        (payload) => expectNullOrSound(readStamp(payload)),
      ),
      { numRuns: 1000 },
    );
  });
});

describe('what is neither text nor bytes', () => {
  it('carries no stamp', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant(undefined), fc.double(), fc.object(), fc.array(fc.nat()), fc.boolean()),
        (payload) => {
          expect(readStamp(payload)).toBeNull();
        },
      ),
    );
    expect(readStamp(null)).toBeNull();
  });
});

function expectNullOrSound(stamp: Stamp | null): void {
  if (stamp === null) return;
  for (const value of [stamp.stream, stamp.seq, stamp.intendedNs, stamp.actualNs]) {
    expect(value).toSatisfy((number: number) => Number.isSafeInteger(number) && number >= 0);
  }
  expect(stamp.actualNs).toBeGreaterThanOrEqual(stamp.intendedNs);
}

describe('a stamp in what a server made of a payload', () => {
  /** Text without the mark, so that nothing before the stamp can pass for one. */
  const surroundings = fc.string({ maxLength: 60 }).filter((text) => !/sb/i.test(text));
  const payloadBytes = fc.integer({ min: MIN_PAYLOAD_BYTES.text, max: 200 });
  const texts = fc.record({ stamp: stamps, payloadBytes }).map(({ stamp, payloadBytes: size }) => ({
    stamp,
    text: stampWriter('text', size)(stamp) as string,
  }));

  it('is found inside longer text', () => {
    fc.assert(
      fc.property(texts, surroundings, surroundings, ({ stamp, text }, before, after) => {
        // A letter more at its end would belong to the mark.
        expect(findStamp(`${before.replace(/s$/i, '')}${text}${after}`)).toEqual(stamp);
      }),
    );
  });

  it('is found in JSON, as text and as bytes, and in JSON within JSON', () => {
    fc.assert(
      fc.property(texts, ({ stamp, text }) => {
        const json = JSON.stringify({ user: 'ann', messages: [{ text: `ann: "${text}"` }] });
        expect(findStamp(json)).toEqual(stamp);
        expect(findStamp(Buffer.from(json))).toEqual(stamp);
        expect(findStamp(JSON.stringify({ event: 'chat', body: json }))).toEqual(stamp);
      }),
    );
  });

  it('is found in other letters', () => {
    fc.assert(
      fc.property(texts, ({ stamp, text }) => {
        expect(findStamp(text.toUpperCase())).toEqual(stamp);
        expect(findStamp({ shouted: `${text.toUpperCase()}!` })).toEqual(stamp);
      }),
    );
  });

  it.each(['text', 'binary'] as const)(
    'is found in a payload of %s at any field, six levels down',
    (type) => {
      fc.assert(
        fc.property(
          stamps,
          fc.array(fc.constantFrom('object', 'list'), { maxLength: 6 }),
          (stamp, levels) => {
            const wrapped = levels.reduce<unknown>(
              (inner, level) =>
                level === 'list' ? [1, null, inner] : { id: 7, from: null, inner, at: 'now' },
              stampWriter(type, 64)(stamp),
            );
            expect(findStamp(wrapped)).toEqual(stamp);
          },
        ),
      );
    },
  );

  it('is found in bytes after a header and before a trailer', () => {
    const others = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(stamps, others, others, (stamp, header, trailer) => {
        const bytes = Buffer.concat([header, stampWriter('binary', 64)(stamp) as Uint8Array, trailer]);
        expect(findStamp(bytes)).toEqual(stamp);
        // As an ArrayBuffer's view that does not begin where it does.
        expect(findStamp(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))).toEqual(stamp);
      }),
      // The mark alone, and a header that could begin a stamp.
      {
        examples: [
          [sample, Uint8Array.of(0x5b), new Uint8Array()],
          [sample, Uint8Array.of(0x5b, 0, 0, 0), new Uint8Array()],
        ],
      },
    );
  });

  it('is that of the payload itself where it came back as it was sent', () => {
    fc.assert(
      fc.property(stamps, fc.constantFrom('text' as const, 'binary' as const), (stamp, type) => {
        const payload = stampWriter(type, 64)(stamp);
        expect(findStamp(payload)).toEqual(readStamp(payload));
      }),
    );
  });

  it.each<[what: string, data: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['text', 'a greeting'],
    ['bytes', Buffer.from('a greeting')],
    ['an object', { text: 'hello', list: [1, 2, [3]], none: null }],
    ['a stamp that is cut off', 'ann: sbm3,z,gjdgxs,1'],
    ['a stamp seven levels down', [[[[[[['sbm3,z,gjdgxs,10,']]]]]]]],
  ])('is not found in %s', (_, data) => {
    expect(findStamp(data)).toBeNull();
  });

  it('is looked for in anything, and nothing throws', () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        const stamp = findStamp(data);
        expect(stamp === null || Number.isSafeInteger(stamp.intendedNs)).toBe(true);
      }),
    );
  });

  it('is looked for in what refers to itself, and an end is found', () => {
    const knot: Record<string, unknown> = { text: 'hello' };
    knot['self'] = knot;
    knot['also'] = knot;
    expect(findStamp(knot)).toBeNull();
  });
});
