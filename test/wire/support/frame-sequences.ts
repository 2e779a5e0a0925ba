import fc from 'fast-check';
import { OPCODE } from '../../../src/wire/rfc6455/frame.ts';
import { ServerDeflater } from '../autobahn/compression.ts';
import {
  binary,
  close,
  closePayload,
  FIN_BIT,
  fragments,
  partsOf,
  ping,
  pong,
  RSV1_BIT,
  serverFrame,
  text,
} from './frames.ts';

/** What servers send, legal and illegal, as frames or parts of them. Messages have at most 1,000 bytes. */

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
const words = fc.string({ unit: 'binary', maxLength: 100 }).map((each) => Buffer.from(each.toWellFormed()));
const small = fc.uint8Array({ maxLength: 125 }).map((each) => Buffer.from(each));
const control = fc.oneof(small.map(ping), small.map(pong));

/** A message in fragments, with control frames between them. */
const fragmented = fc
  .record({
    payload: words,
    size: fc.integer({ min: 1, max: 40 }),
    between: fc.array(control, { maxLength: 2 }),
  })
  .map(({ payload, size, between }) => {
    const frames = fragments('text', [...partsOf(payload, size), Buffer.alloc(0)]);
    return Buffer.concat(frames.flatMap((frame, at) => (at === 1 ? [...between, frame] : [frame])));
  });

export const legal = fc.oneof(
  words.map(text),
  bytes.map(binary),
  bytes.map((payload) => Buffer.concat(fragments('binary', [payload, payload]))),
  fragmented,
  control,
);

const closeCode = fc.oneof(
  fc.constantFrom(1000, 1001, 1003, 1011, 1012, 3000, 4999),
  fc.constantFrom(0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535),
);
const closes = fc.oneof(
  fc
    .record({ code: closeCode, reason: fc.oneof(words, bytes) })
    .map(({ code, reason }) => close(code, reason.subarray(0, 123))),
  fc.constant(serverFrame(FIN_BIT | OPCODE.close)),
  fc.constant(serverFrame(FIN_BIT | OPCODE.close, 'x')),
);

/** Each has one thing that no server may send. */
export const illegal = fc.oneof(
  fc.nat(255).map((first) => serverFrame(first, 'any first byte')),
  fc
    .record({ first: fc.nat(255), second: fc.nat(255) })
    .map(({ first, second }) => Buffer.from([first, second, 0, 200, 1, 2])),
  small.map((payload) => serverFrame(FIN_BIT | OPCODE.text, Buffer.concat([payload, Buffer.from([0xff])]))),
  fc.constant(text(Buffer.alloc(1001, 'x'))),
  fc.constant(Buffer.concat(fragments('text', [Buffer.alloc(600, 'x'), Buffer.alloc(600, 'x')]))),
  fc.constant(serverFrame(OPCODE.binary, 'never ends')),
  fc.constant(Buffer.from([FIN_BIT | OPCODE.text, 127, 0, 0, 1, 0, 0, 0, 0, 0])),
  closes,
);

const forgetful = { parameters: '; server_no_context_takeover', forgets: true, windowBits: 15 };
const deflated = (payload: Buffer) => new ServerDeflater(forgetful).deflate(payload);

/** Compressed messages, in one frame or two, and what cannot be inflated. The server takes over no context. */
export const compressed = fc.oneof(
  words.map((payload) => serverFrame(FIN_BIT | RSV1_BIT | OPCODE.text, deflated(payload))),
  words.map((payload) => {
    const [first = Buffer.alloc(0), ...rest] = partsOf(deflated(payload), 20);
    return Buffer.concat([
      serverFrame(RSV1_BIT | OPCODE.text, first),
      ...rest.map((part) => serverFrame(OPCODE.continuation, part)),
      serverFrame(FIN_BIT | OPCODE.continuation),
    ]);
  }),
  fc.constant(serverFrame(FIN_BIT | RSV1_BIT | OPCODE.binary, deflated(Buffer.alloc(1001)))),
  bytes.map((payload) =>
    serverFrame(
      FIN_BIT | RSV1_BIT | OPCODE.binary,
      Buffer.concat([deflated(payload).subarray(0, 2), payload]),
    ),
  ),
  bytes.map((payload) =>
    serverFrame(FIN_BIT | RSV1_BIT | OPCODE.text, deflated(Buffer.concat([payload, Buffer.from([0xff])]))),
  ),
);

/** A stream that ends with a close frame: mostly legal frames, and where it is cut into writes. */
export const streams = fc
  .record({
    isCompressed: fc.boolean(),
    before: fc.array(legal, { maxLength: 4 }),
    packed: fc.array(compressed, { maxLength: 2 }),
    bad: fc.option(illegal, { freq: 3 }),
    after: fc.array(legal, { maxLength: 2 }),
    cuts: fc.array(fc.nat(), { maxLength: 4 }),
  })
  .map(({ isCompressed, before, packed, bad, after, cuts }) => {
    const middle = [...(isCompressed ? packed : []), ...(bad === null ? [] : [bad])];
    const stream = Buffer.concat([
      ...before,
      ...middle,
      ...after,
      close(1000, closePayload(1).toString('hex')),
    ]);
    const ends = [...cuts.map((cut) => cut % stream.length), stream.length].sort((a, b) => a - b);
    const pieces = ends.map((end, at) => stream.subarray(ends[at - 1] ?? 0, end));
    return { isCompressed, pieces };
  });
