/**
 * Starts a server on a port of its own, and passes WebSocket connections on to it: `node counting-proxy.ts FILE COMMAND`.
 * Listens on PORT as soon as the server does. Writes to FILE how many payloads of sockbench it passed on in both
 * directions, as {@link PassedOn}, when it is terminated.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { freePort } from './sockbench.ts';

export interface PassedOn {
  /** Payloads from clients. */
  readonly sent: number;
  /** Payloads to clients. */
  readonly received: number;
  /** Subprotocols that the server chose. */
  readonly subprotocols: readonly string[];
}

/** The beginning of a payload, as text within any message. */
const STAMP = /sb[mw][\da-z]+,[\da-z]+,/g;

const stampsIn = (message: Buffer) => message.toString('latin1').match(STAMP)?.length ?? 0;

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
  process.on('SIGTERM', () => {
    const passedOn: PassedOn = { sent, received, subprotocols: [...subprotocols] };
    writeFileSync(file, JSON.stringify(passedOn));
    server.kill();
  });

  const chosen = new WeakMap<IncomingMessage, string>();
  const clients = new WebSocketServer({
    noServer: true,
    handleProtocols: (_, request) => chosen.get(request) || false,
  });
  const http = createServer();
  http.on('upgrade', (request, socket, head) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '')
      .split(/, */)
      .filter((name) => name !== '');
    const upstream = new WebSocket(`ws://127.0.0.1:${port}${request.url}`, offered, {
      perMessageDeflate: false,
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
