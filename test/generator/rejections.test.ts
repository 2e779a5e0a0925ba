import { describe, expect, it } from 'vitest';
import { Arguments, type IncomingEvent, type Mapping } from '../../src/contract/mapping.ts';
import { Rejected } from '../../src/contract/replies.ts';
import { everyClient, type Operation } from '../../src/contract/scenario.ts';
import { openWorker } from './made-worker.ts';

const PUBLISH: Operation = { kind: 'publish', scope: 'everyone', room: null };
const REQUEST: Operation = { kind: 'request' };
const BY_EVENT = { event: 'done' };

/** Two clients; client 0 sends, and each message is expected at `receivers`. */
async function open(operation: Operation, mapping: Mapping, receivers: readonly number[] = [0]) {
  const worker = await openWorker({ streams: [{ sender: 0, operation, receivers }], mapping });
  let performed = 0;
  return {
    ...worker,
    connection: worker.connectionOf(0),
    other: worker.connectionOf(1),
    perform(ns: number) {
      worker.time.moveTo(ns);
      worker.perform(performed, ns, true);
      performed += 1;
    },
    counts: () => {
      const [counted] = worker.messages.takeBySecond();
      const { delivered, duplicated, unexpected } = worker.ledger.totals();
      return {
        sent: counted?.sent,
        expected: counted?.expected,
        ...{ delivered, duplicated, unexpected },
        rejected: worker.rejected.take(),
        failed: worker.failed.take(),
      };
    },
  };
}

const CLEAN = { duplicated: 0, unexpected: 0, failed: [] };
const ask: Mapping['request'] = ({ payload }) => ({ event: 'ask', data: payload });

describe('a request', () => {
  it.each<[how: string, reply: Mapping['reply'], answer: unknown, reason: string]>([
    ['by its error, where the target has no reply', undefined, { error: 'who are you?' }, 'who are you?'],
    ['by ok: false, where reply finds no payload', (data) => Object(data).text, { ok: false }, 'ok: false'],
    ['by what reply returns', (data) => new Rejected(Object(data).why), { why: 'full' }, 'full'],
    [
      'by what reply throws',
      () => {
        throw new Rejected('closed');
      },
      {},
      'closed',
    ],
  ])('is rejected %s, and nobody expects its reply', async (_, reply, answer, reason) => {
    const mapping: Mapping = { request: ask, ...(reply === undefined ? {} : { reply }) };
    const { perform, connection, counts, take } = await open(REQUEST, mapping);
    perform(1000);
    connection.acknowledge(answer);
    expect(counts()).toEqual({
      ...CLEAN,
      ...{ sent: 1, expected: 0, delivered: 0, rejected: [{ reason, count: 1 }] },
    });
    expect(take()['ack']).toBeUndefined();
  });

  it('is answered where reply accepts what looks like an error', async () => {
    const { perform, connection, counts } = await open(REQUEST, { request: ask, reply: () => null });
    perform(1000);
    connection.acknowledge({ error: 'a warning' });
    expect(counts()).toMatchObject({ ...CLEAN, expected: 1, delivered: 1, rejected: [] });
  });

  it('matches replies without a payload in order, also those that say no', async () => {
    const request: Mapping['request'] = () => ({ event: 'ask', reply: BY_EVENT });
    const { perform, connection, counts, take, time, remarks } = await open(REQUEST, { request });
    perform(1000);
    perform(2000);
    perform(3000);
    expect(connection.dataOf()).toBeUndefined();
    time.moveTo(5000);
    connection.receive('done', { ok: true });
    connection.receive('done', { error: 'busy' });
    connection.receive('done', 7);
    expect(take()['ack']).toEqual([2000, 4000]);
    expect(counts()).toMatchObject({
      ...CLEAN,
      ...{ expected: 2, delivered: 2, rejected: [{ reason: 'busy', count: 1 }] },
    });
    expect(remarks.take()).toEqual([
      { reason: 'in order', count: 3 },
      { reason: 'guessed', count: 2 },
    ]);
    connection.receive('done', 7);
    expect(counts()).toMatchObject({ delivered: 2, duplicated: 1 });
  });

  it('matches replies by the id that the target reads', async () => {
    const id = (data: unknown) => Object(data).id;
    const request: Mapping['request'] = ({ id: number }) => ({
      event: 'ask',
      data: number,
      reply: { ...BY_EVENT, id },
    });
    const { perform, connection, counts, take, time, remarks } = await open(REQUEST, { request });
    perform(1000);
    perform(2000);
    time.moveTo(5000);
    connection.receive('done', { id: '2' });
    connection.receive('done', { id: 9 });
    connection.receive('done', { id: 1 });
    expect(connection.sent.map(({ data }) => data)).toEqual([1, 2]);
    expect(take()['ack']).toEqual([3000, 4000]);
    expect(counts()).toMatchObject({ delivered: 2, unexpected: 1 });
    expect(remarks.take()).toEqual([]);
  });

  it('may also be broadcast, to its sender and to others', async () => {
    const mapping: Mapping = { request: ask, delivery: { event: 'said' } };
    const { perform, connection, other, counts, remarks } = await open(REQUEST, mapping);
    perform(1000);
    const payload = connection.dataOf();
    connection.receive('said', payload);
    other.receive('said', { text: payload });
    connection.acknowledge();
    expect(counts()).toMatchObject({ ...CLEAN, delivered: 1 });
    expect(remarks.take()).toEqual([{ reason: 'broadcast', count: 2 }]);
  });
});

describe('a published message', () => {
  const say: Mapping['publish'] = ({ payload }) => ({ event: 'say', data: payload });
  const delivery = { event: 'said' };

  it('is rejected by its acknowledgement, and expected by no receiver', async () => {
    const publish: Mapping['publish'] = ({ payload }) => ({
      event: 'say',
      data: payload,
      reply: 'acknowledgement',
    });
    const { perform, connection, counts, messages, operations } = await open(
      PUBLISH,
      { publish, delivery },
      [0, 1],
    );
    perform(1000);
    connection.acknowledge({ ok: false, reason: 'cool-down' });
    perform(2000);
    connection.acknowledge({ ok: true });
    expect(messages.byStream()).toEqual([{ stream: 0, sent: 2, rejected: 1 }]);
    expect(operations.get('publish')?.pending).toBe(0);
    expect(counts()).toMatchObject({ sent: 2, expected: 2, rejected: [{ reason: 'cool-down', count: 1 }] });
  });

  it.each<[which: string, receivers: number[], refusal: (first: unknown) => unknown, left: number]>([
    ['the oldest that did not come back, of a sender that receives', [0, 1], () => ({ code: 7 }), 1],
    ['the last one, of a sender that receives nothing', [1], () => ({ code: 7 }), 1],
    ['the one whose payload it contains', [1], (first) => ({ code: 7, text: first }), 1],
  ])('that an event refuses is %s', async (_, receivers, refusal, left) => {
    const mapping: Mapping = { publish: say, delivery, refused: { event: ['oops', 'said'] } };
    const { perform, connection, counts, messages } = await open(PUBLISH, mapping, receivers);
    perform(1000);
    perform(2000);
    const [first, second] = connection.sent.map(({ data }) => data);
    connection.receive('oops', refusal(first));
    if (receivers.includes(0)) connection.receive('said', second);
    expect(messages.byStream()).toEqual([{ stream: 0, sent: 2, rejected: 1 }]);
    expect(counts()).toMatchObject({
      expected: left * receivers.length,
      rejected: [{ reason: '7', count: 1 }],
      unexpected: 0,
    });
  });

  it('is refused by an event only where the target finds a reason', async () => {
    const reason = (data: unknown) => (data === 'welcome' ? null : String(data));
    const mapping: Mapping = { publish: say, delivery, refused: { event: 'notice', reason } };
    const { perform, connection, counts } = await open(PUBLISH, mapping, [1]);
    perform(1000);
    connection.receive('notice', 'welcome');
    expect(counts()).toMatchObject({ expected: 1, rejected: [] });
    connection.receive('notice', 'too fast');
    connection.receive('notice', 'too fast');
    expect(counts()).toMatchObject({ rejected: [{ reason: 'too fast', count: 1 }] });
  });

  it('is sent when an async function is over, in the order in which messages were due', async () => {
    const resolve: Array<() => void> = [];
    const publish: Mapping['publish'] = ({ payload, id }) =>
      id === 3
        ? { event: 'say', data: [id, payload] }
        : new Promise((done) => resolve.push(() => done({ event: 'say', data: [id, payload] })));
    const { perform, connection, take, time } = await open(PUBLISH, { publish, delivery }, [1]);
    for (const ns of [1000, 2000, 3000]) perform(ns);
    time.moveTo(4000);
    resolve[1]?.();
    await new Promise(setImmediate);
    expect(connection.sent).toEqual([]);
    resolve[0]?.();
    await new Promise(setImmediate);
    expect(connection.sent.map(({ data }) => (data as unknown[])[0])).toEqual([1, 2, 3]);
    expect(take()['target_function']).toEqual([1000, 2000, 3000]);
  });

  it('is failed and not sent where an async function rejects', async () => {
    const publish: Mapping['publish'] = async () => {
      throw new Error('no token');
    };
    const { perform, connection, counts, messages } = await open(PUBLISH, { publish, delivery }, [0, 1]);
    perform(1000);
    await new Promise(setImmediate);
    expect(connection.sent).toEqual([]);
    expect(messages.byStream()).toEqual([]);
    expect(messages.unsent.take()).toEqual([{ reason: 'no token', count: 1 }]);
    expect(counts()).toMatchObject({ sent: 0, expected: 0, failed: [{ reason: 'no token', count: 1 }] });
  });
});

describe('an event that the server wants acknowledged', () => {
  const says = (acknowledge?: IncomingEvent['acknowledge']) => {
    const delivery = acknowledge === undefined ? { event: 'said' } : { event: 'said', acknowledge };
    return open(PUBLISH, { publish: ask, delivery }, everyClient(2));
  };

  it('is acknowledged with the value, or what the function returns', async () => {
    expect((await says('got it')).other.ask('said', 'x')).toBe('got it');
    const several = new Arguments(['got', 1]);
    expect((await says(() => several)).other.ask('said', 'x')).toBe(several);
    expect(await (await says(async (data: unknown) => [data])).other.ask('said', 'x')).toEqual(['x']);
    expect((await says()).other.ask('said', 'x')).toBeUndefined();
  });

  it('is not acknowledged where the function throws, which is counted', async () => {
    const worker = await says(() => {
      throw new Error('no number');
    });
    await expect(worker.other.ask('said', 'x')).rejects.toThrow('no number');
    expect(worker.failed.take()).toEqual([{ reason: 'no number', count: 1 }]);
  });
});
