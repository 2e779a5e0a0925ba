/**
 * A raw WebSocket server that answers `hello`, enough for ack-roundtrip, in JavaScript for any Node.js and for
 * Bun: `plain-server.mjs PORT [KIND]`.
 *
 * - `alone`: one process.
 * - `cluster`: two workers of node:cluster, to which the primary gives the connections that it accepted.
 * - `shared`: two workers of node:cluster that take connections themselves.
 * - `stubborn`: two children ignore SIGTERM, one of them in another session.
 */
import { spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';

const [port, kind = 'alone'] = process.argv.slice(2);
const HOST = '127.0.0.1';

function answer(socket) {
  socket.on('message', (raw, isBinary) => {
    if (isBinary) return;
    const { event, data, id } = JSON.parse(String(raw));
    if (event === 'hello') socket.send(JSON.stringify({ event, data, ack: id }));
  });
}

function serve(http) {
  new WebSocketServer({ server: http }).on('connection', answer);
  return http;
}

function startWorker() {
  const http = serve(createHttpServer());
  if (kind === 'shared') http.listen(Number(port), HOST);
  else
    process.on('message', (_, socket) => {
      http.emit('connection', socket);
      socket.resume();
    });
}

function startPrimary() {
  const workers = [cluster.fork(), cluster.fork()];
  if (kind === 'shared') return;
  let turn = 0;
  const give = (socket) => workers[turn++ % workers.length].send('connection', socket);
  createServer({ pauseOnConnect: true }, give).listen(Number(port), HOST);
}

function startStubbornChildren() {
  for (const detached of [false, true]) {
    spawn(process.execPath, [fileURLToPath(import.meta.url), port, 'child'], { stdio: 'inherit', detached });
  }
}

if (kind === 'child') {
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 1000);
} else if (kind === 'alone' || kind === 'stubborn') {
  if (kind === 'stubborn') startStubbornChildren();
  serve(createHttpServer()).listen(Number(port), HOST);
} else if (cluster.isPrimary) startPrimary();
else startWorker();
