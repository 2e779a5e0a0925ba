import { describe, expect, it } from 'vitest';
import { messageTypes } from '../../scenarios/message-types.ts';
import type { Speech } from '../../src/contract/scenario.ts';
import { thrownBy } from '../thrown.ts';
import { layoutOf } from './layout.ts';

const WS: Speech = { protocol: 'ws', transport: 'websocket' };
const SOCKETIO: Speech = { protocol: 'socketio', transport: 'websocket' };
const POLLING: Speech = { protocol: 'socketio', transport: 'polling' };
const HTTP: Speech = { protocol: 'http', transport: 'long-polling' };

/** The series of the streams, in their order, each once. */
function seriesOf(speech: Speech, type = 'all'): string[] {
  const { streams } = layoutOf(messageTypes, 12, { type }, speech);
  return [...new Set(streams.map(({ series = '' }) => series))];
}

describe('message-types', () => {
  it.each<[Speech, string[]]>([
    [WS, ['echo_text', 'echo_binary', 'ping_pong', 'close']],
    [SOCKETIO, ['echo_text', 'echo_binary', 'close']],
    [{ protocol: 'socketio', transport: 'upgrade' }, ['echo_text', 'echo_binary', 'close']],
    [POLLING, ['echo_text', 'echo_binary']],
    [HTTP, ['echo_text', 'echo_binary']],
  ])('over %j sends the supported types: %j', (speech, series) => {
    expect(seriesOf(speech)).toEqual(series);
  });

  it('has a quarter of the clients close and all others send the rest; only the sender gets the answer', () => {
    const { streams, rooms, headline } = layoutOf(messageTypes, 8, {}, WS);
    const sendersOf = (series: string) =>
      streams.filter((stream) => stream.series === series).map(({ sender }) => sender);
    for (const series of ['echo_text', 'echo_binary', 'ping_pong']) {
      expect(sendersOf(series).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    }
    expect([...new Set(sendersOf('close'))]).toEqual([6, 7]);
    expect(streams).toHaveLength(24);
    for (const { sender, receivers } of streams) expect(receivers).toEqual([sender]);
    expect(rooms).toHaveLength(8);
    expect(headline).toBe('echo_text');
  });

  it('has a single client send all types', () => {
    const { streams } = layoutOf(messageTypes, 1, {}, WS);
    expect(streams.map(({ sender }) => sender)).toEqual([0, 0, 0, 0]);
  });

  it('echoes text as text and bytes as bytes, whatever the payload of the plan', () => {
    const { streams } = layoutOf(messageTypes, 1, {}, WS);
    expect(streams.map(({ operation }) => operation)).toEqual([
      { kind: 'echo', payloadType: 'text' },
      { kind: 'echo', payloadType: 'binary' },
      { kind: 'ping' },
      { kind: 'close' },
    ]);
  });

  it.each([
    ['text', 'echo_text'],
    ['binary', 'echo_binary'],
    ['ping', 'ping_pong'],
    ['close', 'close'],
  ])('sends only %s when given --type, and shows its series first', (type, series) => {
    const layout = layoutOf(messageTypes, 5, { type }, WS);
    expect(layout.streams.map(({ sender, series: each }) => [sender, each])).toEqual(
      [0, 1, 2, 3, 4].map((client) => [client, series]),
    );
    expect(layout.headline).toBe(series);
  });

  it.each<[string, Speech, string]>([
    [
      'ping',
      SOCKETIO,
      '--type ping is not supported over socketio websocket; supported: text, binary, close',
    ],
    ['close', POLLING, '--type close is not supported over socketio polling; supported: text, binary'],
    ['ping', HTTP, '--type ping is not supported over http long-polling; supported: text, binary'],
  ])('refuses %s when it is not supported', (type, speech, message) => {
    expect(thrownBy(() => layoutOf(messageTypes, 5, { type }, speech))).toMatchObject({
      code: 'NO_SUCH_MESSAGE_TYPE',
      message,
      hint: 'Raw WebSocket supports all four types: --target ws.',
    });
  });

  it.each<[Speech, least: number]>([
    [WS, 4],
    [SOCKETIO, 3],
  ])('over %j never uses the same client twice in a row, from %d clients on', (speech, least) => {
    for (let clients = least; clients <= 60; clients++) {
      const senders = layoutOf(messageTypes, clients, {}, speech).streams.map(({ sender }) => sender);
      const again = senders.filter((sender, index) => sender === senders[(index + 1) % senders.length]);
      expect({ clients, again }).toEqual({ clients, again: [] });
    }
  });

  it('takes the types in turn', () => {
    const { streams } = layoutOf(messageTypes, 6, {}, SOCKETIO);
    const turn = ['echo_text', 'echo_binary', 'close'];
    expect(streams.map(({ series }) => series)).toEqual(Array.from({ length: 5 }, () => turn).flat());
  });
});
