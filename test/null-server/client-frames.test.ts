import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientFrames } from '../../src/null-server/client-frames.ts';
import { serverFrame } from '../../src/null-server/server-frame.ts';
import { OPCODE } from '../../src/wire/rfc6455/frame.ts';
import { FrameReader } from '../../src/wire/rfc6455/frame-reader.ts';
import { makeFrame } from '../../src/wire/rfc6455/frame-writer.ts';

/** Lengths on both sides of where the header grows. */
const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];

const payloadOf = (length: number) => Buffer.from(Array.from({ length }, (_, index) => (index * 31) & 0xff));

/** What is read of a stream that comes in pieces. The reader changes the bytes that it is given. */
function readIn(pieces: readonly Buffer[]): Array<readonly [opcode: number, payload: string]> {
  const read: Array<readonly [number, string]> = [];
  const frames = new ClientFrames((opcode, payload) => read.push([opcode, payload.toString('hex')]));
  for (const piece of pieces) frames.push(Buffer.from(piece));
  return read;
}

describe('the null server reads frames of a client', () => {
  it.each(LENGTHS)('with %i bytes', (length) => {
    const payload = payloadOf(length);
    expect(readIn([makeFrame(OPCODE.binary, payload)])).toEqual([[OPCODE.binary, payload.toString('hex')]]);
  });

  it('wherever a stream is cut', () => {
    const payloads = [payloadOf(3), payloadOf(130), payloadOf(0)];
    const stream = Buffer.concat(payloads.map((payload) => makeFrame(OPCODE.text, payload)));
    const expected = payloads.map((payload) => [OPCODE.text, payload.toString('hex')]);
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(readIn([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(expected);
    }
  });

  it('in pieces of any lengths', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 });
    const sizes = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, pieces, (lengths, cuts) => {
        const stream = Buffer.concat(lengths.map((length) => makeFrame(OPCODE.binary, payloadOf(length))));
        const parts: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) {
          parts.push(stream.subarray(at, at + cut));
          at += cut;
        }
        parts.push(stream.subarray(at));
        const expected = lengths.map((length) => [OPCODE.binary, payloadOf(length).toString('hex')]);
        expect(readIn(parts)).toEqual(expected);
      }),
    );
  });
});

describe('the null server writes frames', () => {
  it.each(LENGTHS)('with %i bytes, which the client reads', (length) => {
    const payload = payloadOf(length);
    const read: string[] = [];
    const reader = new FrameReader(
      {
        onMessage: (_, bytes) => read.push(bytes.toString('hex')),
        onPing: () => {},
        onPong: () => {},
        onClose: () => {},
        onViolation: (_, problem) => read.push(problem),
      },
      { maxMessageBytes: 100_000 },
    );
    const frame = serverFrame(OPCODE.binary, payload.subarray(0, 1), payload.subarray(1));
    reader.push(frame, { receivedNs: 0, sinceNs: 0, uncertaintyNs: 0, clock: 'process' });
    expect(read).toEqual([payload.toString('hex')]);
  });
});
