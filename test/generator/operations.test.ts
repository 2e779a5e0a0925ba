import { describe, expect, it } from 'vitest';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import { everyClient, type Operation } from '../../src/contract/scenario.ts';
import { Publishing } from '../../src/generator/operations/publish.ts';
import { sendRequest } from '../../src/generator/operations/single-reply.ts';
import { UNEXPECTED } from '../../src/generator/unexpected.ts';
import { findStamp } from '../../src/measure/stamp.ts';
import { clientOf, openWorker } from './made-worker.ts';

const PUBLISH: Operation = { kind: 'publish', scope: 'room', room: 'room-0' };
const STREAM: Operation = { kind: 'stream-reply', replies: 3 };

/** Two clients, each with a stream of this operation to both. */
async function open(operation: Operation, more: { mapping?: Mapping; payloadType?: 'text' | 'binary' } = {}) {
  const clients = everyClient(2);
  const streams = clients.map((sender) => ({ sender, operation, receivers: clients }));
  const worker = await openWorker({ streams, ...more });
  let performed = 0;
  return {
    ...worker,
    worker,
    connection: worker.connectionOf(0),
    replacement: worker.connectionOf(2),
    /** Has client 0 perform the operation at `ns`, due 10 ns before. */
    perform: (ns: number, measured = true): boolean => {
      worker.time.moveTo(ns);
      performed += 1;
      return worker.perform(2 * (performed - 1), ns - 10, measured);
    },
    /** The values that were recorded since the last call; each message sent has a lag beside them. */
    take: () => {
      const { send_lag: _, ...values } = worker.take();
      return values;
    },
    pending: () => worker.operations.get(operation.kind)?.pending,
    reasons: () => worker.failed.take().map(({ reason }) => reason),
  };
}

/** The payload in the data of chat's publish and of its streamed reply. */
function messageIn(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('message' in data)) throw new Error('no message');
  return data.message;
}

const NOTHING = { delivered: 0, late: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };

describe('an operation', () => {
  it.each<Operation>([
    PUBLISH,
    { kind: 'request' },
    { kind: 'ask-me' },
    { kind: 'echo' },
    STREAM,
    { kind: 'ping' },
    { kind: 'close' },
    { kind: 'steps' },
  ])('does not perform %j for a client that is gone', async (operation) => {
    const { perform, connection } = await open(operation);
    connection.drop('transport close');
    expect(perform(1000)).toBe(false);
    expect(connection.sent).toEqual([]);
    expect(connection.closed).toBe(false);
  });
});

describe('publishing', () => {
  it('sends what the target makes of payload, scope, room and client, and wants no acknowledgement', async () => {
    const asked: unknown[] = [];
    const publish: Mapping['publish'] = (message) => {
      asked.push(message);
      return { event: 'say', data: [message.payload] };
    };
    const { perform, connection } = await open(PUBLISH, { mapping: { publish } });
    expect(perform(1000)).toBe(true);
    expect(asked).toMatchObject([{ scope: 'room', room: 'room-0', client: clientOf(0) }]);
    expect(connection.sent).toMatchObject([{ event: 'say', reply: null }]);
    expect(findStamp(connection.dataOf())).toEqual({
      stream: 0,
      seq: 0,
      intendedNs: 990,
      actualNs: 1000,
      measured: true,
    });
  });

  it.each(['text', 'binary'] as const)(
    'sends a payload of %s and of the size that the plan has',
    async (payloadType) => {
      const { perform, connection } = await open(PUBLISH, { payloadType });
      perform(1000);
      const message = messageIn(connection.dataOf());
      expect(message instanceof Uint8Array).toBe(payloadType === 'binary');
      expect(message).toHaveLength(64);
    },
  );

  it('is delivered when the event comes, whichever of its names it has', async () => {
    const mapping: Mapping = { ...chat, delivery: { event: ['message', 'notice'] } };
    const { perform, connection, take, time, ledger } = await open(PUBLISH, { mapping });
    perform(1000);
    perform(1000);
    const [first, second] = connection.sent.map(({ data }) => data);
    time.moveTo(1500);
    connection.receive('message', { about: first });
    connection.receive('notice', second);
    connection.receive('other', first);
    expect(take()).toMatchObject({ delivery: [510, 510] });
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 2 });
  });

  it('times the acknowledgement where the target wants one, and takes it for no delivery', async () => {
    const publish: Mapping['publish'] = ({ payload }) => ({
      event: 'say',
      data: payload,
      reply: 'acknowledgement',
    });
    const { perform, connection, take, time, ledger } = await open(PUBLISH, {
      mapping: { ...chat, publish },
    });
    perform(1000);
    time.moveTo(1200);
    // Some servers give back what they have stored.
    connection.acknowledge(connection.dataOf());
    expect(take()).toEqual({ ack: [210], ack_actual: [200], ack_unstalled: [210] });
    expect(ledger.totals()).toEqual(NOTHING);
    perform(1000, false);
    connection.acknowledge();
    expect(take()).toEqual({});
  });

  it('counts measured messages that the server has yet to acknowledge', async () => {
    const publish: Mapping['publish'] = ({ payload }) => ({
      event: 'say',
      data: payload,
      reply: 'acknowledgement',
    });
    const { perform, pending, connection } = await open(PUBLISH, { mapping: { ...chat, publish } });
    perform(1000, false);
    expect(pending()).toBe(0);
    perform(1000);
    expect(pending()).toBe(1);
    connection.acknowledge();
    expect(pending()).toBe(0);
  });

  it('times an event in reply, which is no delivery', async () => {
    const publish: Mapping['publish'] = ({ payload }) => ({
      event: 'say',
      data: payload,
      reply: { event: 'said' },
    });
    const { perform, connection, take, time, ledger, pending } = await open(PUBLISH, {
      mapping: { ...chat, publish },
    });
    perform(1000);
    expect(pending()).toBe(1);
    time.moveTo(1200);
    connection.receive('said', connection.dataOf());
    expect(connection.sent).toMatchObject([{ reply: null }]);
    expect(take()).toMatchObject({ ack: [210] });
    expect(pending()).toBe(0);
    expect(ledger.totals()).toEqual(NOTHING);
  });

  it('over HTTP leaves the connection alone, and counts measured failures only', async () => {
    const publish: Mapping['publish'] = ({ room }) => ({ url: 'ftp://nowhere', body: room });
    const { perform, connection, reasons } = await open(PUBLISH, { mapping: { publish } });
    expect(perform(1000, false)).toBe(true);
    expect(reasons()).toEqual([]);
    expect(perform(1000)).toBe(true);
    expect(reasons()).toEqual([expect.stringMatching(/^publishing failed: /)]);
    expect(connection.sent).toEqual([]);
  });

  /** Publishing over HTTP where no request can start before a test says so, and `capacity` messages may wait. */
  async function openHttp(capacity: number) {
    const publish: Mapping['publish'] = ({ payload }) => ({ url: '/messages', body: payload });
    const worker = await open(PUBLISH, { mapping: { publish } });
    const waiting: Array<() => void> = [];
    const bodies: unknown[] = [];
    let isFree = true;
    const publishing = new Publishing({
      ...worker,
      publisher: {
        send: ({ body }) => bodies.push(body),
        whenFree: (start) => {
          if (isFree) start();
          else if (waiting.length < capacity) waiting.push(start);
          else return false;
          return true;
        },
      },
    });
    let index = 0;
    const perform = (ns: number) => {
      worker.time.moveTo(ns);
      publishing.perform(worker.messages.begin(2 * index++, ns - 10, true), worker.connection);
    };
    perform(1000);
    isFree = false;
    worker.messages.takeBySecond();
    worker.worker.take();
    const setFree = (free: boolean) => {
      isFree = free;
    };
    return { ...worker, publishing, perform, waiting, bodies, setFree };
  }

  it('over HTTP is stamped when a request can start, so that waiting for one is send lag', async () => {
    const { perform, waiting, bodies, messages, worker, time } = await openHttp(1);
    perform(2000);
    expect(bodies).toHaveLength(1);
    expect(messages.byStream()).toEqual([{ stream: 0, sent: 1, rejected: 0 }]);
    time.moveTo(2500);
    waiting.shift()?.();
    expect(findStamp(bodies[1])).toMatchObject({ seq: 1, intendedNs: 1990, actualNs: 2500 });
    expect(worker.take()).toEqual({ send_lag: [510] });
    expect(messages.byStream()).toEqual([{ stream: 0, sent: 2, rejected: 0 }]);
  });

  it('over HTTP leaves unsent what finds too many waiting, by the fault of the generator', async () => {
    const { perform, bodies, messages, ledger } = await openHttp(1);
    for (const ns of [2000, 3000, 4000]) perform(ns);
    expect(bodies).toHaveLength(1);
    expect(messages.unsent.take()).toEqual([
      { reason: 'too many HTTP requests were in flight and waiting', count: 2 },
    ]);
    expect(messages.takeBySecond()).toEqual([{ second: 0, intended: 3, sent: 0, expected: 0, delivered: 0 }]);
    expect(ledger.totals()).toEqual(NOTHING);
  });

  it('over HTTP by a step is sent later too, and fails the step where too many wait', async () => {
    const { publishing, connection, waiting, bodies, worker, time, setFree } = await openHttp(1);
    const stamp = { stream: 0, seq: 5, intendedNs: 1, actualNs: 2000, measured: true };
    time.moveTo(2001);
    setFree(true);
    publishing.publish(0, connection, stamp, 'everyone', null);
    expect(worker.take()).toEqual({});
    setFree(false);
    publishing.publish(0, connection, stamp, 'everyone', null);
    expect(() => publishing.publish(0, connection, stamp, 'everyone', null)).toThrow(
      'too many HTTP requests',
    );
    time.moveTo(9000);
    waiting.shift()?.();
    expect(bodies).toHaveLength(3);
    expect(worker.take()).toEqual({ send_lag: [7000] });
  });

  it('by a target that does not declare it fails, so that an iteration does', async () => {
    const worker = await open({ kind: 'steps' }, { mapping: {} });
    const { connection } = worker;
    const stamp = { stream: 0, seq: 0, intendedNs: 1, actualNs: 1, measured: true };
    expect(() => new Publishing(worker).publish(0, connection, stamp, 'everyone', null)).toThrow(
      'the target does not declare publish',
    );
    expect(() => sendRequest(worker, 0, connection, stamp)).toThrow('the target does not declare request');
  });
});

describe('a request', () => {
  const request: Operation = { kind: 'request' };

  it('is timed by its acknowledgement, which is the default', async () => {
    const { perform, connection, take, time } = await open(request);
    perform(1000);
    const [{ event, data } = { event: '', data: '' }] = connection.sent;
    expect(event).toBe('hello');
    time.moveTo(1600);
    connection.acknowledge(data);
    expect(take()).toEqual({ ack: [610], ack_actual: [600] });
  });

  it('is matched by what its reply carries, not by the order of replies', async () => {
    const { perform, connection, take, time } = await open(request);
    perform(1000);
    perform(2000);
    const [first, second] = connection.sent;
    time.moveTo(2500);
    second?.reply?.(second.data);
    time.moveTo(3000);
    first?.reply?.(first.data);
    expect(take()).toMatchObject({ ack: [510, 2010] });
  });

  it('whose reply carries the stamp of another one has no reply, and that is unexpected', async () => {
    const { perform, connection, ledger, take, unexpected } = await open(request);
    perform(1000);
    perform(2000);
    const [first, second] = connection.sent;
    first?.reply?.(second?.data);
    second?.reply?.(second.data);
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 1, unexpected: 1 });
    expect(unexpected.take()).toEqual([{ reason: UNEXPECTED.otherRequest, count: 1 }]);
    expect(take()['ack']).toHaveLength(1);
  });

  it.each([
    ['cut', (text: string) => text.slice(0, -1), { corrupted: 1 }],
    ['extended', (text: string) => `${text}!`, { corrupted: 1 }],
    ['with another number', (text: string) => text.replace(/^sbm0,0/, 'sbm0,7'), { unexpected: 1 }],
  ])('whose reply is %s has none', async (_, change, counts) => {
    const { perform, connection, ledger, take } = await open(request);
    perform(1000);
    connection.acknowledge(change(connection.dataOf() as string));
    expect(ledger.totals()).toEqual({ ...NOTHING, ...counts });
    expect(take()).toEqual({});
  });

  it('is replied to by data that the server changes, where the target says that it does', async () => {
    const { perform, connection, ledger } = await open(request, {
      mapping: { ...chat, changesPayload: true },
    });
    perform(1000);
    connection.acknowledge((connection.dataOf() as string).slice(0, 50));
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 1 });
  });

  it('is read by the target where that says how', async () => {
    const mapping: Mapping = { ...chat, reply: (data) => (data as { inner: unknown }).inner };
    const { perform, connection, ledger } = await open(request, { mapping });
    perform(1000);
    connection.acknowledge({ inner: connection.dataOf(), outer: 'x' });
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 1 });
  });

  it.each([undefined, { status: 'ok' }])(
    'may be acknowledged with %j where the target does not say what is in the reply',
    async (answer) => {
      const mapping: Mapping = { request: ({ payload }) => ({ event: 'ask', data: payload }) };
      const { perform, connection, ledger, take, time } = await open(request, { mapping });
      perform(1000);
      perform(2000);
      const [first, second] = connection.sent;
      time.moveTo(2500);
      second?.reply?.(answer);
      time.moveTo(3000);
      first?.reply?.(answer);
      expect(take()).toMatchObject({ ack: [510, 2010] });
      expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 2, reordered: 1 });
    },
  );

  it('with a reply without a stamp, where the target reads it, is unexpected, and no reply', async () => {
    const { perform, connection, ledger, take } = await open(request);
    perform(1000);
    connection.acknowledge('ok');
    expect(ledger.totals()).toEqual({ ...NOTHING, unexpected: 1 });
    expect(take()).toEqual({});
  });

  it('may be replied to by an event, listened to once however many requests there are', async () => {
    const mapping: Mapping = {
      request: ({ payload }) => ({ event: 'ask', data: payload, reply: { event: 'told' } }),
    };
    const { perform, connection, ledger, take, time } = await open(request, { mapping });
    for (const ns of [1000, 1100, 1200]) perform(ns);
    expect(connection.sent.map(({ reply }) => reply)).toEqual([null, null, null]);
    time.moveTo(1500);
    for (const { data } of connection.sent) connection.receive('told', { answer: data });
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 3 });
    expect(take()['ack']).toEqual([310, 410, 510]);
  });

  it('with an event in reply that is the one of deliveries too is taken once', async () => {
    const mapping: Mapping = {
      delivery: { event: 'message', payload: (data) => (data as { text: unknown }).text },
      echoed: { event: 'message' },
      request: ({ payload }) => ({ event: 'message', data: payload, reply: { event: 'message' } }),
    };
    const { perform, connection, ledger } = await open(request, { mapping });
    perform(1000);
    perform(1000);
    const [first, second] = connection.sent.map(({ data }) => data);
    // Where one reading finds nothing the next does.
    connection.receive('message', { text: first });
    connection.receive('message', { id: 7, body: second });
    connection.receive('message', { text: 'a greeting' });
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 2, unexpected: 1 });
  });

  it('may be sent without waiting for a reply', async () => {
    const mapping: Mapping = {
      ...chat,
      request: ({ payload }) => ({ event: 'ask', data: payload, reply: 'none' }),
    };
    const { perform, connection } = await open(request, { mapping });
    perform(1000);
    expect(connection.sent).toMatchObject([{ event: 'ask', reply: null }]);
  });

  const stamp = { stream: 0, seq: 0, intendedNs: 1, actualNs: 1, measured: false };

  it('of a step hands its acknowledgement to the step alone', async () => {
    const worker = await open({ kind: 'steps' });
    const { connection, ledger, take } = worker;
    let replies = 0;
    sendRequest(worker, 0, connection, stamp, (problem) => {
      if (problem === null) replies += 1;
    });
    connection.acknowledge('anything');
    expect(replies).toBe(1);
    expect(ledger.totals()).toEqual(NOTHING);
    expect(take()).toEqual({});
  });

  it.each([
    ['of another message', 6, (text: string) => text, /timestamp of another message/],
    [
      'that was never sent',
      5,
      (text: string) => text.replace(/^sbw0,0/, 'sbw0,7'),
      /timestamp of another message/,
    ],
    ['that is cut', 5, (text: string) => text.slice(0, -1), /another payload than the request/],
  ])('of a step fails with the acknowledgement %s', async (_, actualNs, change, problem) => {
    const worker = await open({ kind: 'steps' });
    const { connection, payloads } = worker;
    const problems: Array<string | undefined> = [];
    sendRequest(worker, 0, connection, { ...stamp, actualNs: 5 }, (each) => problems.push(each?.message));
    connection.acknowledge(change(payloads.write({ ...stamp, actualNs }, 'text') as string));
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  it('of a step hands an event in reply to the right step, once', async () => {
    const mapping: Mapping = {
      delivery: { event: 'message' },
      request: ({ payload }) => ({ event: 'ask', data: payload, reply: { event: 'message' } }),
    };
    const worker = await open({ kind: 'steps' }, { mapping });
    const { connection, ledger, take } = worker;
    const replies: string[] = [];
    sendRequest(worker, 0, connection, { ...stamp, actualNs: 5 }, () => replies.push('first'));
    sendRequest(worker, 0, connection, { ...stamp, actualNs: 6 }, () => replies.push('second'));
    const [first, second] = connection.sent.map(({ data }) => data);
    connection.receive('message', second);
    connection.receive('message', first);
    expect(replies).toEqual(['second', 'first']);
    expect(ledger.totals()).toEqual(NOTHING);
    expect(take()).toEqual({});
    // Nothing waits for a duplicate, and it is part of no measured message.
    connection.receive('message', first);
    expect(replies).toHaveLength(2);
    expect(ledger.totals().delivered).toBe(0);
  });
});

describe('ask-me', () => {
  it('records what the server measured, and times the report', async () => {
    const { perform, connection, take, time } = await open({ kind: 'ask-me' });
    perform(1000);
    const payload = connection.dataOf();
    expect(connection.ask('hello', payload)).toBe(payload);
    time.moveTo(1400);
    connection.acknowledge({ answer: payload, roundTripNs: 70 });
    expect(take()).toEqual({ ack_server: [70], ack: [410], ack_actual: [400] });
  });

  it('records nothing of the server in the warm-up', async () => {
    const { perform, connection, take } = await open({ kind: 'ask-me' });
    perform(1000, false);
    connection.acknowledge({ answer: connection.dataOf(), roundTripNs: 70 });
    expect(take()).toEqual({ warmup: [10] });
  });

  it('takes no report on another request', async () => {
    const { perform, connection, take, ledger } = await open({ kind: 'ask-me' });
    perform(1000);
    perform(2000);
    const [first, second] = connection.sent;
    second?.reply?.({ answer: first?.data, roundTripNs: 70 });
    expect(take()).not.toHaveProperty('ack');
    expect(ledger.totals()).toEqual({ ...NOTHING, unexpected: 1 });
  });

  it.each([null, 'no', { answer: 'hello' }])('takes %j for a report that is none', async (reply) => {
    const { perform, connection, take, ledger } = await open({ kind: 'ask-me' });
    perform(1000);
    connection.acknowledge(reply);
    expect(take()).toEqual({});
    expect(ledger.totals()).toEqual({ ...NOTHING, unexpected: 1 });
  });
});

describe('an echo', () => {
  it.each([
    ['of the type that it asks for', { kind: 'echo', payloadType: 'binary' }, 'text', 'binary'],
    ["of the plan's type", { kind: 'echo' }, 'binary', 'binary'],
    ["of the plan's type", { kind: 'echo' }, 'text', 'text'],
  ] as const)('is %s and comes back as an event', async (_, operation, payloadType, sent) => {
    const { perform, connection, take, time } = await open(operation, { payloadType });
    perform(1000);
    const [{ event, data, reply } = { event: '', data: '', reply: null }] = connection.sent;
    expect([event, reply, data instanceof Uint8Array ? 'binary' : 'text']).toEqual(['echo', null, sent]);
    time.moveTo(1300);
    connection.receive('echo', data);
    expect(take()).toEqual({ ack: [310], ack_actual: [300] });
  });

  it('is not what acknowledges it', async () => {
    const echo: Mapping['echo'] = ({ payload }) => ({
      event: 'echo',
      data: payload,
      reply: 'acknowledgement',
    });
    const { perform, connection, ledger } = await open({ kind: 'echo' }, { mapping: { ...chat, echo } });
    perform(1000);
    const payload = connection.dataOf();
    connection.acknowledge(payload);
    connection.receive('echo', payload);
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 1 });
  });
});

describe('a streamed reply', () => {
  it('is asked for with the number of replies, each of which is timed', async () => {
    const { perform, connection, take, time, ledger } = await open(STREAM);
    perform(1000);
    const message = messageIn(connection.dataOf());
    expect(connection.sent).toMatchObject([{ event: 'events', data: { count: 3 } }]);
    for (const item of [1, 2, 3]) {
      time.moveTo(1000 + 100 * item);
      connection.receive('events', { item, message });
    }
    expect(take()['reply']).toEqual([110, 210, 310]);
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 3 });
  });

  it('that says to what it belongs is that request’s, in whatever order', async () => {
    const { perform, connection, take, time } = await open(STREAM);
    perform(1000);
    perform(2000);
    const [first, second] = connection.sent.map(({ data }) => messageIn(data));
    time.moveTo(3000);
    connection.receive('events', { item: 1, message: second });
    time.moveTo(4000);
    connection.receive('events', { item: 1, message: first });
    expect(take()['reply']).toEqual([1010, 3010]);
  });

  it('that says nothing is the oldest request’s', async () => {
    const { perform, connection, take, time, ledger } = await open(STREAM);
    perform(1000);
    perform(2000);
    time.moveTo(3000);
    for (const item of [1, 2, 3]) connection.receive('events', item);
    time.moveTo(4000);
    for (const item of [1, 2, 3]) connection.receive('events', item);
    expect(take()['reply']).toEqual([2010, 2010, 2010, 2010, 2010, 2010]);
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 6 });
    connection.receive('events', 1);
    expect(ledger.totals()).toMatchObject({ delivered: 6, duplicated: 1 });
  });

  it.each([0, 4, Number.NaN, -1])('with the number %d is none that was asked for', async (item) => {
    const { perform, connection, ledger, take } = await open(STREAM);
    perform(1000);
    const message = messageIn(connection.dataOf());
    connection.receive('events', item);
    connection.receive('events', { item, message });
    expect(ledger.totals()).toEqual({ ...NOTHING, unexpected: 2 });
    expect(take()).toEqual({});
  });

  it('has the request acknowledged where the target wants that', async () => {
    const streamRequest: Mapping['streamRequest'] = ({ payload }) => ({
      event: 'events',
      data: payload,
      reply: 'acknowledgement',
    });
    const { perform, connection, ledger } = await open(STREAM, { mapping: { ...chat, streamRequest } });
    perform(1000);
    connection.acknowledge(connection.dataOf());
    expect(ledger.totals()).toEqual(NOTHING);
  });

  it('with the name of deliveries is taken once', async () => {
    const mapping: Mapping = {
      ...chat,
      delivery: { event: 'message' },
      streamed: { event: 'message', read: (data) => data as { item: number; payload: unknown } },
    };
    const { perform, connection, ledger } = await open(STREAM, { mapping });
    perform(1000);
    const message = messageIn(connection.dataOf());
    for (const item of [1, 2, 3]) connection.receive('message', { item, payload: message });
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 3 });
  });

  it('is not looked for where none is requested', async () => {
    const mapping: Mapping = { ...chat, streamed: { ...chat.streamed, event: 'receive_message' } };
    const { perform, connection, ledger } = await open(PUBLISH, { mapping });
    perform(1000);
    connection.receive('receive_message', messageIn(connection.dataOf()));
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 1 });
  });
});

describe('a ping', () => {
  it('is timed by its pong', async () => {
    const { perform, connection, take, time } = await open({ kind: 'ping' });
    perform(1000);
    perform(1100);
    time.moveTo(1500);
    connection.pings[1]?.();
    connection.pings[0]?.();
    expect(take()).toMatchObject({ ack: [410, 510] });
  });
});

describe('a close', () => {
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it.each([
    ['with a reason', { code: 1000, reason: 'bye' }, '1000 bye'],
    ['without one', { code: 1005, reason: '' }, '1005'],
  ])('that the server answers %s is timed, and the client connects again', async (_, outcome, reason) => {
    const { perform, connection, replacement, pool, closed, take, time } = await open({ kind: 'close' });
    connection.outcome = outcome;
    perform(1000);
    time.moveTo(1700);
    await settle();
    expect(take()).toEqual({ ack: [710], ack_actual: [700] });
    expect(closed.take()).toEqual([{ reason, count: 1 }]);
    expect(pool.connections.get(0)).toBe(replacement);
  });

  it('that the server does not answer is lost', async () => {
    const { perform, closed, take, ledger } = await open({ kind: 'close' });
    perform(1000);
    await settle();
    expect(closed.take()).toEqual([{ reason: 'no answer to the close', count: 1 }]);
    expect(take()).toEqual({});
    expect(ledger.totals()).toEqual(NOTHING);
  });

  it('of the warm-up is counted nowhere', async () => {
    const { perform, closed, connection } = await open({ kind: 'close' });
    connection.outcome = { code: 1000, reason: '' };
    perform(1000, false);
    await settle();
    expect(closed.take()).toEqual([]);
  });

  it('leaves the client unable to send until it is back, and then able to receive', async () => {
    const { perform, replacement, ledger, connection } = await open({ kind: 'close' });
    expect(perform(1000)).toBe(true);
    expect(perform(1000)).toBe(false);
    await settle();
    // Messages of the old connection count for no client.
    expect(connection.closed).toBe(true);
    replacement.receive('receive_message', 'a greeting');
    expect(ledger.totals().unexpected).toBe(1);
  });
});

describe('what the target cannot read', () => {
  it('is counted as failed and as unexpected, and what comes after is read', async () => {
    const payload = (data: unknown) => (data as { text: { body: string } }).text.body;
    const mapping: Mapping = { ...chat, delivery: { event: 'message', payload } };
    const { perform, connection, reasons, ledger } = await open(PUBLISH, { mapping });
    perform(1000);
    const message = messageIn(connection.dataOf());
    connection.receive('message', { hello: 'you' });
    connection.receive('message', { text: { body: message } });
    expect(reasons()).toEqual([expect.stringMatching(/body/)]);
    expect(ledger.totals()).toEqual({ ...NOTHING, delivered: 1, unexpected: 1 });
  });
});
