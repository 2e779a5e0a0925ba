import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { DecodedEvent, FrameCodec } from '../../src/contract/target.ts';
import type { Connection, ConnectOptions, Recognizer } from '../../src/drivers/driver.ts';
import { drivers } from '../../src/drivers/index.ts';
import { messageOf } from '../../src/errors.ts';

const DRIVERS = drivers
  .filter(({ protocol }) => protocol === 'ws')
  .map((driver) => [driver.name, driver] as const);

describe.each(DRIVERS)('the %s driver over WebSocket', (_, driver) => {
  const servers: WebSocketServer[] = [];
  const connections: Connection[] = [];

  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
    for (const server of servers.splice(0)) server.close();
  });

  /** A server that handles each message by `onMessage`, and the headers of the last handshake. */
  async function serve(
    onMessage: (socket: WebSocket, message: Buffer, isBinary: boolean) => void = () => {},
    options: ServerOptions = {},
  ) {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
    servers.push(server);
    await once(server, 'listening');
    const offered: Array<string | undefined> = [];
    server.on('connection', (socket, { headers }) => {
      offered.push(headers['sec-websocket-protocol']);
      socket.on('message', (message: Buffer, isBinary) => onMessage(socket, message, isBinary));
    });
    const { port } = server.address() as AddressInfo;
    const connect = async (given: Partial<ConnectOptions> = {}) => {
      const url = `ws://127.0.0.1:${port}`;
      const connection = await driver.connect({ url, transport: 'websocket', timeoutMs: 5000, ...given });
      connections.push(connection);
      return connection;
    };
    return { connect, offered };
  }

  const request = (connection: Connection, event: string, data: unknown) =>
    new Promise((resolve) => connection.request(event, data, resolve));

  /** Collects the data of an event, and resolves when there are so many. */
  function collect(connection: Connection, event: string, count: number): Promise<unknown[]> {
    const { promise, resolve } = Promise.withResolvers<unknown[]>();
    const received: unknown[] = [];
    connection.on(event, (data) => {
      received.push(data);
      if (received.length === count) resolve(received);
    });
    return promise;
  }

  describe('subprotocols', () => {
    const chooses = (name: string | false) => ({ handleProtocols: () => name }) as ServerOptions;

    it.each<[string, Partial<ConnectOptions>, string | undefined]>([
      ['are not offered where the target names none', {}, undefined],
      ['are offered, the preferred one first', { protocols: ['b', 'a'] }, 'b,a'],
      ['of a header are offered', { headers: { 'Sec-WebSocket-Protocol': 'b, a' } }, 'b,a'],
      [
        'of the target replace those of a header',
        { protocols: ['b'], headers: { 'sec-websocket-protocol': 'c' } },
        'b',
      ],
    ])('%s', async (__, options, expected) => {
      const { connect, offered } = await serve();
      const { subprotocol } = await connect(options);
      expect(offered.map((each) => each?.replaceAll(' ', ''))).toEqual([expected]);
      expect(subprotocol).toBe(expected === undefined ? null : 'b');
    });

    it('are chosen by the server, and the codec gets its choice', async () => {
      const { connect } = await serve((socket, message) => socket.send(message), chooses('a'));
      const codec = (subprotocol: string | null): FrameCodec => ({
        encode: ({ event }) => `${subprotocol} ${event}`,
        decode: (message) => ({ event: 'back', data: String(message) }),
      });
      const connection = await connect({ protocols: ['b', 'a'], codec });
      expect(connection.subprotocol).toBe('a');
      const back = collect(connection, 'back', 1);
      connection.emit('say', null);
      expect(await back).toEqual(['a say']);
    });

    it.each<[string, string | false, readonly string[], string]>([
      ['one that was not offered', 'c', ['a', 'b'], 'Server sent an invalid subprotocol'],
      ['one that differs in case', 'A', ['a', 'b'], 'Server sent an invalid subprotocol'],
      ['one where none was offered', 'c', [], 'Server sent a subprotocol but none was requested'],
      ['none, where some were offered', false, ['a', 'b'], 'Server sent no subprotocol'],
    ])('end the connection when the server chooses %s', async (__, choice, protocols, reason) => {
      const server = await serve();
      const [inner] = servers;
      inner?.on('headers', (headers) => {
        headers.splice(
          0,
          headers.length,
          ...headers.filter((line) => !/^sec-websocket-protocol/i.test(line)),
        );
        if (choice !== false) headers.push(`Sec-WebSocket-Protocol: ${choice}`);
      });
      await expect(server.connect({ protocols })).rejects.toThrow(reason);
    });
  });

  describe('a codec', () => {
    /** Messages are texts: `name data`, several of them in a line, and `#id name data` for a request. */
    const LINES: FrameCodec = {
      encode: ({ event, data, id, ack }) =>
        ack === undefined ? `${id === undefined ? '' : `#${id} `}${event} ${data}` : `re ${ack} ${data}`,
      decode: (message) =>
        String(message)
          .split('\n')
          .map((line): DecodedEvent => {
            const [, re, asked, event, data] = /^(?:re (\w+) |ask (\w+) )?(\S+)? ?(.*)$/.exec(line) ?? [];
            if (line === '?') throw new Error('a question mark');
            return re === undefined ? { event, data, id: asked } : { data: event, ack: re };
          }),
    };

    it('may read several events in one message, or none', async () => {
      const { connect } = await serve((socket) => {
        socket.send('a 1\na 2\nb 3\na 4');
        socket.send(Buffer.from('binary'));
        socket.send('a 5');
      });
      const codec: FrameCodec = {
        ...LINES,
        decode: (message, isBinary) => (isBinary ? [] : LINES.decode(message, isBinary)),
      };
      const undecoded: string[] = [];
      const connection = await connect({
        codec,
        onRead: (kind, _event, error) =>
          kind === 'none' && error !== null && undecoded.push(messageOf(error)),
      });
      const received = collect(connection, 'a', 4);
      connection.emit('go', '');
      expect(await received).toEqual(['1', '2', '4', '5']);
      expect(undecoded).toEqual([]);
    });

    it('may write several messages for an event, text and binary, or none', async () => {
      const { connect } = await serve((socket, message, isBinary) => socket.send(`a ${isBinary} ${message}`));
      const codec: FrameCodec = {
        ...LINES,
        encode: ({ event }) => (event === 'nothing' ? [] : ['text', new Uint8Array([98, 105, 110])]),
      };
      const connection = await connect({ codec });
      const received = collect(connection, 'a', 2);
      connection.emit('nothing', '');
      connection.emit('say', '');
      expect(await received).toEqual(['false text', 'true bin']);
    });

    it('matches acknowledgements by numbers that are written as text', async () => {
      const { connect } = await serve((socket, message) => {
        const [, id, text] = /^#(\d+) \w+ (.*)$/.exec(String(message)) ?? [];
        // None of these is one of its numbers.
        for (const other of ['nonesuch', '', ' ', '99', `${id}x`])
          socket.send(JSON.stringify({ re: other, data: 'wrong' }));
        socket.send(JSON.stringify({ re: id, data: text }));
      });
      const codec: FrameCodec = {
        ...LINES,
        decode: (message) => {
          const { re, data } = JSON.parse(String(message));
          return { ack: re, data };
        },
      };
      const connection = await connect({ codec });
      expect(await Promise.all(['one', 'two'].map((text) => request(connection, 'ask', text)))).toEqual([
        'one',
        'two',
      ]);
    });

    it('gets the id by which the server asks, and all handlers hear the event', async () => {
      const answered = Promise.withResolvers<string>();
      const { connect } = await serve((socket, message) => {
        if (String(message) === 'go ') socket.send('ask q7 question why');
        else answered.resolve(String(message));
      });
      const connection = await connect({ codec: LINES });
      const heard = collect(connection, 'question', 1);
      connection.answer('question', (data) => `${data}, because`);
      connection.emit('go', '');
      expect([await answered.promise, await heard]).toEqual(['re q7 why, because', ['why']]);
    });

    it('may keep state for its connection, and sees every message', async () => {
      const { connect } = await serve((socket) => {
        // One event in four messages, of which the last begins another.
        for (const part of ['a:', 'he', 'llo', '\na:again', '\n']) socket.send(part);
      });
      const made: string[] = [];
      const codec = (): FrameCodec => {
        const parts: Buffer[] = [];
        made.push('made');
        return {
          encode: ({ event }) => event,
          decode: (message) => {
            parts.push(message);
            const [line = '', ...rest] = Buffer.concat(parts).toString().split('\n');
            if (rest.length === 0) return null;
            parts.splice(0, parts.length, Buffer.from(rest.join('\n')));
            const [event, data] = line.split(':');
            return { event, data };
          },
        };
      };
      const recognizer: Recognizer = {
        recognize: () => {
          throw new Error('no message may pass the codec by');
        },
      };
      const pair = [await connect({ codec, recognizer }), await connect({ codec, recognizer })];
      const received = pair.map((connection) => collect(connection, 'a', 2));
      for (const connection of pair) connection.emit('go', null);
      expect(await Promise.all(received)).toEqual([
        ['hello', 'again'],
        ['hello', 'again'],
      ]);
      expect(made).toHaveLength(2);
    });

    it('that throws for a message loses that one only, which is counted', async () => {
      const { connect } = await serve((socket) => {
        for (const each of ['?', 'a 1', 'a 2\n?', 'a 3']) socket.send(each);
      });
      const undecoded: string[] = [];
      const connection = await connect({
        codec: LINES,
        onRead: (kind, _event, error) =>
          kind === 'none' && error !== null && undecoded.push(messageOf(error)),
      });
      const received = collect(connection, 'a', 2);
      connection.emit('go', '');
      expect(await received).toEqual(['1', '3']);
      expect(undecoded).toEqual(['a question mark', 'a question mark']);
    });

    it('that cannot be made refuses the connection with its reason', async () => {
      const { connect } = await serve();
      const codec = (): FrameCodec => {
        throw new Error('no such version');
      };
      await expect(connect({ codec })).rejects.toThrow('no such version');
    });
  });
});
