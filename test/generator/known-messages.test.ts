import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import { decodeEnvelope, encodeEnvelope } from '../../src/contract/protocol.ts';
import { everyClient, type Operation } from '../../src/contract/scenario.ts';
import type { FrameCodec } from '../../src/contract/target.ts';
import type { Driver, Recognizer } from '../../src/drivers/driver.ts';
import { wireSocketio } from '../../src/drivers/wire-socketio.ts';
import { wireWs } from '../../src/drivers/wire-ws.ts';
import { Receiver } from '../../src/generator/receiver.ts';
import { createPayloads, type PayloadCheck } from '../../src/measure/payload.ts';
import { drawnSizes, filesInTurn, fixedSize } from '../../src/measure/payload-contents.ts';
import type { Stamp } from '../../src/measure/stamp.ts';
import { readPayloadFiles } from '../../src/plan/payload-files.ts';
import { parsePayloadSizes, sizeAtQuantile } from '../../src/plan/payload-sizes.ts';
import { writeFiles } from '../support/user-files.ts';
import { makeContext } from './made-worker.ts';
import { frameOf, PlayedStreams } from './played-streams.ts';

const CLIENTS = 4;
const PUBLISH: Operation = { kind: 'publish', scope: 'everyone', room: null };
const PAYLOAD_BYTES = 64;
/** Another run has another key: what it sends is invented. */
const own = createPayloads({ key: 0, contents: fixedSize(PAYLOAD_BYTES), check: 'content' });
const foreign = createPayloads({ key: 1, contents: fixedSize(PAYLOAD_BYTES), check: 'content' });

interface Worker {
  readonly isRecognizing: boolean;
  readonly mapping?: Mapping;
  /** Raw WebSocket unless given. */
  readonly socketio?: { readonly isRecoverable: boolean };
  readonly codec?: FrameCodec;
  readonly check?: PayloadCheck;
  /** Options of its payloads. */
  readonly payload?: Readonly<Record<string, string>>;
  /** Client 1 has a handler before the receiver's, and client 2 a reader of its own before that of the target. */
  readonly isMixed?: boolean;
}

const ENGINE_OPEN =
  '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}';

/** What a server says first. */
function greetingsOf({ socketio }: Worker): string[] {
  if (socketio === undefined) return [];
  return [ENGINE_OPEN, `40${JSON.stringify({ sid: 'b', ...(socketio.isRecoverable ? { pid: 'c' } : {}) })}`];
}

/** A worker of four clients, and what it has taken. */
async function open(options: Worker) {
  const { isRecognizing, mapping = chat, codec, check = 'content', isMixed = false } = options;
  const streams = [0, 1].map((sender) => ({ operation: PUBLISH, sender, receivers: everyClient(CLIENTS) }));
  const layout = { rooms: everyClient(CLIENTS).map(() => []), streams };
  const { context } = makeContext({
    layout,
    mapping: check === 'nothing' ? { ...mapping, changesPayload: true } : mapping,
    given: {
      ...(options.payload ?? { payload: `${PAYLOAD_BYTES}B` }),
      ...(check === 'content' ? { verify: 'true' } : {}),
    },
  });
  const receiver = new Receiver(context);
  const members = everyClient(CLIENTS).map((client) => ({ client, node: null }));
  context.audience.open(members, context.clients, receiver.ledger);
  const played = new PlayedStreams(greetingsOf(options));
  const decoded: unknown[] = [];
  const heard: unknown[] = [];
  const { decode, encode } = codec ?? { decode: decodeEnvelope, encode: encodeEnvelope };
  const counting: FrameCodec = {
    encode,
    decode: (message, isBinary) => {
      const envelope = decode(message, isBinary);
      if (envelope !== null) decoded.push(envelope);
      return envelope;
    },
  };
  let recognized = 0;
  const recognizer: Recognizer = {
    recognize: (...message) => {
      const event = receiver.known.recognize(...message);
      if (event !== null) recognized += 1;
      return event;
    },
  };
  const driver: Driver = options.socketio === undefined ? wireWs : wireSocketio;
  const connections = await Promise.all(
    everyClient(CLIENTS).map(() =>
      driver.connect({
        url: `${options.socketio === undefined ? 'ws' : 'http'}://127.0.0.1:1/`,
        transport: 'websocket',
        timeoutMs: 1000,
        openStream: played.open,
        codec: counting,
        ...(isRecognizing ? { recognizer } : {}),
      }),
    ),
  );
  if (isMixed) {
    connections[1]?.on('receive_message', (data) => void heard.push(data));
    const [, , connection] = connections;
    if (connection !== undefined)
      receiver.listenFor(
        2,
        connection,
        { event: 'receive_message', payload: (data) => Object(data).from },
        'delivery',
      );
  }
  for (const [client, connection] of connections.entries()) {
    if (mapping.delivery !== undefined) receiver.listenFor(client, connection, mapping.delivery, 'delivery');
    connection.answer('receive_message', (data) => data);
  }
  let receivedNs = 1e9;
  let stop: (() => void) | null = null;
  return {
    decoded,
    recognized: () => recognized,
    receive(client: number, message: string | Uint8Array) {
      receivedNs += 1000;
      played.receive(client, frameOf(message), receivedNs);
    },
    /** Adds another handler of deliveries to client 0, or removes it. */
    listenToo() {
      if (stop === null)
        stop = connections[0]?.on('receive_message', (data) => void heard.push(data)) ?? null;
      else {
        stop();
        stop = null;
      }
    },
    expect(stamp: Stamp) {
      const [connection] = connections;
      if (connection === undefined) return;
      receiver.listenForReply(0, connection, 'receive_message', 'ask');
      const onAnswer = (answer: unknown) => void heard.push(answer);
      receiver.replies.expect(0, { event: 'receive_message' }, { stamp, id: 0, onAnswer, takesEvent: true });
    },
    outcome: () => {
      played.end();
      const { series, impossible } = context.recorder.take();
      const { bySecond, incomplete } = receiver.takeReport(true);
      return {
        rows: receiver.ledger.rows(),
        totals: receiver.ledger.totals(),
        series,
        impossible,
        bySecond,
        incomplete,
        unexpected: context.unexpected.take(),
        failed: context.failed.take(),
        sent: played.sent,
        heard,
      };
    },
  };
}

const stamps: fc.Arbitrary<Stamp> = fc
  .record({
    stream: fc.nat(2),
    seq: fc.nat(40),
    lagNs: fc.constantFrom(0, 50, 40_000),
    measured: fc.boolean(),
  })
  .map(({ stream, seq, lagNs, measured }) => {
    const intendedNs = 1e8 + seq * 1e6;
    return { stream, seq, intendedNs, actualNs: intendedNs + lagNs, measured };
  });

/** What servers make of a payload on its way. */
const CHANGES: Readonly<Record<string, (text: string) => string>> = {
  none: (text) => text,
  'upper case': (text) => text.toUpperCase(),
  shorter: (text) => text.slice(0, -3),
  longer: (text) => `${text}!`,
  'one byte': (text) => `${text.slice(0, 60)}#${text.slice(61)}`,
  'another number': (text) => text.replace(/,./, ',9'),
  encoded: (text) => Buffer.from(text).toString('base64'),
  within: (text) => `<${text}>`,
  twice: (text) => `${text}${text}`,
};

/** How servers write a message that holds it. `$` is the payload. */
const SHAPES: readonly string[] = [
  '{"event":"receive_message","data":"$"}',
  '{"event":"receive_message","data":"$"}',
  '{"event":"receive_message","data":{"text":"$","from":7}}',
  '{ "event": "receive_message", "data": "$" }',
  '{"event":"receive_message","data":["$","$"]}',
  '{"event":"receive_message","data":"\\u0073bm$"}',
  '{"event":"receive_message","data":{"$":1}}',
  '{"event":"other","data":"$"}',
  '{"event":"receive_message","data":"$","id":4}',
  '{"event":"receive_message","data":"$","ack":4}',
  '{"event":"receive_message","data":"$","abc":4}',
  `{"event":"receive_message","data":{"text":"$","from":"${own.write({ stream: 0, seq: 3, intendedNs: 1e8 + 3e6, actualNs: 1e8 + 3e6, measured: true }, 'text')}"}}`,
  '{"event":"receive_message","data":"\u00fc$"}',
  '["receive_message","$"]',
  '$',
];

/** What a server that recovers connections writes behind the arguments. */
const OFFSET = `${Date.now()}-0`;

/** The same for Socket.IO, and other packets. An offset of a server that recovers connections is text at the end. */
const PACKETS: readonly string[] = [
  '42["receive_message","$"]',
  '42["receive_message","$"]',
  '42["receive_message",{"text":"$","from":7}]',
  '42["receive_message","$","$"]',
  `42["receive_message","$","${OFFSET}"]`,
  '42["receive_message","$","no offset"]',
  '42["receive_message",7,"$"]',
  '42["other","$"]',
  '427["receive_message","$"]',
  '42/room,["receive_message","$"]',
  '437["receive_message","$"]',
  '40{"sid":"d"}',
  '40{"sid":"d","pid":"e"}',
  '2',
];
/** Packets after which a connection ends. */
const LAST_PACKETS: readonly string[] = [
  '$',
  '42$',
  '451-["receive_message",{"_placeholder":true,"num":0}]',
  '41',
];

type Step =
  | { readonly kind: 'message'; readonly text: string; readonly receivers: readonly number[] }
  | { readonly kind: 'binary'; readonly text: string }
  | { readonly kind: 'expect'; readonly stamp: Stamp }
  | { readonly kind: 'listen' };

const messagesIn = (shapes: readonly string[], rare: readonly string[] = shapes): fc.Arbitrary<Step> =>
  fc
    .record({
      stamp: stamps,
      change: fc.oneof(
        { weight: 3, arbitrary: fc.constant('none') },
        fc.constantFrom(...Object.keys(CHANGES)),
      ),
      shape: fc.oneof(
        { weight: 20, arbitrary: fc.constant(shapes[0] ?? '') },
        { weight: 10, arbitrary: fc.constantFrom(...shapes) },
        { weight: 1, arbitrary: fc.constantFrom(...rare) },
      ),
      isForeign: fc.boolean().chain((maybe) => (maybe ? fc.boolean() : fc.constant(false))),
      receivers: fc.constantFrom([0, 1, 2, 3], [0, 1, 2, 3], [2, 0], [3], [1, 1]),
    })
    .map(({ stamp, change, shape, isForeign, receivers }) => {
      const payload = (isForeign ? foreign : own).write(stamp, 'text') as string;
      const text = shape.replaceAll('$', (CHANGES[change] ?? String)(payload));
      return { kind: 'message', text, receivers };
    });

const stepsOf = (messages: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 12, arbitrary: messages },
      { weight: 1, arbitrary: fc.constant<Step>({ kind: 'listen' }) },
      { weight: 1, arbitrary: stamps.map((stamp): Step => ({ kind: 'expect', stamp })) },
      {
        weight: 1,
        arbitrary: stamps.map(
          (stamp): Step => ({ kind: 'binary', text: own.write(stamp, 'text') as string }),
        ),
      },
    ),
    { minLength: 5, maxLength: 40 },
  );

async function outcomeOf(given: readonly Step[], options: Worker): Promise<object> {
  const worker = await open(options);
  for (const step of given) {
    if (step.kind === 'message') for (const client of step.receivers) worker.receive(client, step.text);
    else if (step.kind === 'binary') {
      const message = encodeEnvelope({ event: 'receive_message', data: Buffer.from(step.text) });
      worker.receive(0, options.socketio === undefined ? message : Buffer.from(step.text));
    } else if (step.kind === 'expect') worker.expect(step.stamp);
    else worker.listenToo();
  }
  return worker.outcome();
}

/** Envelopes as arrays. */
const ARRAYS: FrameCodec = {
  encode: ({ event, data }) => JSON.stringify([event, data]),
  decode: (message, isBinary) => {
    if (isBinary) return null;
    const [event, data] = JSON.parse(message.toString()) as [string, unknown];
    return { event, data };
  },
};

/** Envelopes as arrays, each of which may be several events: one for each of its data. */
const LISTS: FrameCodec = {
  encode: ARRAYS.encode,
  decode: (message, isBinary) => {
    if (isBinary) return [];
    const { event, data, id, ack } = decodeEnvelope(message, isBinary);
    return [data].flat().map((each) => ({ event, data: each, id, ack }));
  },
};

/** Finds the payload in one field, and fails without one. */
const FIELD: Mapping = {
  ...chat,
  delivery: { event: 'receive_message', payload: (data) => (data as { text: string }).text.trim() },
};

/** Takes a payload that is all of the data. */
const ALONE: Mapping = {
  ...chat,
  delivery: { event: 'receive_message', payload: (data) => (typeof data === 'string' ? data : undefined) },
};

describe('a message that is recognized by its bytes', () => {
  it.each<[string, Omit<Worker, 'isRecognizing'>]>([
    ['with content checked', { check: 'content' }],
    ['with lengths checked', { check: 'length' }],
    ['where servers change payloads', { check: 'nothing' }],
    ['where a target says in which field the payload is', { mapping: FIELD }],
    ['where a target has a codec of its own', { codec: ARRAYS }],
    ['where a codec returns lists', { codec: LISTS }],
    ['over Socket.IO', { socketio: { isRecoverable: false }, mapping: ALONE }],
    ['over Socket.IO with connection state recovery', { socketio: { isRecoverable: true }, mapping: ALONE }],
  ])('is taken as one that is decoded, %s', async (_, options) => {
    const messages = options.socketio === undefined ? messagesIn(SHAPES) : messagesIn(PACKETS, LAST_PACKETS);
    await fc.assert(
      fc.asyncProperty(stepsOf(messages), async (given) => {
        const mixed = { ...options, isMixed: true };
        const recognizing = await outcomeOf(given, { ...mixed, isRecognizing: true });
        expect(recognizing).toEqual(await outcomeOf(given, { ...mixed, isRecognizing: false }));
      }),
      { numRuns: 40 },
    );
  });

  it.each<[string, string, Partial<Worker>]>([
    ['an envelope', '{"event":"receive_message","data":"$"}', {}],
    ['a field of an envelope', '{"event":"receive_message","data":{"text":"$"}}', { mapping: FIELD }],
    ['an envelope of the target', '["receive_message","$"]', { codec: ARRAYS }],
    ['a packet', '42["receive_message","$"]', { socketio: { isRecoverable: false } }],
    [
      'a packet with an offset',
      `42["receive_message","$","${OFFSET}"]`,
      { socketio: { isRecoverable: true }, mapping: ALONE },
    ],
  ])('is not decoded, in %s', async (_, shape, options) => {
    const worker = await open({ ...options, isRecognizing: true });
    for (let seq = 0; seq < 20; seq++) {
      const stamp = { stream: 0, seq, intendedNs: 1e8 + seq, actualNs: 1e8 + seq, measured: true };
      for (const client of everyClient(CLIENTS))
        worker.receive(client, shape.replace('$', own.write(stamp, 'text') as string));
    }
    expect(worker.recognized()).toBe(79);
    // The first one, and one made from it that shows where the payload lies.
    if (options.socketio === undefined) expect(worker.decoded).toHaveLength(2);
    expect(worker.outcome()).toMatchObject({ totals: { delivered: 80, duplicated: 0, corrupted: 0 } });
  });

  it.each<[string, Partial<Worker>, readonly string[]]>([
    [
      'has another field at the same place',
      {},
      ['{"event":"receive_message","data":"$","abc":4}', '{"event":"receive_message","data":"$","ack":4}'],
    ],
    [
      'has another event at the same place',
      {},
      ['{"event":"receive_message","data":"$"}', '{"event":"receive_massage","data":"$"}'],
    ],
    ['asks for an answer', {}, ['{"event":"receive_message","data":"$","id":4}']],
    [
      'asks for an answer over Socket.IO',
      { socketio: { isRecoverable: false } },
      ['427["receive_message","$"]'],
    ],
    [
      'comes before an attachment that is missing',
      { socketio: { isRecoverable: false } },
      ['42["receive_message","$"]', '451-["receive_message",{"_placeholder":true,"num":0}]'],
    ],
    [
      'has no offset from now on',
      { socketio: { isRecoverable: true }, mapping: ALONE },
      [`42["receive_message","$","${OFFSET}"]`, '40{"sid":"d"}'],
    ],
  ])('is decoded where it %s', async (_, options, shapes) => {
    const given = [0, 0, 1, 0, 1, 0].map((shape, seq): Step => {
      const stamp = { stream: 0, seq, intendedNs: 1e8 + seq, actualNs: 1e8 + seq, measured: true };
      const text = (shapes[shape] ?? shapes[0] ?? '').replace('$', own.write(stamp, 'text') as string);
      return { kind: 'message', text, receivers: [0, 3] };
    });
    const decoded = await outcomeOf(given, { ...options, isRecognizing: false });
    expect(await outcomeOf(given, { ...options, isRecognizing: true })).toEqual(decoded);
  });

  it('is decoded where a server writes every message in another way', async () => {
    const worker = await open({ isRecognizing: true });
    for (let seq = 0; seq < 100; seq++) {
      const stamp = { stream: 0, seq, intendedNs: 1e8 + seq, actualNs: 1e8 + seq, measured: true };
      const data = { at: seq, text: own.write(stamp, 'text') };
      worker.receive(1, JSON.stringify({ event: 'receive_message', data }));
    }
    // Learning is given up soon.
    expect(worker.decoded.length).toBeLessThan(120);
    expect(worker.outcome()).toMatchObject({ totals: { delivered: 100 } });
  });
});

const SIZES = 'p50=100B p99=1KiB max=3KiB';
const sized = createPayloads({
  key: 0,
  contents: drawnSizes(sizeAtQuantile(parsePayloadSizes(SIZES), 48), 1),
  check: 'content',
});
const folder = writeFiles({
  'a.json': '{"user":"ann","text":"says \\"hi\\" in Z\u00fcrich"}',
  'b.json': '{\n  "body": { "text": "{{stamp}} and more", "n": [1, 2] }\n}\n',
  'c.json': '[{ "x": null }]',
  'd.txt': 'plain text "with quotes"\nand lines',
});
const filed = createPayloads({ key: 0, contents: filesInTurn(readPayloadFiles(folder)), check: 'content' });

/** A payload as a server writes it within an envelope: as text, or as the value of its JSON. */
const WAYS: Readonly<Record<string, (text: string) => string>> = {
  text: (text) => JSON.stringify(text),
  'text in a field': (text) => JSON.stringify({ text, from: 7 }),
  value: (text) => (/^[[{]/.test(text) ? JSON.stringify(JSON.parse(text)) : JSON.stringify(text)),
  'value with spaces': (text) =>
    /^[[{]/.test(text) ? JSON.stringify(JSON.parse(text), null, 1) : JSON.stringify(text),
  'value with another field': (text) =>
    text.startsWith('{') ? JSON.stringify({ ...JSON.parse(text), id: 7 }) : JSON.stringify(text),
  'JSON in text': (text) => JSON.stringify(JSON.stringify({ text })),
  shorter: (text) => JSON.stringify(text.slice(0, -2)),
  'another file': (text) => JSON.stringify(text.replaceAll('ann', 'bob')),
};

describe('payloads of many kinds', () => {
  it.each([
    ['of several sizes', sized, { payloadSizes: SIZES }],
    ['of several files', filed, { payload: `${folder}/` }],
  ] as const)(
    '%s are taken as decoded ones, and intact in every way that keeps them',
    async (_, { write }, payload) => {
      const received = fc.record({ stamp: stamps, way: fc.constantFrom(...Object.keys(WAYS)) });
      await fc.assert(
        fc.asyncProperty(fc.array(received, { minLength: 5, maxLength: 40 }), async (given) => {
          const messages = given.map(({ stamp, way }): Step => {
            const data = (WAYS[way] ?? String)(write(stamp, 'text') as string);
            return {
              kind: 'message',
              text: `{"event":"receive_message","data":${data}}`,
              receivers: [0, 1, 2],
            };
          });
          const recognizing = await outcomeOf(messages, { payload, isRecognizing: true });
          expect(recognizing).toEqual(await outcomeOf(messages, { payload, isRecognizing: false }));
        }),
        { numRuns: 25 },
      );
    },
  );

  it.each([
    ['of several sizes', sized, { payloadSizes: SIZES }, 'text'],
    ['of several files', filed, { payload: `${folder}/` }, 'text'],
    ['of several files, sent as values', filed, { payload: `${folder}/` }, 'value'],
  ] as const)('%s are recognized', async (_, { write }, payload, way) => {
    const worker = await open({ payload, isRecognizing: true });
    for (let seq = 0; seq < 40; seq++) {
      const stamp = { stream: 0, seq, intendedNs: 1e8 + seq, actualNs: 1e8 + seq, measured: true };
      const data = (WAYS[way] ?? String)(write(stamp, 'text') as string);
      worker.receive(1, `{"event":"receive_message","data":${data}}`);
    }
    // One is decoded for each way in which a payload begins.
    expect(worker.recognized()).toBeGreaterThanOrEqual(35);
    expect(worker.outcome()).toMatchObject({ totals: { delivered: 40, corrupted: 0 } });
  });
});
