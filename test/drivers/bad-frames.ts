import { Encoder } from 'socket.io-msgpack-parser';
import type { Protocol } from '../../src/contract/target.ts';
import { type Peer, VALID_HANDSHAKE } from '../support/raw-servers.ts';

/**
 * Something that no sound server sends: its name, how a server sends it, and why the client is dropped for it; null when
 * the client goes on.
 */
export type BadFrame = readonly [name: string, send: (peer: Peer) => void, reason: RegExp | null];

const DEEP = 200_000;
export const DEEP_ARRAY = `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`;
export const DEEP_OBJECT = `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`;

/** What a driver's protocol wraps an event in. */
export const EVENT_IN: Readonly<Record<Protocol, (event: string, json: string) => string>> = {
  socketio: (event, json) => `42["${event}",${json}]`,
  ws: (event, json) => `{"event":"${event}","data":${json}}`,
  http: (event, json) => `{"last":1,"messages":[{"event":"${event}","data":${json}}]}`,
};

/** A request of the server, which the client has to answer. */
export const REQUEST_IN: typeof EVENT_IN = {
  socketio: (event, json) => `421["${event}",${json}]`,
  ws: (event, json) => `{"event":"${event}","data":${json},"id":1}`,
  http: (event, json) => `{"last":1,"messages":[{"event":"${event}","data":${json},"id":1}]}`,
};

/** The reply to the first request of a client. */
export const REPLY_IN: typeof EVENT_IN = {
  socketio: (_, json) => `431[${json}]`,
  ws: (event, json) => `{"event":"${event}","data":${json},"ack":1}`,
  http: (event, json) => `{"last":1,"messages":[{"event":"${event}","data":${json},"ack":1}]}`,
};

const raw =
  (...bytes: readonly number[]) =>
  ({ tcp }: Peer) =>
    void tcp?.write(Buffer.from(bytes));

/** Frames of RFC 6455 by hand, and ends of a connection. */
const WEBSOCKET: readonly BadFrame[] = [
  ['a masked frame', raw(0x81, 0x81, 1, 2, 3, 4, 0x30), /MASK must be clear/],
  ['text that is not UTF-8', raw(0x81, 0x02, 0xc3, 0x28), /invalid UTF-8/],
  ['a reserved opcode', raw(0x83, 0x00), /invalid opcode 3/],
  ['a reserved bit', raw(0xc1, 0x00), /RSV1 must be clear/],
  ['a continuation without a start', raw(0x80, 0x01, 0x30), /invalid opcode 0/],
  ['a fragmented ping', raw(0x09, 0x00), /FIN must be set/],
  ['a ping of 126 bytes', raw(0x89, 0x7e, 0, 126), /invalid payload length 126/],
  ['a close frame of one byte', raw(0x88, 0x01, 0x03), /invalid payload length 1/],
  ['a close code that does not exist', raw(0x88, 0x02, 0x00, 0x05), /invalid status code 5/],
  ['a close reason that is not UTF-8', raw(0x88, 0x04, 0x03, 0xe8, 0xc3, 0x28), /invalid UTF-8/],
  ['a frame of 1 GiB', raw(0x82, 0x7f, 0, 0, 0, 0, 0x40, 0, 0, 0), /Max payload size exceeded/],
  [
    'a frame of 2^63 bytes',
    raw(0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0),
    /Unsupported WebSocket frame|the first bit of the payload length must be clear/,
  ],
  ['random bytes', raw(0xff, 0xff, 0xff, 0xff, 0x13, 0x37), /Invalid WebSocket frame/],
  ['a close without a code', ({ webSocket }) => webSocket?.close(), /closed with 1005 no status/],
  ['a close with a code', ({ webSocket }) => webSocket?.close(1009), /closed with 1009 message too big/],
  ['a close with a reason', ({ webSocket }) => webSocket?.close(1013, 'busy'), /closed with 1013 busy/],
  ['a reset of the connection', ({ tcp }) => void tcp?.resetAndDestroy(), /ECONNRESET|without a close frame/],
  ['the end of the connection', ({ tcp }) => void tcp?.end(), /closed without a close frame/],
  [
    'the end in the middle of a frame',
    ({ tcp }) => void tcp?.end(Buffer.from([0x81, 5])),
    /without a close frame/,
  ],
  ['a pong that no ping asked for', raw(0x8a, 0x02, 0x39, 0x39), null],
];

const packets =
  (...messages: ReadonlyArray<string | Buffer>) =>
  ({ send }: Peer) =>
    send(...messages);

/** Packets of Engine.IO and Socket.IO, for both transports. */
const SOCKETIO: readonly BadFrame[] = [
  ['an error packet', packets('44{"message":"x"}'), /^error packet: x$/],
  ['an error packet of text', packets('44"x"'), /error packet|could not be handled/],
  ['an error packet without a body', packets('44'), /could not be handled|^parse error/],
  ['a disconnect packet', packets('41'), /^io server disconnect$/],
  ['a second open packet that is no JSON', packets('0garbage'), /^transport error \(.*JSON/],
  ['a second open packet of null', packets('0null'), /^transport error \(/],
  ['a second open packet without upgrades', packets('0{"sid":"a"}'), /^transport error \(/],
  ['an unknown packet', packets('9'), /^transport error \(unknown packet type\)$/],
  ['an empty packet', packets(''), /^transport error \(unknown packet type\)$/],
  ['an unknown packet of Socket.IO', packets('49'), /^parse error \(unknown packet type 9\)$/],
  ['a message without content', packets('4'), /^parse error/],
  ['an event that is no JSON', packets('42["a'), /^parse error \(invalid payload\)$/],
  ['an event that is an object', packets('42{}'), /^parse error \(invalid payload\)$/],
  ['an event without content', packets('42'), /could not be handled|^parse error/],
  ['an event with a reserved name', packets('42["disconnect"]'), /^parse error \(invalid payload\)$/],
  ['a disconnect packet with content', packets('41{}'), /^parse error \(invalid payload\)$/],
  ['an acknowledgement that nothing waits for', packets('4399[1]'), null],
  ['an acknowledgement without a number', packets('43[1]'), null],
  ['binary data without an event', packets(Buffer.from([1, 2])), /^parse error \(got binary data/],
  [
    'an event instead of its binary data',
    packets('451-["a",{"_placeholder":true,"num":0}]', '42["b"]'),
    /^parse error/,
  ],
  [
    'binary data that an event does not have',
    packets('451-["a",{"_placeholder":true,"num":7}]', Buffer.from([1])),
    /^parse error/,
  ],
  ['an event with 1e9 binary data', packets('451000000000-["a"]'), /^parse error/],
  ['a disconnect packet of another namespace', packets('41/other,'), null],
  ['an event in another namespace', packets('42/other,["a"]'), null],
  ['a second entry without an id', packets('40'), /v2\.x/],
  ['a second entry', packets('40{"sid":"second"}'), null],
  ['an entry into another namespace', packets('40/other,{"sid":"other"}'), null],
  ['a refusal by another namespace', packets('44/other,{"message":"no"}'), null],
  ['packets without a meaning for a client', packets('3', '3probe', '5', '6', '2probe'), null],
  ['1,000 pings', packets(...Array<string>(1000).fill('2')), null],
  ['an acknowledgement with a huge number', packets(`43${'9'.repeat(400)}[1]`), null],
  ['an acknowledgement with a negative number', packets('43-1[1]'), /^parse error \(invalid payload\)$/],
  ['a request with a huge number', packets(`42${'9'.repeat(400)}["ask",1]`), null],
  [
    'events with the names of an object',
    packets('42["__proto__",1]', '42["constructor"]', '42["toString"]'),
    null,
  ],
  [
    'data with the names of an object',
    packets('42["ask",{"__proto__":{"polluted":1},"constructor":{}}]'),
    null,
  ],
  [
    'binary data with the names of an object',
    packets('451-["ask",{"__proto__":{"_placeholder":true,"num":0}}]', Buffer.from([1])),
    null,
  ],
  [
    'binary data that never come',
    packets('451-["sound",{"_placeholder":true,"num":0}]', '2', '42["sound"]'),
    /^parse error/,
  ],
  [
    'more binary data than are named',
    packets('452-["ask",{"_placeholder":true,"num":0}]', Buffer.from([1]), Buffer.from([2])),
    null,
  ],
  ['an event with 11 binary data', packets('4511-["a"]'), /^parse error \(too many attachments\)$/],
  [
    'an event with binary data of a negative number',
    packets('451-["a",{"_placeholder":true,"num":-1}]', Buffer.from([1])),
    /^parse error \(illegal attachments\)$/,
  ],
];

/** Messages of the `ws` driver: a message that is no envelope may be a greeting, and changes nothing. */
const ENVELOPES: readonly BadFrame[] = [
  ['text that is no JSON', packets('welcome'), null],
  ['JSON that is no envelope', packets('null', '5', '[]', '{"event":5}'), null],
  ['a binary header of 65,535 bytes', packets(Buffer.from([0xff, 0xff, 0x7b])), null],
  [
    'a binary header of 65,535 levels',
    packets(Buffer.concat([Buffer.from([0xff, 0xff]), Buffer.alloc(65_535, '[')])),
    null,
  ],
  ['an empty binary message', packets(Buffer.alloc(0)), null],
  ['nothing but levels', packets(DEEP_ARRAY, DEEP_OBJECT), null],
];

/** Bodies of answers to a poll. */
const ANSWERS: readonly BadFrame[] = [
  ['an answer that is no JSON', packets('<html>'), /JSON/],
  ['an answer of null', packets('null'), /not a JSON object/],
  ['an answer without messages', packets('{"last":1}'), /no list of messages/],
  ['an answer with other messages', packets('{"last":1,"messages":{}}'), /no list of messages/],
  ['an answer without a number', packets('{"messages":[]}'), /no number of the last message/],
  ['an answer with what is no envelope', packets('{"last":1,"messages":[null]}'), /not an envelope/],
  ['nothing but levels', packets(DEEP_ARRAY), /no number/],
];

/** By protocol; what `polling` of Socket.IO shares with WebSocket comes second. */
export const BAD_FRAMES: Readonly<
  Record<Protocol, { webSocket: readonly BadFrame[]; messages: readonly BadFrame[] }>
> = {
  socketio: { webSocket: WEBSOCKET, messages: SOCKETIO },
  ws: { webSocket: WEBSOCKET, messages: ENVELOPES },
  http: { webSocket: [], messages: ANSWERS },
};

/** Forty lists or maps in each other, each of which says that it has ten million entries. */
const bomb = (prefix: number) =>
  Buffer.concat(Array<Buffer>(40).fill(Buffer.from([prefix, 0x00, 0x98, 0x96, 0x80])));

const msgpack = (packet: object): Buffer => {
  const [message] = new Encoder().encode(packet) as unknown as Buffer[];
  return message ?? Buffer.alloc(0);
};

/** MessagePack, for Socket.IO's parser of that name: `81` is a map of one entry, `91` a list of one. */
export const BAD_MSGPACK: readonly BadFrame[] = [
  ['nothing but levels', packets(Buffer.alloc(DEEP, 0x91)), /^parse error/],
  ['no packet', packets(Buffer.from([0xc0])), /^parse error/],
  ['the beginning of a map', packets(Buffer.from([0x84, 0xa4, 0x74])), /^parse error/],
  ['a text of 4 GiB', packets(Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff])), /^parse error/],
  ['text', packets('42["a"]'), /^parse error/],
  [
    'lists of ten million values in each other',
    packets(bomb(0xdd)),
    /^parse error \(the message is not whole\)$/,
  ],
  [
    'maps of ten million entries in each other',
    packets(bomb(0xdf)),
    /^parse error \(the message is not whole\)$/,
  ],
  [
    'a buffer of 4 GiB',
    packets(Buffer.from([0xc9, 0xff, 0xff, 0xff, 0xff, 0])),
    /^parse error \(the message is not whole\)$/,
  ],
  [
    'a type that does not exist',
    packets(Buffer.from([0xc1])),
    /^parse error \(the message is not MessagePack\)$/,
  ],
  ['bytes after a packet', packets(Buffer.from([0xc0, 0xc0])), /^parse error/],
  ['a packet of an unknown type', packets(msgpack({ type: 9, nsp: '/', data: [] })), /^parse error/],
  ['an event without a list', packets(msgpack({ type: 2, nsp: '/', data: null })), /^parse error/],
];

const BROKEN_OPENS = [
  ...['0null', '05', '0', '0[]', 'garbage', '0{"sid":"a"}', '0{"sid":"a","upgrades":5'],
  '0{"sid":"a","upgrades":[]}',
  '0{"sid":"a","upgrades":[],"pingInterval":"soon","pingTimeout":1000}',
  '0{"sid":"a","upgrades":[],"pingInterval":1e300,"pingTimeout":1000}',
  '0{"sid":"a","upgrades":[],"pingInterval":1e999,"pingTimeout":1000}',
  '0{"sid":"a","upgrades":[],"pingInterval":-1000,"pingTimeout":1000}',
  '0{"sid":"a","upgrades":[],"pingInterval":null,"pingTimeout":1000}',
];

const NOT_ENGINE_IO = /not in the protocol of Engine.IO 4/;

/** What a Socket.IO server answers to the handshake and to the entry into the namespace, and why no client connects. */
export const BAD_HANDSHAKES: ReadonlyArray<
  readonly [handshake: string, entered: string | undefined, RegExp]
> = [
  ...[...BROKEN_OPENS, `0${DEEP_ARRAY}`].map((handshake): [string, undefined, RegExp] => [
    handshake,
    undefined,
    NOT_ENGINE_IO,
  ]),
  ...(
    [
      ['44', /could not be handled|^parse error/],
      ['44{"message":"no"}', /^refused by the server: no$/],
      ['40', /v2\.x/],
      ['40{}', /v2\.x/],
      ['40null', /parse error/],
      ['40garbage', /parse error/],
      ['41', /io server disconnect/],
      ['9', NOT_ENGINE_IO],
      ['42["early"]', /no answer from the namespace within 500 ms/],
    ] as const
  ).map(([entered, reason]): [string, string, RegExp] => [VALID_HANDSHAKE, entered, reason]),
];

/** Sound messages, to be damaged. */
export const CORPUS: Readonly<Record<Protocol, ReadonlyArray<string | Buffer>>> = {
  socketio: [
    '42["sound",1]',
    '421["ask",{"a":[1,2,{"b":null}]}]',
    '430["reply"]',
    '451-["sound",{"_placeholder":true,"num":0}]',
    Buffer.from('bytes'),
    VALID_HANDSHAKE,
    '40{"sid":"raw"}',
    '44{"message":"no"}',
    '42/other,["sound",1]',
    '2',
  ],
  ws: [
    '{"event":"sound","data":1}',
    '{"event":"ask","data":{"a":[1,2,{"b":null}]},"id":1}',
    '{"event":"hello","data":1,"ack":0}',
    Buffer.concat([Buffer.from([0, 35]), Buffer.from('{"event":"sound","bytes":null}     ')]),
    'welcome',
  ],
  http: [
    '{"last":1,"messages":[{"event":"sound","data":1}]}',
    '{"last":1,"messages":[{"event":"ask","data":{"$binary":"AA=="},"id":1}]}',
    '{"last":1,"messages":[]}',
  ],
};
