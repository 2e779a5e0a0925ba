import { createServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { type AskedReply, EVENT, type Payload, type SendMessage } from '../src/wire.ts';
import { listen } from './listen.ts';
import type { ReferenceServer } from './server.ts';

type Acknowledge = (reply?: unknown) => void;

export const server: ReferenceServer = {
  name: 'socketio',
  summary: 'Socket.IO on Node.js, in-memory rooms, no compression',
  protocol: 'socketio',
  transports: ['websocket', 'polling'],
  async start(options) {
    const http = createServer();
    const io = new Server(http, { serveClient: false, perMessageDeflate: false, httpCompression: false });
    io.on('connection', (socket) => serve(io, socket));
    return { url: `http://${await listen(http, options)}`, close: () => io.close() };
  },
};

function serve(io: Server, socket: Socket): void {
  socket.on(EVENT.enterChat, (chatIds: string[], acknowledge?: Acknowledge) => {
    void socket.join(chatIds.map(String));
    acknowledge?.();
  });
  socket.on(EVENT.sendMessage, ({ message, scope, chatId = '' }: SendMessage) => {
    switch (scope) {
      case 'everyone':
        io.emit(EVENT.receiveMessage, message);
        break;
      case 'everyone-but-me':
        socket.broadcast.emit(EVENT.receiveMessage, message);
        break;
      case 'room':
        io.in(chatId).emit(EVENT.receiveMessage, message);
        break;
      case 'room-but-me':
        socket.to(chatId).emit(EVENT.receiveMessage, message);
        break;
    }
  });
  socket.on(EVENT.hello, (data: unknown, acknowledge?: Acknowledge) => acknowledge?.(data));
  socket.on(EVENT.askMe, (data: Payload, acknowledge?: Acknowledge) => {
    const askedNs = process.hrtime.bigint();
    socket.emit(EVENT.hello, data, (answer: Payload) => {
      const reply: AskedReply = { answer, roundTripNs: Number(process.hrtime.bigint() - askedNs) };
      acknowledge?.(reply);
    });
  });
  socket.on(EVENT.echo, (data: unknown) => socket.emit(EVENT.echo, data));
}
