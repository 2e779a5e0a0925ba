import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseLinks } from '../../src/plan/link.ts';
import { relayConnection } from '../../src/relay/relayed-connection.ts';
import { ReleaseQueue } from '../../src/relay/release-queue.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

const nowNs = () => performance.now() * 1e6;

async function listen(accept: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    accept(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Connects a client to a server over a link. */
async function connectOver(text: string, serve: (socket: Socket) => void) {
  const [link = expect.unreachable()] = parseLinks(text);
  const upstream = await listen(serve);
  const cuts: string[] = [];
  const excessNs: number[] = [];
  const queue = new ReleaseQueue({
    wakeAt: (dueNs, callback) => void setTimeout(callback, Math.max(0, dueNs - nowNs()) / 1e6),
    isAtHand: (dueNs) => dueNs <= nowNs(),
    reach: nowNs,
  });
  const relay = { nowNs, queue, onReleased: (ns: number) => excessNs.push(ns) };
  const port = await listen((accepted) => {
    const server = connect({ host: '127.0.0.1', port: upstream, allowHalfOpen: true });
    sockets.push(server);
    relayConnection({
      ...{ relay, link, client: accepted, server, random: () => 0.5 },
      onCut: (cut) => cuts.push(cut),
    });
  });
  const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  sockets.push(client);
  await once(client, 'connect');
  return { client, cuts, excessNs };
}

const echo = (socket: Socket) => void socket.on('data', (bytes) => socket.write(bytes));

/** Everything that a socket reads until its end. */
async function textOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

describe('a connection over a link', () => {
  it('takes a round trip to open, and another for each answer, in both directions, and ends after its last bytes', async () => {
    // The link opens when the relay accepts the client, which may be a while before the client learns of it.
    const startNs = nowNs();
    const { client, excessNs } = await connectOver('rtt=40ms slice=3B', (socket) => {
      echo(socket);
      socket.on('end', () => socket.end('bye'));
    });
    client.write('hello');
    await once(client, 'data');
    expect(nowNs() - startNs).toBeGreaterThan(80e6);
    client.end(' again');
    expect(await textOf(client)).toMatch(/(lo)? againbye$/);
    expect(Math.min(...excessNs)).toBeGreaterThanOrEqual(0);
  });

  it('carries megabytes unchanged, also where its peer reads late', async () => {
    const sent = Buffer.alloc(6 * 1024 ** 2, 'abcdefghijklm');
    const { client } = await connectOver('rtt=2ms', (socket) => void socket.end(sent));
    client.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const chunks: Buffer[] = [];
    for await (const chunk of client) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  it.each([
    ['reset=20ms', 'reset', /ECONNRESET/],
    ['reset=10B', 'reset', /ECONNRESET/],
  ])('with %s is reset', async (text, cut, error) => {
    const { client, cuts } = await connectOver(text, echo);
    client.write('more than ten bytes');
    client.resume();
    const [cause] = await once(client, 'error');
    expect(String(cause)).toMatch(error);
    expect(cuts).toEqual([cut]);
  });

  it('with idle-timeout is closed when it was silent for so long, and not before', async () => {
    const { client, cuts } = await connectOver('idle-timeout=400ms', echo);
    const startNs = nowNs();
    const timers = [150, 300].map((ms) => setTimeout(() => client.write('x'), ms));
    client.on('data', () => {});
    await once(client, 'end');
    for (const timer of timers) clearTimeout(timer);
    expect(nowNs() - startNs).toBeGreaterThan(650e6);
    expect(cuts).toEqual(['idle-timeout']);
  });

  it('with swallow-upgrade answers other requests only', async () => {
    const { client } = await connectOver('swallow-upgrade', (socket) =>
      socket.on('data', (bytes) => socket.write(`answer to ${bytes.toString().slice(0, 6)}\n`)),
    );
    const answers: string[] = [];
    client.on('data', (bytes) => answers.push(bytes.toString()));
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(client, 'data');
    client.write('GET /2 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n');
    client.end();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(answers).toEqual(['answer to GET /1\n']);
  });

  it('to a server that refuses is reset', async () => {
    const [link = expect.unreachable()] = parseLinks('rtt=2ms');
    const queue = new ReleaseQueue({ wakeAt: () => {}, isAtHand: () => true, reach: nowNs });
    const port = await listen((accepted) =>
      relayConnection({
        ...{ relay: { nowNs, queue, onReleased: () => {} }, link, client: accepted },
        server: connect({ host: '127.0.0.1', port: 1 }),
        ...{ random: () => 0.5, onCut: () => {} },
      }),
    );
    const client = connect({ host: '127.0.0.1', port });
    sockets.push(client);
    expect(String((await once(client, 'error'))[0] ?? '')).toMatch(/ECONNRESET/);
  });
});
