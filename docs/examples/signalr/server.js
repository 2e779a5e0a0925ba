/** A hub that speaks SignalR's JSON protocol: handshake, invocations, completions and pings. */
import { WebSocketServer } from 'ws';

const { PORT = '3000' } = process.env;
const SEPARATOR = '\x1e';
const PING_EVERY_MS = 15_000;
const CLIENT_TIMEOUT_MS = 30_000;
const TYPE = { invocation: 1, completion: 3, ping: 6, close: 7 };

const rooms = new Map();

const write = (value) => `${JSON.stringify(value)}${SEPARATOR}`;

/** The methods of the hub. What they return completes the invocation. */
const methods = {
  JoinRoom(socket, room) {
    rooms.set(room, (rooms.get(room) ?? new Set()).add(socket));
  },
  SendMessage(_socket, room, text) {
    const message = write({ type: TYPE.invocation, target: 'ReceiveMessage', arguments: [room, text] });
    for (const member of rooms.get(room) ?? []) member.send(message);
  },
  Echo: (_socket, text) => text,
};

function invoke(socket, { invocationId, target, arguments: list }) {
  const method = methods[target];
  const outcome =
    method === undefined
      ? { error: `unknown hub method ${target}` }
      : { result: method(socket, ...list) ?? null };
  if (invocationId === undefined) return;
  socket.send(write({ type: TYPE.completion, invocationId, ...outcome }));
}

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(PORT), path: '/chat' });

server.on('connection', (socket) => {
  let isOpen = false;
  const late = setTimeout(() => socket.close(), CLIENT_TIMEOUT_MS);
  const pings = setInterval(() => socket.send(write({ type: TYPE.ping })), PING_EVERY_MS);
  socket.on('message', (message) => {
    late.refresh();
    for (const text of String(message).split(SEPARATOR).slice(0, -1)) {
      const record = JSON.parse(text);
      if (!isOpen) {
        isOpen = record.protocol === 'json' && record.version === 1;
        socket.send(write(isOpen ? {} : { error: `the protocol ${record.protocol} is not supported` }));
        if (!isOpen) socket.close();
      } else if (record.type === TYPE.invocation) {
        invoke(socket, record);
      }
    }
  });
  socket.on('close', () => {
    clearTimeout(late);
    clearInterval(pings);
    for (const members of rooms.values()) members.delete(socket);
  });
});
