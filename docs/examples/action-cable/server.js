/** Action Cable: welcome, subscriptions, messages and a ping every three seconds. */
import { WebSocketServer } from 'ws';

const { PORT = '3000' } = process.env;
const PING_EVERY_MS = 3000;

/** The identifiers that each client has subscribed to, by room. */
const rooms = new Map();

const commands = {
  subscribe(socket, identifier) {
    const { channel, room } = JSON.parse(identifier);
    if (channel !== 'ChatChannel') {
      socket.send(JSON.stringify({ type: 'reject_subscription', identifier }));
      return;
    }
    rooms.set(room, (rooms.get(room) ?? new Map()).set(socket, identifier));
    socket.send(JSON.stringify({ type: 'confirm_subscription', identifier }));
  },
  unsubscribe(socket, identifier) {
    rooms.get(JSON.parse(identifier).room)?.delete(socket);
  },
  message(_socket, identifier, data) {
    const { action, text } = JSON.parse(data);
    if (action !== 'speak') return;
    for (const [member, own] of rooms.get(JSON.parse(identifier).room) ?? []) {
      member.send(JSON.stringify({ identifier: own, message: { text } }));
    }
  },
};

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(PORT),
  path: '/cable',
  handleProtocols: (protocols) => protocols.has('actioncable-v1-json') && 'actioncable-v1-json',
});

server.on('connection', (socket) => {
  if (socket.protocol === '') {
    socket.close(1002);
    return;
  }
  socket.send(JSON.stringify({ type: 'welcome' }));
  socket.on('message', (text) => {
    const { command, identifier, data } = JSON.parse(text);
    commands[command]?.(socket, identifier, data);
  });
  socket.on('close', () => {
    for (const members of rooms.values()) members.delete(socket);
  });
});

setInterval(() => {
  const ping = JSON.stringify({ type: 'ping', message: Math.floor(Date.now() / 1000) });
  for (const socket of server.clients) socket.send(ping);
}, PING_EVERY_MS);
