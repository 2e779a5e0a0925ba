/** Channels of Phoenix, version 2.0.0 of the protocol: joins, pushes with replies, broadcasts and heartbeats. */
import { WebSocketServer } from 'ws';

const { PORT = '3000' } = process.env;
const SILENCE_MS = 60_000;

const topics = new Map();

function reply(socket, [joinRef, ref, topic], status, response = {}) {
  socket.send(JSON.stringify([joinRef, ref, topic, 'phx_reply', { status, response }]));
}

function handle(socket, message) {
  const [joinRef, , topic, event, payload] = message;
  if (topic === 'phoenix' && event === 'heartbeat') return reply(socket, message, 'ok');
  if (event === 'phx_join') {
    if (!topic.startsWith('room:')) return reply(socket, message, 'error', { reason: 'unmatched topic' });
    topics.set(topic, (topics.get(topic) ?? new Map()).set(socket, joinRef));
    return reply(socket, message, 'ok');
  }
  const members = topics.get(topic);
  if (members?.get(socket) !== joinRef) return reply(socket, message, 'error', { reason: 'unmatched topic' });
  if (event === 'echo') return reply(socket, message, 'ok', payload);
  const broadcast = JSON.stringify([null, null, topic, event, payload]);
  for (const member of members.keys()) member.send(broadcast);
  reply(socket, message, 'ok');
}

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(PORT) });

server.on('connection', (socket, { url }) => {
  const { pathname, searchParams } = new URL(url, 'ws://127.0.0.1');
  if (pathname !== '/socket/websocket' || searchParams.get('vsn') !== '2.0.0') return socket.terminate();
  const silent = setTimeout(() => socket.close(), SILENCE_MS);
  socket.on('message', (message) => {
    silent.refresh();
    handle(socket, JSON.parse(message));
  });
  socket.on('close', () => {
    clearTimeout(silent);
    for (const members of topics.values()) members.delete(socket);
  });
});
