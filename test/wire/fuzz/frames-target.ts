import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { FrameReader } from '../../../src/wire/rfc6455/frame-reader.ts';
import type { Dice } from '../../support/dice.ts';
import { binary, close, fragments, ping, pong, text } from '../support/frames.ts';
import { damagedBytes, octetsOf, piecesOf, randomBytesOf } from './bytes.ts';

const MAX_MESSAGE_BYTES = 5000;

/** What a reader makes of a stream: messages, control frames, and the close or the violation that ends it. */
type Events = string[];

/** The pieces are lent: they are overwritten once they were pushed. */
function readByWire(pieces: readonly Buffer[]): Events {
  const events: Events = [];
  const reader = new FrameReader(
    {
      onMessage: (kind, payload) => events.push(`${kind} ${payload.toString('hex')}`),
      onPing: (data) => events.push(`ping ${data.toString('hex')}`),
      onPong: (data) => events.push(`pong ${data.toString('hex')}`),
      onClose: (code, reason) => events.push(`close ${code} ${reason}`),
      onViolation: (code, problem) => events.push(`error ${code} ${problem}`),
    },
    { maxMessageBytes: MAX_MESSAGE_BYTES },
  );
  for (const piece of pieces) {
    const lent = Buffer.from(piece);
    reader.push(lent, { receivedNs: 1, clock: 'kernel', sinceNs: 0, uncertaintyNs: 0 });
    lent.fill(0xee);
  }
  return events;
}

/** The types of the package leave its reader out. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

function readByWs(bytes: Buffer): Events {
  const events: Events = [];
  const receiver = new Receiver({ isServer: false, maxPayload: MAX_MESSAGE_BYTES });
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    events.push(`${isBinary ? 'binary' : 'text'} ${data.toString('hex')}`),
  );
  receiver.on('ping', (data: Buffer) => events.push(`ping ${data.toString('hex')}`));
  receiver.on('pong', (data: Buffer) => events.push(`pong ${data.toString('hex')}`));
  receiver.on('conclude', (code: number, reason: Buffer) => events.push(`close ${code} ${reason}`));
  receiver.on('error', () => {});
  // The callback is called at once, before the event of an error.
  receiver.write(bytes, (error) => {
    if (error) events.push(`error ${statusOf(error)} ${error.message}`);
  });
  return events;
}

function statusOf(error: Error): unknown {
  const key = Object.getOwnPropertySymbols(error).find((symbol) => symbol.description === 'status-code');
  return key === undefined ? null : Reflect.get(error, key);
}

/** Where our reader is stricter or earlier than that of the ws package; differential.test.ts names the sections. */
const DOCUMENTED = /shortest form|first bit of the payload length|invalid UTF-8 sequence/;

function legalFrame(dice: Dice): Buffer {
  const { below, oneOf } = dice;
  const payload = randomBytesOf(dice, oneOf([3, 125, 200]));
  const words = Buffer.from(payload.toString('latin1'));
  return oneOf<() => Buffer>([
    () => text(words),
    () => binary(payload),
    () => ping(payload.subarray(0, 125)),
    () => pong(payload.subarray(0, 125)),
    () => Buffer.concat(fragments('text', [words.subarray(0, 5), words.subarray(5)])),
    () => Buffer.concat(fragments('binary', [payload, payload])),
    () => close(1000 + below(16), 'bye'),
  ])();
}

/** The frame reader: the same for any cut, and as the ws package reads. */
export function fuzzFrames(dice: Dice): void {
  const frames = Buffer.concat(Array.from({ length: 1 + dice.below(4) }, () => legalFrame(dice)));
  const bytes = dice.below(5) === 0 ? randomBytesOf(dice, 60) : damagedBytes(frames, dice);
  const whole = readByWire([bytes]);
  for (const pieces of [piecesOf(bytes, dice), octetsOf(bytes)]) assert.deepEqual(readByWire(pieces), whole);
  const official = readByWs(bytes);
  const last = whole.at(-1) ?? '';
  if (!last.startsWith('error')) assert.deepEqual(whole, official);
  else if (DOCUMENTED.test(last)) assert.deepEqual(whole.slice(0, -1), official.slice(0, whole.length - 1));
  // One byte is enough for our reader to see some violations; the ws package waits for the second.
  else assert.deepEqual(official.length < whole.length ? whole.slice(0, -1) : whole, official);
}
