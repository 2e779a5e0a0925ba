/** A broker for STOMP 1.2: topics, receipts and heart-beats. */
import { WebSocketServer } from 'ws';

const { PORT = '3000', PASSCODE = 'only for this example' } = process.env;

/** The subscriptions of each destination: `{ socket, id }`. */
const topics = new Map();
let lastMessage = 0;

function frame(command, headers, body = '') {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

function parse(text) {
  const [head, ...rest] = text.replace(/^[\r\n]+/, '').split('\n\n');
  const [command, ...lines] = head.split('\n');
  const headers = Object.fromEntries(lines.map((line) => line.split(/:(.*)/s, 2)));
  return { command, headers, body: rest.join('\n\n').replace(/\0\n*$/, '') };
}

function refuse(socket, message) {
  socket.send(frame('ERROR', { message }));
  socket.close();
}

const commands = {
  CONNECT(socket, { login, passcode }) {
    if (passcode !== PASSCODE) return refuse(socket, `wrong passcode for ${login}`);
    socket.send(frame('CONNECTED', { version: '1.2', 'heart-beat': '0,30000' }));
  },
  SUBSCRIBE(socket, { destination, id }) {
    topics.set(destination, [...(topics.get(destination) ?? []), { socket, id }]);
  },
  SEND(_socket, { destination }, body) {
    lastMessage += 1;
    for (const { socket, id } of topics.get(destination) ?? []) {
      socket.send(frame('MESSAGE', { destination, subscription: id, 'message-id': lastMessage }, body));
    }
  },
  DISCONNECT() {},
};

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(PORT),
  handleProtocols: (protocols) => protocols.has('v12.stomp') && 'v12.stomp',
});

server.on('connection', (socket) => {
  socket.on('message', (message) => {
    const text = String(message);
    // A heart-beat.
    if (text.trim() === '') return;
    const { command, headers, body } = parse(text);
    const run = commands[command];
    if (run === undefined) return refuse(socket, `unknown command ${command}`);
    run(socket, headers, body);
    if (headers.receipt !== undefined) socket.send(frame('RECEIPT', { 'receipt-id': headers.receipt }));
  });
  socket.on('close', () => {
    for (const [destination, members] of topics) {
      topics.set(
        destination,
        members.filter((member) => member.socket !== socket),
      );
    }
  });
});
