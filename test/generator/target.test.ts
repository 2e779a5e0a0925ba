import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chat } from '../../src/contract/mapping.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import { defineScenario, everyClient } from '../../src/contract/scenario.ts';
import { loadTarget } from '../../src/generator/target.ts';
import type { TargetPlan } from '../../src/plan/plan.ts';
import { planOn, targetWith } from '../support/plan.ts';
import { writeFiles } from '../support/user-files.ts';

const URL = 'http://127.0.0.1:3000';

const scenario = defineScenario({
  name: 'made-up',
  summary: '',
  headline: 'ack',
  options: {},
  layout: (_options, clients) => ({
    rooms: everyClient(clients).map(() => []),
    streams: [{ sender: 0, operation: { kind: 'request' }, receivers: [0] }],
  }),
});

/** The target of a plan, defined by a file with this text. */
function load(text: string | null, given: GivenOptions = {}, plan: Partial<TargetPlan> = {}) {
  const file =
    text === null ? null : join(writeFiles({ 'target.ts': `export default ${text};` }), 'target.ts');
  const target = targetWith({ protocol: 'socketio', url: URL, file, ...plan });
  return loadTarget(planOn(target, scenario, given));
}

describe('a target', () => {
  it('is the chat application where no file says otherwise, and gives clients nothing', async () => {
    const target = await load(null);
    expect(target.mapping).toBe(chat);
    expect(target.clientOf(3)).toEqual({ number: 3, values: {} });
    expect(await target.connectOptions(await target.prepare(3), URL)).toEqual({
      url: URL,
      transport: 'websocket',
      timeoutMs: 10_000,
      compression: false,
    });
  });

  it('connects clients in the way of the plan', async () => {
    const given = {
      transport: 'polling',
      connectTimeout: '2s',
      parser: 'msgpack',
      pollInterval: '50ms',
      compression: 'on',
    };
    const target = await load(null, given, { namespace: '/chat' });
    expect(await target.connectOptions(await target.prepare(0), URL)).toEqual({
      url: URL,
      transport: 'polling',
      timeoutMs: 2000,
      compression: true,
      namespace: '/chat',
      parser: 'msgpack',
      pollIntervalMs: 50,
    });
  });

  it('gives each client its own, by a function of the client or the same for all', async () => {
    const target = await load(`{
      url: '${URL}',
      path: '/io/',
      clients: (number) => ({ token: 'token-' + number }),
      auth: ({ values }) => ({ token: values.token }),
      headers: { 'x-tenant': 'one' },
      query: ({ number }) => ({ device: String(number) }),
      tls: { rejectUnauthorized: false },
    }`);
    const optionsOf = async (client: number) => target.connectOptions(await target.prepare(client), URL);
    expect(await optionsOf(4)).toMatchObject({
      path: '/io/',
      auth: { token: 'token-4' },
      headers: { 'x-tenant': 'one' },
      query: { device: '4' },
      tls: { rejectUnauthorized: false },
    });
    expect(await optionsOf(5)).toMatchObject({ auth: { token: 'token-5' }, query: { device: '5' } });
  });

  it('names the namespaces and subprotocols of each client, and makes its codec', async () => {
    const target = await load(`{
      url: 'ws://127.0.0.1:3000',
      protocols: ({ number }) => ['v' + number, 'v0'],
      namespaces: ({ number }) => ({ game: 'game-' + number }),
      codec: ({ number }, subprotocol) => new (class {
        #name = number + subprotocol;
        encode() { return [this.#name]; }
        decode(message) { return [{ event: this.#name, data: String(message) }]; }
      })(),
    }`);
    const { codec, ...options } = await target.connectOptions(await target.prepare(4), URL);
    expect(options).toMatchObject({ protocols: ['v4', 'v0'], namespaces: { game: '/game-4' } });
    if (typeof codec !== 'function') throw new Error('not a function');
    const { encode, decode } = codec('v0');
    expect(encode({ event: 'a' })).toEqual(['4v0']);
    expect(decode(Buffer.from('x'), false)).toEqual([{ event: '4v0', data: 'x' }]);
  });

  it('names a list of namespaces by themselves, with a slash, and keeps the classes of a parser', async () => {
    const parser = '{ Encoder: class { encode() { return 1; } }, Decoder: class {} }';
    const target = await load(`{ url: '${URL}', namespaces: ['/a', 'b'], parser: ${parser} }`);
    const options = await target.connectOptions(await target.prepare(0), URL);
    expect(options.namespaces).toEqual({ '/a': '/a', '/b': '/b' });
    if (typeof options.parser !== 'object') throw new Error('not an object');
    expect(new options.parser.Encoder()).toMatchObject({ encode: expect.any(Function) });
  });

  it.each<[codec: string, message: RegExp]>([
    ['async () => ({ encode() {}, decode() {} })', /^codec of target.ts.* is async/],
    ['({ encode: () => "", decode: async () => null })', /^codec.decode of target.ts.* is async/],
    ['() => ({ encode: () => "" })', /^codec of target.ts.* must return a codec: \{ encode, decode \}$/],
    ['() => ({ encode: () => "", decode: async () => null })', /^codec.decode of target.ts.* is async/],
    [
      '() => ({ encode: () => 5, decode: () => null })',
      /^codec.encode of target.ts.* returned 5; it must return text or/,
    ],
    [
      '() => ({ encode: () => "", decode: () => [{ data: 1 }] })',
      /^codec.decode of target.ts.* it must return \{ event: NAME, data, id, ack \}, a list of these, or null/,
    ],
    ['() => ({ encode: () => "", decode: () => Promise.resolve(null) })', /the function must not be async$/],
  ])('refuses the codec %s', async (text, message) => {
    const use = async () => {
      const target = await load(`{ url: 'ws://127.0.0.1:3000', codec: ${text} }`);
      const { codec } = await target.connectOptions(await target.prepare(0), URL);
      const made = typeof codec === 'function' ? codec(null) : codec;
      made?.encode({ event: 'a' });
      made?.decode(Buffer.from(''), false);
    };
    await expect(use()).rejects.toMatchObject({
      code: 'USER_RESULT',
      message: expect.stringMatching(message),
    });
  });

  it('asks once what a client gets: who connects as one must publish as the same', async () => {
    const target = await load(`{ url: '${URL}', clients: () => ({ token: Math.random() }) }`);
    const [first, other] = await Promise.all([target.prepare(1), target.prepare(2)]);
    const again = target.clientOf(1);
    expect(again).toEqual(first);
    expect(other.values).not.toEqual(first.values);
  });

  it('has the operations of its file and no others', async () => {
    const { mapping } = await load(
      `{ url: '${URL}', request: ({ payload }) => ({ event: 'ask', data: payload }) }`,
    );
    expect(mapping.request?.({ payload: 'hi', client: { number: 0, values: {} }, id: 0 })).toEqual({
      event: 'ask',
      data: 'hi',
    });
    expect(mapping.publish).toBeUndefined();
  });

  it.each([
    [
      'events',
      `join: ({ rooms }) => ({ event: 'join', data: rooms }),
       publish: ({ room }) => ({ event: 'say', data: room })`,
      { event: 'join', data: ['game-8', 'game-1', 'lobby'] },
      'game-8',
    ],
    [
      'a preset',
      `protocol: 'mqtt'`,
      ['game-8', 'game-1', 'lobby'].map((topic) => ({ event: 'subscribe', data: { topic } })),
      { topic: 'game-8', payload: 'a' },
    ],
  ])('has its own names for numbered rooms, with %s', async (_, fields, joined, said) => {
    const text = `{ url: 'ws://127.0.0.1:3000', rooms: (number) => \`game-\${number + 1}\`, ${fields} }`;
    const { mapping } = await load(text);
    const client = { number: 0, values: {} };
    expect(mapping.join?.({ rooms: ['room-7', 'room-0', 'lobby'], client })).toEqual(joined);
    const message = { payload: 'a', scope: 'room', to: null, client, id: 1 } as const;
    expect(mapping.publish?.({ ...message, room: 'room-7' })).toMatchObject({ data: said });
  });
});
