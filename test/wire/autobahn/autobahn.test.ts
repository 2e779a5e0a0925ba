import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ping } from '../support/frames.ts';
import { type Case, CUTS, runInMemory } from './case.ts';
import { compressedFrames, compressing, inflated, PARAMETERS, ServerDeflater } from './compression.ts';
import { FRAMING_CASES } from './framing.ts';
import { SIZE_CASES } from './sizes.ts';
import { INVALID_GROUPS, UTF8_CASES, VALID_GROUPS } from './utf8.ts';

const expectedOf = ({ answers, ends = 'close 1000' }: Case) => [...answers, ends];

/** Octet by octet, a long message takes seconds. */
const MAX_OCTETS = 10_000;

function cutsOf({ sends }: Case): ReadonlyArray<(bytes: Buffer) => Buffer[]> {
  const isLong = sends.reduce((sum, { length }) => sum + length, 0) > MAX_OCTETS;
  return isLong ? [CUTS['as they are sent'] ?? fail()] : Object.values(CUTS);
}

describe.each(Object.entries({ ...FRAMING_CASES, ...UTF8_CASES }))('%s', (_, cases) => {
  it.each(cases)('$id $what', (each) => {
    for (const cut of cutsOf(each)) expect(runInMemory(each, cut)).toEqual(expectedOf(each));
  });
});

describe.each(Object.entries(SIZE_CASES))('%s', (_, cases) => {
  it.each(cases)('$id $what', (each) => {
    expect(runInMemory(each, (bytes) => [bytes])).toEqual(expectedOf(each));
  });
});

it('the list of the suite agrees with what the cases of 6.7 to 6.23 take for UTF-8', () => {
  const isEchoed = (group: string) =>
    UTF8_CASES.STRESS.filter(({ id }) => id.startsWith(`${group}.`)).map(({ ends }) => ends === undefined);
  expect(new Set(VALID_GROUPS.flatMap(isEchoed))).toEqual(new Set([true]));
  expect(new Set(INVALID_GROUPS.flatMap(isEchoed))).toEqual(new Set([false]));
  expect(isEchoed('6.11')).toEqual([true, true, true, true, false]);
});

const SIZES = [16, 64, 256, 1024, 4096, 8192, 32_768, 131_072];
/** 12.x.1 to 12.x.10 have one frame; 12.x.11 to 12.x.18 are cut into frames. */
const FRAME_BYTES = [Number.POSITIVE_INFINITY, 256];

const WORDS = [
  '{"name":"',
  'Habe nun, ach! Philosophie, ',
  'Juristerei und Medizin',
  '","n":',
  '\u00fc\u20ac ',
];
const contents: Readonly<Record<string, (bytes: number) => Buffer>> = {
  '12.1': (bytes) => Buffer.alloc(bytes, '{"id":1,"text":"a","list":[1,2,3]}'),
  '12.2': (bytes) => randomBytes(bytes),
  '12.3': (bytes) =>
    Buffer.from(Array.from({ length: bytes }, (_, at) => WORDS[(at * 7 + (at >> 3)) % 5]).join('')),
};

const CONTENT = Object.entries(contents);
const AGREED = Object.entries(PARAMETERS).flatMap(([id, deflate]) =>
  CONTENT.map(([contentId, contentOf]) => ({ id, contentId, deflate, contentOf })),
);

describe('12 and 13: compression', () => {
  it.each(AGREED)(
    '$id, $contentId: messages of every size, whole and in fragments',
    ({ deflate, contentOf, contentId }) => {
      const kind = contentId === '12.2' ? 'binary' : 'text';
      const client = compressing(deflate);
      const deflater = new ServerDeflater(deflate);
      for (const size of SIZES) {
        for (const frameBytes of FRAME_BYTES) {
          const payload = contentOf(size);
          client.send(...compressedFrames(kind, deflater.deflate(payload), frameBytes));
          const [frame, ...more] = client.take();
          expect(more).toEqual([]);
          expect(frame).toMatchObject({ isLast: true, hasRsv1: true });
          if (frame !== undefined) expect(inflated(frame).equals(payload)).toBe(true);
        }
      }
    },
  );

  it('control frames come between the fragments of a compressed message', () => {
    const client = compressing({ parameters: '' });
    const [first, ...rest] = compressedFrames(
      'text',
      new ServerDeflater(PARAMETERS['13.1'] ?? fail()).deflate(Buffer.from('a'.repeat(100))),
      2,
    );
    client.send(first ?? fail(), ping('between'), ...rest);
    expect(client.take().map(({ opcode, hasRsv1 }) => [opcode, hasRsv1])).toEqual([
      [10, false],
      [1, true],
    ]);
  });
});

function fail(): never {
  throw new Error('a case is missing');
}
