/**
 * Starts a server on a port of its own, and passes requests and WebSocket connections on to it: `node counting-proxy.ts
 * FILE COMMAND`. Listens on PORT as soon as the server does. Writes to FILE how many payloads of sockbench it passed on in both
 * directions, as {@link PassedOn}, when it ends.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as openRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { freePort } from '../../servers/cluster/redis-process.ts';

export interface PassedOn {
  /** Payloads from clients. */
  readonly sent: number;
  /** Payloads to clients. */
  readonly received: number;
  /** Subprotocols that the server chose. */
  readonly subprotocols: readonly string[];
}

/**
 * A whole timestamp of a measured message, as text within any message: its filling may hold what only looks like the
 * beginning of one. A warm-up of 0 s may send a message, too.
 */
const STAMP = /sbm(?:[\da-z]+,){4}[\da-z]{6},/g;
/** The first bytes of a binary one. */
const BINARY_STAMP = Buffer.from([0x5b, 1, 0, 0]).toString('latin1');

function stampsIn(message: Buffer): number {
  const text = message.toString('latin1');
  return (text.match(STAMP)?.length ?? 0) + text.split(BINARY_STAMP).length - 1;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isUp = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isUp;
}

async function serve(file: string, [command = '', ...args]: readonly string[]): Promise<void> {
  const port = await freePort();
  const server = spawn(command, args, { stdio: 'inherit', env: { ...process.env, PORT: String(port) } });
  server.on('exit', (code) => process.exit(code ?? 1));
  let [sent, received] = [0, 0];
  const subprotocols = new Set<string>();
  // The server may end first: the signal reaches the whole group.
  process.on('exit', () => {
    const passedOn: PassedOn = { sent, received, subprotocols: [...subprotocols] };
    writeFileSync(file, JSON.stringify(passedOn));
  });
  process.on('SIGTERM', () => server.kill());

  const chosen = new WeakMap<IncomingMessage, string>();
  const clients = new WebSocketServer({
    noServer: true,
    handleProtocols: (_, request) => chosen.get(request) || false,
  });
  const http = createServer((request, response) => {
    const { method = 'GET', url: path = '/', headers } = request;
    const passed = openRequest({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  http.on('upgrade', (request, socket, head) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '')
      .split(/, */)
      .filter((name) => name !== '');
    const upstream = new WebSocket(`ws://127.0.0.1:${port}${request.url}`, offered, {
      perMessageDeflate: false,
      headers: { cookie: request.headers.cookie ?? '' },
    });
    upstream.on('error', () => socket.destroy());
    upstream.once('open', () => {
      chosen.set(request, upstream.protocol);
      subprotocols.add(upstream.protocol);
      clients.handleUpgrade(request, socket, head, (client) => {
        client.on('message', (message: Buffer, binary) => {
          sent += stampsIn(message);
          upstream.send(message, { binary });
        });
        upstream.on('message', (message: Buffer, binary) => {
          received += stampsIn(message);
          client.send(message, { binary });
        });
        client.on('close', () => upstream.close());
        upstream.on('close', () => client.close());
      });
    });
  });
  while (!(await isListening(port))) await sleep(20);
  http.listen(Number(process.env['PORT']), '127.0.0.1');
}

const [file, ...command] = process.argv.slice(2);
if (import.meta.main && file !== undefined) await serve(file, command);
