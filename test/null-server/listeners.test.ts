import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { listenByNode } from '../../src/null-server/node-listener.ts';
import { NullChat } from '../../src/null-server/null-chat.ts';
import { NullWsClient } from '../../src/null-server/ws-client.ts';
import { killServer, startServer, urlOf } from '../servers/child.ts';

/** The null server in this process, on the sockets of Node.js; the kernel's are those of the contract of drivers. */
async function startByNode(): Promise<number> {
  const chat = new NullChat();
  const { port } = await listenByNode('127.0.0.1', 0, (peer) => {
    const client = new NullWsClient(peer, chat);
    chat.enter(client);
    return client;
  });
  return port;
}

/** What a server answers to a request that is sent in pieces. */
async function answerTo(port: number, ...pieces: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1');
  });
  for (const piece of pieces) await new Promise<void>((done) => socket.write(piece, () => done()));
  while (!answer.includes('\r\n\r\n')) await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  socket.destroy();
  return answer;
}

describe.each([
  ["the kernel's sockets", 'kernel'],
  ['the sockets of Node.js', 'node'],
] as const)('the null server on %s', async (_, kind) => {
  const child = kind === 'kernel' ? await startServer('null-ws', '127.0.0.1', '0') : null;
  const port = child === null ? await startByNode() : Number(new URL(urlOf(child)).port);
  afterAll(async () => {
    if (child !== null) await killServer(child);
  });

  it('relays what a client publishes to all clients, and only to the others', async () => {
    const sockets = await Promise.all(
      ['first', 'second'].map(async () => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}`);
        await once(socket, 'open');
        return socket;
      }),
    );
    const [first, second] = sockets;
    if (first === undefined || second === undefined) throw new Error('two clients are connected');
    const received: string[] = [];
    for (const [index, socket] of sockets.entries()) {
      socket.on('message', (message) => received.push(`${index} ${message}`));
    }
    const publish = (message: string, scope: string) =>
      first.send(JSON.stringify({ event: 'send_message', data: { message, scope } }));
    publish('a "quoted" ,"scope":"room" text', 'everyone-but-me');
    publish('all', 'everyone');
    while (received.length < 3) await Promise.race([once(first, 'message'), once(second, 'message')]);
    expect(received.toSorted()).toEqual([
      '0 {"event":"receive_message","data":"all"}',
      `1 ${JSON.stringify({ event: 'receive_message', data: 'a "quoted" ,"scope":"room" text' })}`,
      '1 {"event":"receive_message","data":"all"}',
    ]);
    for (const socket of sockets) socket.terminate();
  });

  it('takes a handshake in pieces, with the accept key of RFC 6455', async () => {
    const answer = await answerTo(
      port,
      'GET / HT',
      'TP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-K',
      'ey: dGhlIHNhbXBsZSBub25jZQ==\r\n\r',
      '\n',
    );
    expect(answer).toContain('101 Switching Protocols');
    expect(answer).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
  });

  it('refuses a request that is no handshake', async () => {
    expect(await answerTo(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 426 /);
  });

  it('closes a connection whose message it cannot read, and serves the others', async () => {
    const [bad, good] = [new WebSocket(`ws://127.0.0.1:${port}`), new WebSocket(`ws://127.0.0.1:${port}`)];
    await Promise.all([once(bad, 'open'), once(good, 'open')]);
    bad.send('{"event":"send_message","data":{"message":');
    await once(bad, 'close');
    good.send('{"event":"hello","data":"still here","id":7}');
    const [reply] = await once(good, 'message');
    expect(String(reply)).toBe('{"event":"hello","data":"still here","ack":7}');
    good.terminate();
  });
});
