import { Encoder } from 'socket.io-msgpack-parser';
import { describe, expect, it } from 'vitest';
import type { Connection, ConnectOptions } from '../../src/drivers/driver.ts';
import { wireSocketio } from '../../src/drivers/wire-socketio.ts';
import { binary, ping, text } from '../wire/support/frames.ts';
import { acceptanceOf, type MemoryPeer, memoryStreams } from '../wire/support/memory-stream.ts';
import { plain } from './socketio-clients.ts';

type Parser = Extract<ConnectOptions['parser'], string>;

const OPEN = text('0{"sid":"a","upgrades":[],"pingInterval":60000,"pingTimeout":60000}');

const msgpack = (packet: object): Buffer => {
  const [message] = new Encoder().encode(packet) as unknown as Buffer[];
  return binary(message ?? '');
};

const ENTERED: Readonly<Record<Parser, Buffer>> = {
  default: text('40{"sid":"b"}'),
  msgpack: msgpack({ type: 0, nsp: '/', data: { sid: 'b' } }),
};

/** Events, one with two attachments, between which pings of both protocols come; and an acknowledgement. */
const EVENTS: Readonly<Record<Parser, Buffer>> = {
  default: Buffer.concat([
    text('42["said","\u2603"]'),
    text('452-["said",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]]'),
    text('2'),
    binary(Buffer.from([1, 2])),
    ping('x'),
    binary(Buffer.from([3])),
    text('431[1,"two"]'),
    text('42["said",{"a":null}]'),
  ]),
  msgpack: Buffer.concat([
    msgpack({ type: 2, nsp: '/', data: ['said', '\u2603'] }),
    msgpack({ type: 2, nsp: '/', data: ['said', Buffer.from([3]), [Buffer.from([1, 2])]] }),
    text('2'),
    ping('x'),
    msgpack({ type: 3, nsp: '/', id: 1, data: [1, 'two'] }),
    msgpack({ type: 2, nsp: '/', data: ['said', { a: null }] }),
  ]),
};

const EXPECTED = [
  '\u2603',
  [Buffer.from([3]), [Buffer.from([1, 2])]],
  ['reply', [1, 'two']],
  { a: null },
].map(plain);

/** Begins to connect to a server that exists in memory only. */
function begin(parser: Parser): { peer: MemoryPeer; accepted: Buffer; connected: Promise<Connection> } {
  const peers: MemoryPeer[] = [];
  const openStream = memoryStreams((peer) => peers.push(peer));
  const url = 'http://127.0.0.1:1';
  const connected = wireSocketio.connect({
    url,
    transport: 'websocket',
    timeoutMs: 5000,
    parser,
    openStream,
  });
  const [peer] = peers;
  if (peer === undefined) throw new Error('nothing was opened');
  peer.open();
  const accepted = Buffer.concat([
    Buffer.from(acceptanceOf(peer.take().toString('latin1'))),
    OPEN,
    ENTERED[parser],
  ]);
  return { peer, accepted, connected };
}

/** What a client hears that connects and then receives events, in these parts. */
async function hear(parser: Parser, split: (bytes: Buffer) => readonly Buffer[]): Promise<unknown[]> {
  const { peer, accepted, connected } = begin(parser);
  for (const part of split(accepted)) peer.send(part);
  const connection = await connected;
  const heard: unknown[] = [];
  connection.onDropped((reason) => heard.push(['dropped', reason]));
  connection.on('said', (data) => heard.push(data));
  connection.request('ask', null, (data) => heard.push(['reply', data]));
  for (const part of split(EVENTS[parser])) peer.send(part);
  peer.finish(null);
  // Bytes that were kept must be the client's own.
  expect(heard.pop()).toEqual(['dropped', 'transport close (closed without a close frame)']);
  return heard.map(plain);
}

describe.each(['default', 'msgpack'] as const)('what a server sends, with the parser %s', (parser) => {
  it('is the same wherever it is cut', async () => {
    const { peer, accepted, connected } = begin(parser);
    peer.finish(null);
    await expect(connected).rejects.toThrow('closed before the handshake was answered');
    const longest = Math.max(EVENTS[parser].length, accepted.length);
    for (let at = 0; at < longest; at++) {
      const heard = await hear(parser, (bytes) => [bytes.subarray(0, at), bytes.subarray(at)]);
      expect(heard, `cut at ${at}`).toEqual(EXPECTED);
    }
  });

  it('is the same byte by byte', async () => {
    const heard = await hear(parser, (bytes) => [...bytes].map((byte) => Buffer.from([byte])));
    expect(heard).toEqual(EXPECTED);
  });
});
