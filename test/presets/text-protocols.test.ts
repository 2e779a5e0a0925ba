import { describe, expect, it } from 'vitest';
import { Arguments } from '../../src/contract/mapping.ts';
import { codecOf, decodeAll } from './made-connection.ts';

const parsed = (text: unknown): unknown => JSON.parse(String(text));

describe('graphql-ws', () => {
  const codec = codecOf('graphql-ws');
  const query = 'subscription { messages { text } }';

  it('answers a call by its first result, and by an error', () => {
    expect(parsed(codec.encode({ event: 'subscribe', data: { query }, id: 7 }))).toEqual({
      id: '7',
      type: 'subscribe',
      payload: { query },
    });
    expect(
      decodeAll(
        codec,
        '{"id":"7","type":"next","payload":{"data":{"a":1}}}',
        '{"id":"7","type":"complete"}',
        '{"id":"8","type":"error","payload":[{"message":"no"}]}',
      ),
    ).toEqual([
      { ack: 7, data: { data: { a: 1 } } },
      { ack: 7, data: null },
      { ack: 8, data: { errors: [{ message: 'no' }] } },
    ]);
  });

  it('confirms a subscription by the result of a query behind it', () => {
    const frames = codec.encode({ event: 'subscribe', data: { id: 'room-0', query }, id: 4 });
    expect([frames].flat().map(parsed)).toEqual([
      { id: 'room-0', type: 'subscribe', payload: { query } },
      { id: '4', type: 'subscribe', payload: { query: '{ __typename }' } },
    ]);
    expect(decodeAll(codec, '{"id":"room-0","type":"next","payload":{"data":{"text":"a"}}}')).toEqual([
      { event: 'next', data: { id: 'room-0', data: { text: 'a' } } },
    ]);
  });

  it('never sends two operations with one id, and keeps their results apart from those of subscriptions', () => {
    const ids = [1, 2].map(() => Object(parsed(codec.encode({ event: 'subscribe', data: { query } })))['id']);
    expect(new Set(ids).size).toBe(2);
    const [id] = ids;
    const next = JSON.stringify({ id, type: 'next', payload: { data: { say: true } } });
    expect(decodeAll(codec, next, JSON.stringify({ id, type: 'complete' }))).toEqual([
      { event: 'result', data: { data: { say: true } } },
    ]);
  });

  it('writes the messages of the connection itself', () => {
    expect(codec.encode({ event: 'connection_init', data: { token: 'a' } })).toBe(
      '{"type":"connection_init","payload":{"token":"a"}}',
    );
    expect(codec.encode({ event: 'pong', data: undefined })).toBe('{"type":"pong"}');
    expect(codec.encode({ event: 'complete', data: { id: 'room-0' } })).toBe(
      '{"id":"room-0","type":"complete"}',
    );
    expect(decodeAll(codec, '{"type":"ping","payload":null}')).toEqual([{ event: 'ping', data: null }]);
    expect(() => decodeAll(codec, '{"id":"1"}')).toThrow('a message without a type');
  });
});

describe('signalr', () => {
  const codec = codecOf('signalr');

  it('reads every record of a message', () => {
    const invocation = '{"type":1,"target":"A","arguments":[5]}\x1e';
    const two = '{"type":1,"target":"B","arguments":["room",null]}\x1e{"type":6}\x1e';
    expect(decodeAll(codec, '{}\x1e', invocation + two)).toEqual([
      { event: 'signalr:handshake', data: {} },
      { event: 'A', data: 5 },
      { event: 'B', data: ['room', null] },
    ]);
    expect(() => decodeAll(codec, '{"type":6}')).toThrow('without its separator');
  });

  it('completes invocations in both directions', () => {
    expect(codec.encode({ event: 'Join', data: new Arguments(['a', 1]), id: 0 })).toBe(
      '{"type":1,"invocationId":"0","target":"Join","arguments":["a",1]}\x1e',
    );
    expect(codec.encode({ event: 'Leave', data: undefined })).toBe(
      '{"type":1,"target":"Leave","arguments":[]}\x1e',
    );
    expect(
      decodeAll(
        codec,
        '{"type":3,"invocationId":"0","result":42}\x1e',
        '{"type":3,"invocationId":"1"}\x1e',
        '{"type":3,"invocationId":"2","error":"denied"}\x1e',
        '{"type":1,"invocationId":"s1","target":"Ask","arguments":[]}\x1e',
      ),
    ).toEqual([
      { ack: '0', data: 42 },
      { ack: '1', data: null },
      { ack: '2', data: { error: 'denied' } },
      { event: 'Ask', data: [], id: 's1' },
    ]);
    expect(codec.encode({ event: 'Ask', data: 'yes', ack: 's1' })).toBe(
      '{"type":3,"invocationId":"s1","result":"yes"}\x1e',
    );
  });

  it('reads why the server closes', () => {
    expect(decodeAll(codec, '{"type":7,"error":"shutting down"}\x1e')).toEqual([
      { event: 'signalr:close', data: { type: 7, error: 'shutting down' } },
    ]);
  });
});

describe('phoenix', () => {
  const codec = codecOf('phoenix');

  it('writes and reads lists of five', () => {
    const data = { topic: 'room:1', payload: { body: 'a' } };
    expect(codec.encode({ event: 'new_msg', data, id: 0 })).toBe('["1","0","room:1","new_msg",{"body":"a"}]');
    expect(codec.encode({ event: 'phx_join', data: { topic: 'room:1' }, id: 5 })).toBe(
      '["1","5","room:1","phx_join",{}]',
    );
    expect(codec.encode({ event: 'heartbeat', data: undefined })).toBe(
      '[null,"none","phoenix","heartbeat",{}]',
    );
    expect(
      decodeAll(
        codec,
        '[null,null,"room:1","new_msg",{"body":"a"}]',
        '["1","0","room:1","phx_reply",{"status":"ok","response":{"n":1}}]',
        '["1","5","room:1","phx_reply",{"status":"error","response":{"reason":"full"}}]',
        '[null,"none","phoenix","phx_reply",{"status":"ok","response":{}}]',
      ),
    ).toEqual([
      { event: 'new_msg', data },
      { ack: 0, data: { n: 1 } },
      { ack: 5, data: { error: { reason: 'full' } } },
    ]);
  });

  it('names a missing topic, and version 1 of the protocol', () => {
    expect(() => codec.encode({ event: 'new_msg', data: 'a' })).toThrow(
      'the data of the event "new_msg" have no topic',
    );
    expect(() => decodeAll(codec, '{"topic":"a","event":"b"}')).toThrow('version 2.0.0');
  });
});

describe('action-cable', () => {
  const codec = codecOf('action-cable');
  const identifier = { channel: 'ChatChannel', room: '1' };
  const text = JSON.stringify(identifier);

  it('writes identifiers and data as text', () => {
    expect(parsed(codec.encode({ event: 'subscribe', data: identifier }))).toEqual({
      command: 'subscribe',
      identifier: text,
    });
    const data = { identifier, data: { action: 'speak', text: 'a' } };
    expect(parsed(codec.encode({ event: 'message', data }))).toEqual({
      command: 'message',
      identifier: text,
      data: '{"action":"speak","text":"a"}',
    });
  });

  it('reads confirmations, messages and the end, and leaves pings out', () => {
    expect(
      decodeAll(
        codec,
        '{"type":"welcome"}',
        '{"type":"ping","message":1700000000}',
        JSON.stringify({ type: 'confirm_subscription', identifier: text }),
        JSON.stringify({ identifier: text, message: { text: 'a' } }),
        '{"type":"disconnect","reason":"unauthorized","reconnect":false}',
      ),
    ).toEqual([
      { event: 'welcome', data: {} },
      { event: 'confirm_subscription', data: identifier },
      { event: 'message', data: { identifier, message: { text: 'a' } } },
      { event: 'disconnect', data: { reason: 'unauthorized', reconnect: false } },
    ]);
  });

  it('says what confirms a subscription', () => {
    expect(() => codec.encode({ event: 'subscribe', data: identifier, id: 0 })).toThrow(
      'Action Cable does not acknowledge "subscribe"',
    );
  });
});

describe('sockjs', () => {
  it('puts messages into lists of texts, and takes every message of a list out', () => {
    const codec = codecOf('sockjs');
    const message = '{"event":"say","data":"a \\"b\\""}';
    expect(codec.encode({ event: 'say', data: 'a "b"' })).toBe(JSON.stringify([message]));
    expect(
      decodeAll(
        codec,
        'o',
        'h',
        `a${JSON.stringify([message, '{"event":"end","data":1}'])}`,
        `m${JSON.stringify(message)}`,
        'c[3000,"Go away!"]',
      ),
    ).toMatchObject([
      { event: 'sockjs:open' },
      { event: 'say', data: 'a "b"' },
      { event: 'end', data: 1 },
      { event: 'say', data: 'a "b"' },
      { event: 'sockjs:close', data: { code: 3000, reason: 'Go away!' } },
    ]);
    expect(() => decodeAll(codec, 'Welcome to SockJS!')).toThrow('no frame of SockJS');
    expect(() => codec.encode({ event: 'say', data: Buffer.of(1) })).toThrow('SockJS carries text only');
  });

  it('keeps the codec of the user for the messages, also one of each connection', () => {
    const inner = {
      encode: ({ data }: { data?: unknown }) => [`<${String(data)}>`, 'end'],
      decode: (message: Buffer) => (String(message) === '' ? null : { event: String(message) }),
    };
    for (const codec of [codecOf('sockjs', { codec: inner }), codecOf('sockjs', { codec: () => inner })]) {
      expect(codec.encode({ event: 'say', data: 'a' })).toBe('["<a>","end"]');
      expect(decodeAll(codec, 'a["b","","c"]')).toEqual([{ event: 'b' }, { event: 'c' }]);
    }
  });
});

describe('json-rpc', () => {
  const codec = codecOf('json-rpc');

  it('sends requests and notifications, whose parameters are a list or an object', () => {
    expect(codec.encode({ event: 'sum', data: new Arguments([1, 2]), id: 1 })).toBe(
      '{"jsonrpc":"2.0","method":"sum","params":[1,2],"id":1}',
    );
    expect(codec.encode({ event: 'say', data: 'a' })).toBe('{"jsonrpc":"2.0","method":"say","params":["a"]}');
    expect(codec.encode({ event: 'say', data: { text: 'a' } })).toBe(
      '{"jsonrpc":"2.0","method":"say","params":{"text":"a"}}',
    );
    expect(codec.encode({ event: 'stop', data: undefined })).toBe('{"jsonrpc":"2.0","method":"stop"}');
  });

  it('reads responses, errors, notifications, requests of the server, and batches', () => {
    const error = { code: -32601, message: 'Method not found' };
    expect(
      decodeAll(
        codec,
        '{"jsonrpc":"2.0","id":1,"result":3}',
        JSON.stringify([
          { jsonrpc: '2.0', id: 2, error },
          { jsonrpc: '2.0', method: 'said', params: ['a'] },
        ]),
        '{"notification":"said","params":["b"]}',
        '{"jsonrpc":"2.0","method":"ask","id":"s1"}',
        JSON.stringify({ jsonrpc: '2.0', id: null, error }),
      ),
    ).toEqual([
      { ack: 1, data: 3 },
      { ack: 2, data: { error } },
      { event: 'said', data: ['a'] },
      { event: 'said', data: ['b'] },
      { event: 'ask', id: 's1' },
      { event: 'error', data: error },
    ]);
    expect(codec.encode({ event: 'ask', data: true, ack: 's1' })).toBe(
      '{"jsonrpc":"2.0","id":"s1","result":true}',
    );
  });
});
