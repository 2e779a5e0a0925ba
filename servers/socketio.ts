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
  // A client that sends what a handler cannot use loses its connection, and the server goes on.
  const on = (event: string, handle: (data: unknown, acknowledge: Acknowledge) => void) => {
    socket.on(event, (data: unknown, acknowledge: unknown) => {
      try {
        handle(data, typeof acknowledge === 'function' ? (acknowledge as Acknowledge) : () => {});
      } catch {
        socket.disconnect(true);
      }
    });
  };
  on(EVENT.enterChat, (chatIds, acknowledge) => {
    void socket.join((chatIds as unknown[]).map(String));
    acknowledge();
  });
  on(EVENT.sendMessage, (data) => {
    const { message, scope, chatId = '' } = data as SendMessage;
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
  on(EVENT.hello, (data, acknowledge) => acknowledge(data));
  on(EVENT.askMe, (data, acknowledge) => {
    const askedNs = process.hrtime.bigint();
    socket.emit(EVENT.hello, data, (answer: Payload) => {
      const reply: AskedReply = { answer, roundTripNs: Number(process.hrtime.bigint() - askedNs) };
      acknowledge(reply);
    });
  });
  on(EVENT.echo, (data) => socket.emit(EVENT.echo, data));
}
