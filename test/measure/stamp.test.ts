import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPayloads } from '../../src/measure/payload.ts';
import { fixedSize } from '../../src/measure/payload-contents.ts';
import {
  CODE_LIMIT,
  findStamp,
  MIN_PAYLOAD_BYTES,
  type PayloadType,
  SEARCH_LIMITS,
  type Stamp,
  searchStamps,
  textStamp,
} from '../../src/measure/stamp.ts';

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

function write(type: PayloadType, payloadBytes: number, stamp: Stamp) {
  return createPayloads({ key: 7, contents: fixedSize(payloadBytes), check: 'content' }).write(stamp, type);
}

describe('a text stamp', () => {
  it('carries any stamp and gives it back, in a form that JSON never escapes', () => {
    fc.assert(
      fc.property(stamps, fc.nat({ max: CODE_LIMIT - 1 }), (stamp, code) => {
        const text = textStamp(stamp, code);
        const { accepted } = searchStamps(text, () => true);
        expect(accepted).toEqual({
          stamp,
          code,
          type: 'text',
          holder: text,
          at: 0,
          length: text.length,
          containers: [],
        });
        expect(JSON.stringify(text)).toBe(`"${text}"`);
      }),
    );
  });

  it('looks like this', () => {
    expect(textStamp(sample, 36)).toBe('sbm3,z,gjdgxs,10,000010,');
    expect(textStamp({ ...sample, measured: false }, CODE_LIMIT - 1)).toBe('sbw3,z,gjdgxs,10,zzzzzz,');
  });

  it('has room in the smallest payload when it is the largest', () => {
    const largest: Stamp = {
      stream: 36 ** 5 - 1,
      seq: 36 ** 7 - 1,
      intendedNs: Number.MAX_SAFE_INTEGER - 36 ** 8,
      actualNs: Number.MAX_SAFE_INTEGER - 1,
      measured: true,
    };
    const text = textStamp(largest, CODE_LIMIT - 1);
    expect(text.length).toBeLessThanOrEqual(MIN_PAYLOAD_BYTES.text);
    expect(findStamp(text)).toEqual(largest);
  });

  it.each([
    ['empty', ''],
    ['of another kind', 'hello'],
    ['the mark alone', 'sb'],
    ['an unknown kind', 'sbx3,z,gjdgxs,10,000010,'],
    ['a field missing', 'sbm3,z,gjdgxs,000010,'],
    ['a field empty', 'sbm3,,gjdgxs,10,000010,'],
    ['cut within the last field', 'sbm3,z,gjdgxs,10,00001'],
    ['cut before its end', 'sbm3,z,gjdgxs,10,000010'],
    ['a field that is not base 36', 'sbm3,z!,gjdgxs,10,000010,'],
    ['a field with a sign', 'sbm3,-z,gjdgxs,10,000010,'],
    ['a field with a point', 'sbm3,1.5,gjdgxs,10,000010,'],
    ['a number of 2^53', `sbm3,${(2 ** 53).toString(36)},gjdgxs,10,000010,`],
    ['a time that is no exact number', 'sbm3,z,zzzzzzzzzzz,10,000010,'],
    ['a field that is too long', 'sbm3,000000000000z,gjdgxs,10,000010,'],
  ])('that is damaged or foreign is none: %s', (_, payload) => {
    expect(findStamp(payload)).toBeNull();
  });

  it('that is foreign gives null or a sound stamp, and never throws', () => {
    const field = fc.oneof(fc.stringMatching(/^[0-9a-z]{1,13}$/), fc.string({ maxLength: 5 }));
    const fields = fc.tuple(field, field, field, field, field);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fields.map((parts) => `sbm${parts.join(',')},`),
          fc.string().map((rest) => `sb${rest}`),
        ),
        (payload) => expectNullOrSound(findStamp(payload)),
      ),
      { numRuns: 1000 },
    );
  });
});

describe('a binary stamp', () => {
  const { binary: minBytes } = MIN_PAYLOAD_BYTES;

  it('carries any stamp and gives it back, wherever it lies in a larger buffer', () => {
    fc.assert(
      fc.property(stamps, fc.nat({ max: 17 }), (stamp, offset) => {
        const payload = write('binary', 64, stamp) as Buffer;
        const larger = new Uint8Array(100);
        larger.set(payload, offset);
        expect(findStamp(larger.subarray(offset, offset + 64))).toEqual(stamp);
        expect(findStamp(larger)).toEqual(stamp);
      }),
    );
  });

  it('has everything little-endian in its place', () => {
    const expected = Buffer.alloc(32);
    expected[0] = 0x5b;
    expected[1] = 1;
    expected.writeUInt32LE(3, 4);
    expected.writeDoubleLE(35, 8);
    expected.writeDoubleLE(1e9, 16);
    expected.writeDoubleLE(1e9 + 36, 24);
    expect((write('binary', 40, sample) as Buffer).subarray(0, 32)).toEqual(expected);
  });

  it('that is cut is none', () => {
    const payload = write('binary', minBytes, sample) as Buffer;
    for (let length = 0; length < minBytes; length++) {
      expect(findStamp(payload.subarray(0, length))).toBeNull();
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
  ])('with a damaged %s is none', (_, at, byte) => {
    const stamp = { ...sample, seq: 2 ** 52 + 1, intendedNs: 2 ** 40, actualNs: 2 ** 40 };
    const payload = write('binary', minBytes, stamp) as Buffer;
    expect(findStamp(payload)).not.toBeNull();
    payload[at] = byte;
    expect(findStamp(payload)).toBeNull();
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
          numbers.map((rest) => Uint8Array.from([0x5b, 1, 0, 0, 7, 0, 0, 0, ...rest, 1, 2, 3, 4])),
        ),
        (payload) => expectNullOrSound(findStamp(payload)),
      ),
      { numRuns: 1000 },
    );
  });
});

describe('what is neither text nor bytes', () => {
  it('carries no stamp', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant(undefined), fc.double(), fc.array(fc.nat()), fc.boolean()),
        (payload) => {
          expect(findStamp(payload)).toBeNull();
        },
      ),
    );
    expect(findStamp(null)).toBeNull();
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
    text: write('text', size, stamp) as string,
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
              write(type, 64, stamp),
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
        const bytes = Buffer.concat([header, write('binary', 64, stamp) as Uint8Array, trailer]);
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

  it('is the first one that is accepted, or the first of all where none is', () => {
    fc.assert(
      fc.property(stamps, stamps, surroundings, (first, second, between) => {
        const text = `${textStamp(first, 1)}${between}, ${textStamp(second, 2)}`;
        const found = searchStamps({ text }, ({ code }) => code === 2);
        expect([found.first?.stamp, found.accepted?.stamp]).toEqual([first, second]);
        expect(searchStamps(text, () => false)).toMatchObject({ accepted: null, first: { code: 1 } });
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
    ['a stamp that is cut off', 'ann: sbm3,z,gjdgxs,10,00001'],
    ['a stamp seven levels down', [[[[[[['sbm3,z,gjdgxs,10,000010,']]]]]]]],
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

describe('the search for a stamp', () => {
  const stamp = textStamp(sample, 5);
  const { characters, values } = SEARCH_LIMITS;

  it('goes as far into a message as is documented, over all of its fields', () => {
    expect(findStamp(' '.repeat(characters - stamp.length) + stamp)).toEqual(sample);
    expect(findStamp(' '.repeat(characters - stamp.length + 1) + stamp)).toBeNull();
    expect(
      findStamp([' '.repeat(characters / 2), { text: ' '.repeat(characters / 2 - stamp.length) + stamp }]),
    ).toEqual(sample);
    expect(findStamp([' '.repeat(characters / 2), { text: ' '.repeat(characters / 2) + stamp }])).toBeNull();
    const bytes = write('binary', 36, sample) as Buffer;
    expect(findStamp(Buffer.concat([Buffer.alloc(characters - 36), bytes]))).toEqual(sample);
    expect(findStamp(Buffer.concat([Buffer.alloc(characters - 35), bytes]))).toBeNull();
    expect(findStamp([...Array(values - 2).fill(0), stamp])).toEqual(sample);
    expect(findStamp([...Array(values - 1).fill(0), stamp])).toBeNull();
  });

  // Of text that is searched in quadratic time, 4 MB would take hours. A loaded machine may take a second.
  it.each<[what: string, hostile: (size: number) => unknown]>([
    ['marks', (size) => 'sbm'.repeat(size / 3)],
    ['marks in capitals', (size) => 'SBM'.repeat(size / 3)],
    ['first fields', (size) => 'sbmz,'.repeat(size / 5)],
    ['stamps without an end', (size) => 'sbmz,z,z,z,00000'.repeat(size / 16)],
    ['stamps of another run', (size) => textStamp(sample, 9).repeat(size / 24)],
    ['digits', (size) => `sbm${'0'.repeat(size)}`],
    ['marks as bytes', (size) => Buffer.from('sbm'.repeat(size / 3))],
    ['binary marks', (size) => Buffer.alloc(size, 0x5b)],
    ['binary marks and kinds', (size) => Buffer.alloc(size, Uint8Array.of(0x5b, 0, 0, 0))],
    ['many values', (size) => Array(size).fill('sbm')],
    ['many fields', (size) => Object.fromEntries(Array.from({ length: size / 64 }, (_, i) => [i, 'sbm']))],
  ])('ends soon in %s of any size', (_, hostile) => {
    for (const size of [300_000, 4_000_000]) {
      const data = hostile(size);
      const startMs = performance.now();
      expect(searchStamps(data, () => false).accepted).toBeNull();
      expect(performance.now() - startMs).toBeLessThan(5000);
    }
  });
});
