import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Payload } from '../../src/contract/protocol.ts';
import { createPayloads, type PayloadCheck, type Payloads } from '../../src/measure/payload.ts';
import { fixedSize } from '../../src/measure/payload-contents.ts';
import { MIN_PAYLOAD_BYTES, type PayloadType, type Stamp } from '../../src/measure/stamp.ts';

const TYPES: readonly PayloadType[] = ['text', 'binary'];

const stamps: fc.Arbitrary<Stamp> = fc
  .record({
    stream: fc.nat({ max: 36 ** 5 }),
    seq: fc.nat(),
    intendedNs: fc.nat({ max: 1e15 }),
    lagNs: fc.nat({ max: 1e9 }),
    measured: fc.boolean(),
  })
  .map(({ lagNs, ...stamp }) => ({ ...stamp, actualNs: stamp.intendedNs + lagNs }));

const types = fc.constantFrom(...TYPES);
const sample: Stamp = { stream: 3, seq: 35, intendedNs: 5e12, actualNs: 5e12 + 36, measured: true };

function open(check: PayloadCheck, payloadBytes = 100, key = 7): Payloads {
  return createPayloads({ key, contents: fixedSize(payloadBytes), check });
}

const stateOf = (reading: ReturnType<Payloads['read']>) => reading?.state ?? null;

/** The part of a payload from `from` on, replaced by `by`. */
function spliced(payload: Payload, from: number, length: number, by: string): Payload {
  if (typeof payload === 'string') return payload.slice(0, from) + by + payload.slice(from + length);
  return Buffer.concat([payload.subarray(0, from), Buffer.from(by), payload.subarray(from + length)]);
}

describe('a payload', () => {
  it('has exactly the size that was asked for, and is read as it was sent', () => {
    const sizes = fc.integer({ min: MIN_PAYLOAD_BYTES.text, max: 5000 });
    fc.assert(
      fc.property(stamps, types, sizes, (stamp, type, payloadBytes) => {
        const { write, read, search } = open('content', payloadBytes);
        const payload = write(stamp, type);
        expect(Buffer.byteLength(payload)).toBe(payloadBytes);
        expect(read(payload)).toEqual({ stamp, state: 'intact' });
        expect(search({ text: [payload] })).toEqual({ stamp, state: 'intact' });
      }),
    );
  });

  it('that is smaller than its stamp, as an echo of another type may be, is the stamp alone', () => {
    for (const type of TYPES) {
      const { write, read } = open('content', 10);
      expect(read(write(sample, type))).toEqual({ stamp: sample, state: 'intact' });
    }
  });

  it('is like no other: the filling too depends on every field of the stamp and on the run', () => {
    const filling = (payload: Payload) => Buffer.from(payload.slice(-40)).toString('latin1');
    const others: Stamp[] = [
      { ...sample, stream: 4 },
      { ...sample, seq: 36 },
      { ...sample, seq: 35 + 2 ** 32 },
      { ...sample, intendedNs: sample.intendedNs - 1 },
      { ...sample, actualNs: sample.actualNs + 1 },
      { ...sample, measured: false },
    ];
    for (const type of TYPES) {
      const { write } = open('length');
      const fillings = [...others, sample].map((stamp) => filling(write(stamp, type)));
      fillings.push(filling(open('length', 100, 8).write(sample, type)));
      expect(new Set(fillings).size).toBe(others.length + 2);
    }
  });
});

describe('a stamp that was not sent', () => {
  const changes: Array<[what: string, change: Partial<Stamp>]> = [
    ['number', { seq: 5_000_000 }],
    ['number, by one', { seq: 36 }],
    ['number of more than 32 bits', { seq: 35 + 2 ** 40 }],
    ['intended time', { intendedNs: 5e12 - 1e9 }],
    ['intended time, which lies in the future', { intendedNs: 5e12 + 1e12, actualNs: 5e12 + 1e12 + 36 }],
    ['actual time', { actualNs: 5e12 + 37 }],
    ['stream', { stream: 2 }],
    ['kind', { measured: false }],
  ];

  it.each(changes)('is told by its %s, in text and in bytes', (_, change) => {
    const { write, read, search } = open('nothing');
    const other = { ...sample, ...change };
    for (const type of TYPES) {
      const original = write(sample, type);
      const invented = inventedFrom(original, other);
      expect(read(invented)).toEqual({ stamp: other, state: 'invented' });
      expect(search({ text: invented })).toEqual({ stamp: other, state: 'invented' });
    }
  });

  it('is one of another run', () => {
    for (const type of TYPES) {
      const kept = open('length', 100, 8).write(sample, type);
      expect(stateOf(open('length').read(kept))).toBe('invented');
    }
  });

  it('is passed over where one that was sent follows it', () => {
    const { write, search } = open('content');
    const invented = inventedFrom(write(sample, 'text'), { ...sample, seq: 99 });
    expect(search(`${invented} ${write(sample, 'text')}`)).toEqual({ stamp: sample, state: 'intact' });
  });

  it('is any that differs in any byte', () => {
    const { write, read } = open('nothing');
    fc.assert(
      fc.property(stamps, types, fc.nat({ max: 59 }), fc.nat({ max: 35 }), (stamp, type, at, digit) => {
        const payload = write(stamp, type);
        const changed = spliced(payload, at, 1, digit.toString(36));
        const reading = read(changed);
        // Either nothing of the stamp changed, or it is no stamp, or one that was not sent.
        if (reading !== null && reading.state !== 'invented') expect(reading.stamp).toEqual(stamp);
      }),
      { numRuns: 2000 },
    );
  });
});

/** A payload in which a server wrote the fields of another stamp, and left the code. */
function inventedFrom(payload: Payload, other: Stamp): Payload {
  if (typeof payload === 'string') {
    const { stream, seq, intendedNs, actualNs, measured } = other;
    const fields = [stream, seq, intendedNs, actualNs - intendedNs].map((field) => field.toString(36));
    return payload.replace(/^sb.(?:[^,]+,){4}/, `sb${measured ? 'm' : 'w'}${fields.join(',')},`);
  }
  const bytes = Buffer.from(payload);
  bytes[1] = other.measured ? 1 : 0;
  bytes.writeUInt32LE(other.stream, 4);
  bytes.writeDoubleLE(other.seq, 8);
  bytes.writeDoubleLE(other.intendedNs, 16);
  bytes.writeDoubleLE(other.actualNs, 24);
  return bytes;
}

describe('a payload whose stamp was sent', () => {
  const damages: Array<[what: string, damage: (payload: Payload) => Payload, byLength: boolean]> = [
    ['cut by a character', (payload) => payload.slice(0, -1), true],
    ['cut to its stamp', (payload) => payload.slice(0, 48), true],
    ['longer by a character', (payload) => spliced(payload, 100, 0, 'x'), true],
    ['doubled', (payload) => spliced(payload, 100, 0, String(payload)), true],
    ['changed in one character', (payload) => spliced(payload, 70, 1, '!'), false],
    ['changed in its last character', (payload) => spliced(payload, 99, 1, '!'), false],
    [
      'with a character missing and one added',
      (payload) => spliced(spliced(payload, 60, 1, ''), 99, 0, 'x'),
      false,
    ],
  ];

  it.each(damages)('and that is %s is corrupted: text and bytes', (_, damage, byLength) => {
    for (const type of TYPES) {
      const payload = damage(open('length').write(sample, type));
      expect(stateOf(open('content').read(payload))).toBe('corrupted');
      expect(stateOf(open('length').read(payload))).toBe(byLength ? 'corrupted' : 'intact');
      expect(stateOf(open('nothing').read(payload))).toBe('intact');
      expect(open('length').read(payload)?.stamp).toEqual(sample);
    }
  });

  it('and that has the filling of another message is corrupted', () => {
    const { write, read } = open('content');
    for (const type of TYPES) {
      const [own, other] = [write(sample, type), write({ ...sample, seq: 36 }, type)];
      const swapped = spliced(own.slice(0, 48), 48, 0, '');
      const mixed =
        typeof other === 'string'
          ? `${swapped}${other.slice(48)}`
          : Buffer.concat([Buffer.from(swapped), other.subarray(48)]);
      expect(stateOf(read(mixed))).toBe('corrupted');
    }
  });

  it('and that has something before it is corrupted where it has to be the payload', () => {
    const { write, read, search } = open('length');
    for (const type of TYPES) {
      const prefixed = spliced(write(sample, type), 0, 0, 'hello: ');
      expect(stateOf(read(prefixed))).toBe('corrupted');
      expect(stateOf(search(prefixed))).toBe('intact');
    }
  });
});

describe('a payload within other data', () => {
  const wrapped: Array<[what: string, wrap: (payload: string) => unknown]> = [
    ['in longer text', (payload) => `ann: ${payload} (12:30)`],
    ['with a line break', (payload) => `${payload}\n`],
    ['in a field', (payload) => ({ from: 'ann', body: { text: payload } })],
    ['in JSON', (payload) => JSON.stringify({ text: payload, at: 'now' })],
    ['in JSON as bytes', (payload) => Buffer.from(JSON.stringify({ text: payload, at: 'now' }))],
    ['in capitals', (payload) => `ANN: ${payload.toUpperCase()}`],
  ];

  it.each(wrapped)('is intact %s, and corrupted when its end is missing', (_, wrap) => {
    const { write, search } = open('length');
    const payload = write(sample, 'text') as string;
    expect(search(wrap(payload))).toEqual({ stamp: sample, state: 'intact' });
    for (const cut of [1, 6, 20]) {
      expect(stateOf(search(wrap(payload.slice(0, -cut))))).toBe('corrupted');
      // Whatever follows must not pass for it.
      expect(stateOf(search(wrap(payload.slice(0, -cut) + ' '.repeat(cut))))).toBe('corrupted');
    }
  });

  it('is intact after a header and before a trailer, and corrupted when its end is missing', () => {
    const { write, search } = open('length');
    const payload = write(sample, 'binary') as Buffer;
    const others = Buffer.from('header and trailer');
    expect(stateOf(search(Buffer.concat([others, payload, others])))).toBe('intact');
    expect(stateOf(search(Buffer.concat([others, payload.subarray(0, -1), others])))).toBe('corrupted');
  });

  it('is compared to the last byte where that is asked for', () => {
    const { write, search } = open('content');
    for (const type of TYPES) {
      const payload = write(sample, type);
      expect(stateOf(search([spliced(payload, 0, 0, '>> ')]))).toBe('intact');
      expect(stateOf(search([spliced(payload, 60, 1, '!')]))).toBe('corrupted');
    }
  });

  it.each(['sbm', 'sbmsb', 'sbm3,z,sb', 'sbm3,z,gjdgxs,10,sb', 'sbm3,z,gjdgxs,10,00001', 'sbmzzzzzzz'])(
    'is found after %s, which looks like its stamp',
    (before) => {
      const { write, search } = open('content');
      expect(search(before + write(sample, 'text'))).toEqual({ stamp: sample, state: 'intact' });
    },
  );

  it('that the target takes out as an object is searched in it', () => {
    const { write, read } = open('length');
    expect(stateOf(read({ text: `ann: ${write(sample, 'text')}` }))).toBe('intact');
  });
});

it('reads null where there is no stamp', () => {
  const { read, search } = open('length');
  for (const data of [undefined, null, 7, 'a greeting', Buffer.from('a greeting'), { text: 'hello' }]) {
    expect([read(data), search(data)]).toEqual([null, null]);
  }
});
