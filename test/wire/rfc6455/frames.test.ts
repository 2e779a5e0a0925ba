import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPCODE } from '../../../src/wire/rfc6455/frame.ts';
import { FrameReader } from '../../../src/wire/rfc6455/frame-reader.ts';
import { headerBytesOf, makeCloseFrame, makeFrame, mask } from '../../../src/wire/rfc6455/frame-writer.ts';
import { serverFrame as frame } from '../support/frames.ts';

type Event =
  | { readonly kind: 'text' | 'binary'; readonly payload: string; readonly isCompressed: boolean }
  | { readonly kind: 'ping' | 'pong'; readonly data: string }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  | { readonly kind: 'violation'; readonly code: number; readonly problem: string };

const LIMITS = { maxMessageBytes: 1_000_000 };

/** What a reader makes of a stream that arrives in pieces. */
function read(pieces: readonly Buffer[], limits = LIMITS, mayCompress = false): Event[] {
  const events: Event[] = [];
  const reader = new FrameReader(
    {
      onMessage: (kind, payload, isCompressed) =>
        events.push({ kind, payload: payload.toString('latin1'), isCompressed }),
      onPing: (data) => events.push({ kind: 'ping', data: data.toString('latin1') }),
      onPong: (data) => events.push({ kind: 'pong', data: data.toString('latin1') }),
      onClose: (code, reason) => events.push({ kind: 'close', code, reason }),
      onViolation: (code, problem) => events.push({ kind: 'violation', code, problem }),
    },
    limits,
  );
  if (mayCompress) reader.allowCompression();
  // A reader must not keep what it was given.
  for (const piece of pieces) {
    const lent = Buffer.from(piece);
    reader.push(lent, { receivedNs: 1, clock: 'kernel', sinceNs: 0, uncertaintyNs: 0 });
    lent.fill(0xff);
  }
  return events;
}

const FIN_TEXT = 0x81;
const FIN_BINARY = 0x82;
const PING = 0x89;
const CLOSE = 0x88;

const stream = Buffer.concat([
  frame(FIN_TEXT, 'hello'),
  frame(FIN_BINARY, Buffer.alloc(300, 7)),
  frame(0x01, 'be'),
  frame(PING, 'now'),
  frame(0x00, ''),
  frame(0x80, 'gin'),
  frame(0x8a, 'pong'),
  frame(FIN_BINARY, Buffer.alloc(70_000, 9)),
  frame(CLOSE, Buffer.from([0x03, 0xe8, 0x6f, 0x6b])),
  frame(FIN_TEXT, 'after the end'),
]);

const EVENTS: Event[] = [
  { kind: 'text', payload: 'hello', isCompressed: false },
  { kind: 'binary', payload: '\x07'.repeat(300), isCompressed: false },
  { kind: 'ping', data: 'now' },
  { kind: 'text', payload: 'begin', isCompressed: false },
  { kind: 'pong', data: 'pong' },
  { kind: 'binary', payload: '\t'.repeat(70_000), isCompressed: false },
  { kind: 'close', code: 1000, reason: 'ok' },
];

describe('reading frames', () => {
  it('finds messages, control frames between fragments, and the close', () => {
    expect(read([stream])).toEqual(EVENTS);
  });

  it('finds the same wherever the stream is cut', () => {
    for (let cut = 1; cut < 400; cut++) {
      expect(read([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(EVENTS);
    }
    const bytes = Array.from({ length: 400 }, (_, at) => stream.subarray(at, at + 1));
    expect(read([...bytes, stream.subarray(400)])).toEqual(EVENTS);
    const cuts = fc.array(fc.nat(stream.length), { maxLength: 30 });
    fc.assert(
      fc.property(cuts, (places) => {
        const ends = [...places, stream.length].sort((a, b) => a - b);
        const pieces = ends.map((end, index) => stream.subarray(ends[index - 1] ?? 0, end));
        expect(read(pieces)).toEqual(EVENTS);
      }),
    );
  });

  it.each<[string, Buffer, number, string]>([
    ['a mask', makeFrame(OPCODE.text, 'x'), 1002, 'Invalid WebSocket frame: MASK must be clear'],
    ['RSV1 without an extension', frame(0xc1, 'x'), 1002, 'Invalid WebSocket frame: RSV1 must be clear'],
    ['RSV2', frame(0xa1, 'x'), 1002, 'Invalid WebSocket frame: RSV2 and RSV3 must be clear'],
    ['RSV3', frame(0x91, 'x'), 1002, 'Invalid WebSocket frame: RSV2 and RSV3 must be clear'],
    ['opcode 3', frame(0x83, 'x'), 1002, 'Invalid WebSocket frame: invalid opcode 3'],
    ['opcode 15', frame(0x8f, 'x'), 1002, 'Invalid WebSocket frame: invalid opcode 15'],
    ['a fragmented ping', frame(0x09, 'x'), 1002, 'Invalid WebSocket frame: FIN must be set'],
    [
      'a long ping',
      frame(PING, 'x'.repeat(126)),
      1002,
      'Invalid WebSocket frame: invalid payload length 126',
    ],
    ['a continuation of nothing', frame(0x80, 'x'), 1002, 'Invalid WebSocket frame: invalid opcode 0'],
    [
      'a message within another',
      Buffer.concat([frame(0x01, 'x'), frame(FIN_TEXT, 'y')]),
      1002,
      'Invalid WebSocket frame: invalid opcode 1',
    ],
    [
      'a 16-bit length of 5',
      frame(FIN_TEXT, 'hello', 2),
      1002,
      'Invalid WebSocket frame: the payload length is not in its shortest form',
    ],
    [
      'a 64-bit length of 300',
      frame(FIN_TEXT, 'x'.repeat(300), 8),
      1002,
      'Invalid WebSocket frame: the payload length is not in its shortest form',
    ],
    [
      'a length of 16 EiB',
      Buffer.from([FIN_TEXT, 127, 255, 255, 255, 255, 255, 255, 255, 255]),
      1002,
      'Invalid WebSocket frame: the first bit of the payload length must be clear',
    ],
    [
      'a length of 8 EiB',
      Buffer.from([FIN_TEXT, 127, 127, 255, 255, 255, 255, 255, 255, 255]),
      1009,
      'Max payload size exceeded',
    ],
    ['half a close code', frame(CLOSE, 'x'), 1002, 'Invalid WebSocket frame: invalid payload length 1'],
    [
      'text that is not UTF-8',
      frame(FIN_TEXT, Buffer.from([0xc3, 0x28])),
      1007,
      'Invalid WebSocket frame: invalid UTF-8 sequence',
    ],
    [
      'a reason that is not UTF-8',
      frame(CLOSE, Buffer.from([0x03, 0xe8, 0xff])),
      1007,
      'Invalid WebSocket frame: invalid UTF-8 sequence',
    ],
  ])('fails the connection for %s, wherever the stream is cut', (_, bytes, code, problem) => {
    const violation: Event = { kind: 'violation', code, problem };
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut), frame(FIN_TEXT, 'later')])).toEqual([
        violation,
      ]);
    }
  });

  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    'takes the close code %s',
    (code) => {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      expect(read([frame(CLOSE, payload)])).toEqual([{ kind: 'close', code, reason: '' }]);
    },
  );

  it.each([0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])(
    'refuses the close code %s',
    (code) => {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      expect(read([frame(CLOSE, payload)])).toEqual([
        { kind: 'violation', code: 1002, problem: `Invalid WebSocket frame: invalid status code ${code}` },
      ]);
    },
  );

  it('limits a message, not its frames alone', () => {
    const limits = { ...LIMITS, maxMessageBytes: 10 };
    const parts = Buffer.concat([frame(0x01, '123456'), frame(0x80, '78901')]);
    expect(read([parts], limits)).toEqual([
      { kind: 'violation', code: 1009, problem: 'Max payload size exceeded' },
    ]);
    expect(read([frame(0x01, '123456'), frame(0x80, '7890')], limits)).toHaveLength(1);
  });

  it('gives RSV1 its meaning when compression was agreed on', () => {
    const compressed = Buffer.concat([frame(0x42, 'ab'), frame(0x80, 'c'), frame(0xc1, 'x')]);
    expect(read([compressed], LIMITS, true)).toEqual([
      { kind: 'binary', payload: 'abc', isCompressed: true },
      { kind: 'text', payload: 'x', isCompressed: true },
    ]);
  });
});

/** The payload of a frame of a client, unmasked as a server does. */
function unmasked(bytes: Buffer, payloadBytes: number): string {
  const headerBytes = headerBytesOf(payloadBytes);
  const copy = Buffer.from(bytes);
  mask(copy, headerBytes);
  return copy.subarray(headerBytes).toString('latin1');
}

describe('writing frames', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('masks a payload of %s bytes', (payloadBytes) => {
    const payload = Buffer.alloc(payloadBytes, 'abcdefg');
    const bytes = makeFrame(OPCODE.binary, payload);
    expect(bytes.length).toBe(headerBytesOf(payloadBytes) + payloadBytes);
    expect([bytes[0], (bytes[1] ?? 0) & 0x80]).toEqual([FIN_BINARY, 0x80]);
    expect(unmasked(bytes, payloadBytes)).toBe(payload.toString('latin1'));
  });

  it('draws another key for each frame', () => {
    const keys = Array.from({ length: 5000 }, () =>
      makeFrame(OPCODE.text, '').subarray(2, 6).toString('hex'),
    );
    expect(new Set(keys).size).toBeGreaterThan(4990);
  });

  it('closes with a code and a reason, or without', () => {
    const bytes = makeCloseFrame(1000, 'öl');
    expect(unmasked(bytes, bytes.length - 6)).toBe(
      Buffer.from('\u0003\u00e8', 'latin1').toString('latin1') + Buffer.from('öl').toString('latin1'),
    );
    expect(makeCloseFrame(null)).toHaveLength(6);
  });
});
