import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { Decoder } from 'socket.io-parser';
import { messageOf } from '../../../src/errors.ts';
import { Inflater, readDeflateAnswer } from '../../../src/wire/rfc6455/deflate.ts';
import { OpeningHandshake } from '../../../src/wire/rfc6455/handshake.ts';
import { Utf8Check } from '../../../src/wire/rfc6455/utf8.ts';
import { jsonPackets, type PacketMessage } from '../../../src/wire/socketio/packet.ts';
import { type Dice, diceOf } from '../../support/dice.ts';
import { ServerDeflater } from '../autobahn/compression.ts';
import { acceptanceOf, acceptKeyOf } from '../support/memory-stream.ts';
import { damagedBytes, octetsOf, piecesOf, randomBytesOf } from './bytes.ts';

const OFFER = { host: 'server', path: '/', headers: {}, subprotocols: ['a', 'b'], extensions: null };

/** The answer of a handshake, cut in any way, has one outcome, and is accepted with the right key only. */
export function fuzzHandshake(dice: Dice): void {
  const { below, oneOf } = dice;
  const key = randomBytesOf(dice, 16).toString('base64');
  const request = String(new OpeningHandshake(OFFER, key).request);
  const sound = oneOf([
    acceptanceOf(request, 'Sec-WebSocket-Protocol: b\r\n'),
    `HTTP/1.1 100 Continue\r\n\r\n${acceptanceOf(request, 'Sec-WebSocket-Protocol:\r\n a\r\n')}\x81\x01a`,
    'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n',
    'HTTP/1.0 503 No\r\nContent-Length: 0\r\n\r\n',
  ]);
  const answer = below(8) === 0 ? randomBytesOf(dice, 100) : damagedBytes(Buffer.from(sound, 'latin1'), dice);
  const outcomeOf = (pieces: readonly Buffer[]) => {
    const opening = new OpeningHandshake(OFFER, key);
    for (const [at, piece] of pieces.entries()) {
      const outcome = opening.push(piece);
      if (outcome?.kind === 'refused') return outcome.reason;
      if (outcome !== null) {
        const { accepted, rest } = outcome;
        const left = Buffer.concat([rest, ...pieces.slice(at + 1)]);
        return { ...accepted, rest: left.toString('hex') };
      }
    }
    return null;
  };
  const whole = outcomeOf([answer]);
  for (const pieces of [piecesOf(answer, dice), octetsOf(answer)]) assert.deepEqual(outcomeOf(pieces), whole);
  if (typeof whole === 'object' && whole !== null) {
    assert.equal(whole.headers.get('sec-websocket-accept'), acceptKeyOf(request));
    assert.ok(['a', 'b'].includes(String(whole.subprotocol)));
  }
}

const MAX_INFLATED_BYTES = 2000;
const REPEATED = randomBytesOf(diceOf(1), 6000);

/** Inflating damaged data yields at most the limit, or is a violation. */
export function fuzzInflater(dice: Dice): void {
  const { below, oneOf } = dice;
  const agreed = { serverForgets: below(2) === 0 };
  const inflater = new Inflater(agreed, MAX_INFLATED_BYTES);
  const deflater = new ServerDeflater({
    parameters: '',
    forgets: agreed.serverForgets,
    windowBits: oneOf([9, 12, 15]),
  });
  for (let count = 1 + below(4); count > 0; count--) {
    // Messages repeat parts of those before them, so that data refer to what was inflated.
    const payload = below(6) === 0 ? Buffer.alloc(3000) : REPEATED.subarray(below(300), 301 + below(300));
    const deflated = deflater.deflate(payload);
    const sent = below(2) === 0 ? deflated : damagedBytes(deflated, dice);
    try {
      const inflated = inflater.inflate(sent);
      assert.ok(inflated.length <= MAX_INFLATED_BYTES);
      if (sent === deflated) assert.deepEqual(inflated, payload);
      else return;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      assert.match(messageOf(error), /^Max payload size exceeded$|^a message cannot be inflated: /);
      if (sent === deflated) assert.ok(payload.length > MAX_INFLATED_BYTES);
      return;
    }
  }
}

/** Whatever answers the offer of compression is read, or refused by a reason. */
export function fuzzDeflateAnswer(dice: Dice): void {
  const sound =
    'permessage-deflate; server_no_context_takeover; server_max_window_bits="10"; client_no_context_takeover';
  const answer = damagedBytes(Buffer.from(sound), dice).toString('latin1');
  const read = readDeflateAnswer(answer);
  if (typeof read === 'string') assert.match(read, /header$|not requested$/);
  else assert.ok(answer.trim().startsWith('permessage-deflate'));
}

/** Text in parts is judged as the decoder of the WHATWG judges it: with each part, and at the end. */
export function fuzzUtf8(dice: Dice): void {
  const sound = Buffer.from('a\u00e9\u20ac\u{1f600}\ud7ff\ue000\u{10ffff}z');
  const bytes = dice.below(3) === 0 ? randomBytesOf(dice, 12) : damagedBytes(sound, dice);
  const check = new Utf8Check();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (const part of dice.below(2) === 0 ? octetsOf(bytes) : piecesOf(bytes, dice)) {
    const isSound = check.push(part);
    assert.equal(
      isSound,
      decodes(() => decoder.decode(part, { stream: true })),
    );
    if (!isSound) return;
  }
  assert.equal(check.isComplete, isUtf8(bytes));
}

function decodes(decode: () => void): boolean {
  try {
    decode();
    return true;
  } catch {
    return false;
  }
}

const SOUND_PACKETS = [
  '0{"sid":"a"}',
  '1',
  '2["event",{"a":[1,null,"x"]}]',
  '2/room,12["event"]',
  '312["reply"]',
  '4{"message":"no"}',
  '51-["event",{"_placeholder":true,"num":0}]',
  '62-/room,7[{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]',
];

/** Messages of Socket.IO are packets or throw an Error; what we and the official parser take is the same. */
export function fuzzPackets(dice: Dice): void {
  const { below, oneOf } = dice;
  const codec = jsonPackets();
  const decoder = new Decoder();
  const official: unknown[] = [];
  decoder.on('decoded', (packet) => official.push([packet.nsp, packet.id ?? null, packet.data ?? null]));
  for (let count = 1 + below(4); count > 0; count--) {
    const message: PacketMessage =
      below(4) === 0
        ? randomBytesOf(dice, 4)
        : damagedBytes(Buffer.from(oneOf(SOUND_PACKETS)), dice).toString('latin1');
    const ours: unknown[] = [];
    try {
      const packet = codec.take(message);
      if (packet !== null) ours.push([packet.namespace, packet.id, packet.data]);
    } catch (error) {
      assert.ok(error instanceof Error);
      assert.ok(messageOf(error).length < 300);
      return;
    }
    try {
      decoder.add(typeof message === 'string' ? message : Buffer.from(message));
    } catch {
      // Ours may take what the official one refuses, as long as it is a packet.
      return;
    }
    // The official parser takes white space for a number.
    if (typeof message === 'string' && /\s/.test(message)) return;
    assert.deepEqual(ours, official.splice(0));
  }
}

/** Headers of the user are sent as they are, or not at all. */
export function fuzzRequest(dice: Dice): void {
  const { below } = dice;
  const word = () =>
    String.fromCodePoint(
      ...Array.from({ length: below(6) }, () => (below(3) === 0 ? below(0x200) : 0x20 + below(95))),
    );
  const headers = { [word()]: word(), 'X-B': word() };
  const path = `/${word()}`;
  let request: string;
  try {
    request = new OpeningHandshake({ ...OFFER, path, headers }).request.toString('latin1');
  } catch (error) {
    assert.match(messageOf(error), / cannot be sent$/);
    return;
  }
  const sent = Object.keys(headers).length;
  assert.ok(request.endsWith('\r\n\r\n'));
  assert.ok(request.slice(0, -4).split(/\r\n|\r|\n/).length <= 7 + sent);
  assert.equal(request.split('\r\n')[0], `GET ${path} HTTP/1.1`);
}
