import { describe, expect, it } from 'vitest';
import type { ClientConnection } from '../../src/contract/target.ts';
import { isPresetName, PRESET_NAMES, type PresetName, withPreset } from '../../src/presets/index.ts';
import type { GivenTarget } from '../../src/presets/preset.ts';
import { CLIENT } from './made-connection.ts';

const URL_OF_SERVER = 'ws://127.0.0.1:3000/chat';
type Written = GivenTarget & Readonly<Record<string, unknown>>;
const made = (name: PresetName, fields: Partial<Written> = {}) =>
  withPreset<Written>(name, { url: URL_OF_SERVER, ...fields });

/** A connection that notes what is sent, and on which these events arrive. */
function connectionWith(events: Readonly<Record<string, unknown>>) {
  const sent: unknown[] = [];
  const never = new Promise<never>(() => {});
  const connection: ClientConnection = {
    emit: (event, data) => void sent.push(data === undefined ? [event] : [event, data]),
    call: (event) => Promise.resolve(sent.push([event])),
    next: (event) => (event in events ? Promise.resolve(events[event]) : never),
  };
  return { connection, sent };
}

describe('a preset', () => {
  it.each(PRESET_NAMES)('%s leaves every field of the user as it is', (name) => {
    const fields = {
      name: 'mine',
      protocols: 'mine.v1',
      join: () => [],
      publish: () => ({ event: 'mine' }),
      delivery: { event: 'mine' },
      keepAlive: { every: '1s', send: () => null },
      exec: 'node mine.js',
    };
    expect(made(name, fields)).toMatchObject(fields);
  });

  it('connects before `opened` of the user, and disconnects after `leave`', async () => {
    const { connection, sent } = connectionWith({ connack: { code: 0 } });
    const target = made('mqtt', {
      auth: ({ number }: { number: number }) => ({ username: `user-${number}` }),
      opened: ({ emit }) => emit('subscribe', { topic: 'news' }),
      leave: ({ emit }) => emit('publish', { topic: 'bye' }),
    });
    await target.opened?.(connection, CLIENT);
    await target.leave?.(connection, CLIENT);
    expect(sent).toEqual([
      ['connect', { clientId: `sockbench-3-${process.pid}`, username: 'user-3' }],
      ['subscribe', { topic: 'news' }],
      ['publish', { topic: 'bye' }],
      ['disconnect'],
    ]);
  });

  it('has the answers of the user beside its own', () => {
    const pong = () => ({ event: 'mine' });
    const { answer } = made('graphql-ws', { answer: { mine: pong } });
    expect(Object.keys(answer ?? {}).toSorted()).toEqual(['mine', 'ping']);
    expect(answer?.['ping']?.(undefined, CLIENT)).toEqual({ event: 'pong' });
    expect(made('graphql-ws', { answer: { ping: pong } }).answer?.['ping']).toBe(pong);
  });

  it('adds to the query of the user, which wins', async () => {
    expect(made('phoenix', { query: { token: 'a' } }).query).toEqual({ vsn: '2.0.0', token: 'a' });
    const { query } = made('phoenix', { query: async () => ({ vsn: '1.0.0' }) });
    expect(await (typeof query === 'function' ? query(CLIENT) : query)).toEqual({ vsn: '1.0.0' });
  });

  it.each([
    ['mqtt', { connack: { code: 5 } }, 'the broker refuses the connection: not authorized (5)'],
    ['stomp', { ERROR: { message: 'wrong passcode' } }, 'the server refuses the connection: wrong passcode'],
    ['signalr', { 'signalr:handshake': { error: 'no json' } }, 'the server refuses the handshake: no json'],
  ] as const)('%s names why the server refuses', async (name, events, reason) => {
    const { connection } = connectionWith(events);
    await expect(made(name).opened?.(connection, CLIENT)).rejects.toThrow(reason);
  });

  it('sends to rooms only, where a room is a topic', () => {
    const message = { payload: 'a', scope: 'room', room: 'room-0', to: null, client: CLIENT, id: 0 } as const;
    expect(made('mqtt').publish?.(message)).toEqual({
      event: 'publish',
      data: { topic: 'room-0', payload: 'a' },
    });
    for (const name of ['mqtt', 'stomp'] as const) {
      expect(() => made(name).publish?.({ ...message, scope: 'everyone', room: null, to: null })).toThrow(
        `the publish of protocol: '${name}' sends to rooms, not to everyone`,
      );
    }
  });

  it('acknowledges messages of QoS 1 only', () => {
    const answer = made('mqtt').answer?.['message'];
    expect(answer?.({ qos: 1, packetId: 7 }, CLIENT)).toEqual({ event: 'puback', data: { packetId: 7 } });
    expect(answer?.({ qos: 0, packetId: null }, CLIENT)).toBeNull();
  });

  it('gives each connection of SockJS a session of its own', async () => {
    const { url, server } = made('sockjs', { url: `${URL_OF_SERVER}/?a=1` });
    if (typeof url !== 'function') throw new Error('the URL is no function');
    const [first, second] = [await url(CLIENT), await url(CLIENT)];
    expect(first).toMatch(/^ws:\/\/127\.0\.0\.1:3000\/chat\/\d{3}\/[\da-f-]{36}\/websocket\?a=1$/);
    expect(second).not.toBe(first);
    expect(server).toBe(`${URL_OF_SERVER}/?a=1`);
    const raw = made('sockjs', { url: `${URL_OF_SERVER}/websocket` }).url;
    expect(typeof raw === 'function' ? await raw(CLIENT) : raw).toBe(`${URL_OF_SERVER}/websocket`);
  });

  it('is found by its name only', () => {
    expect(isPresetName('mqtt')).toBe(true);
    expect(isPresetName('constructor')).toBe(false);
  });
});
