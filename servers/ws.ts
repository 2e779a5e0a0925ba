import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { decodeEnvelope, type Envelope, encodeEnvelope, type Scope } from '../src/contract/protocol.ts';
import type { ReferenceServer } from '../src/contract/server.ts';
import { EnvelopeChat } from './envelope-chat.ts';
import { listen } from './listen.ts';
import { Rooms } from './rooms.ts';

export const server: ReferenceServer = {
  name: 'ws',
  summary: "raw WebSocket (ws) with Nest's envelope {event, data} and rooms of its own",
  protocol: 'ws',
  transports: ['websocket'],
  settings: ['compression'],
  async start(options) {
    const http = createServer();
    // Before ws takes the server over: it would turn a port in use into an error of its own that nobody awaits.
    const url = `ws://${await listen(http, options)}`;
    const wss = new WebSocketServer({
      server: http,
      perMessageDeflate: options.settings.compression && { threshold: 0 },
    });
    const chat = new WsChat(wss.clients);
    wss.on('connection', (socket) => {
      socket.on('message', (message: Buffer, isBinary) => {
        try {
          chat.handle(socket, decodeEnvelope(message, isBinary));
        } catch {
          socket.close(1007, 'not an envelope');
        }
      });
      socket.on('close', () => chat.leave(socket));
      // A frame that breaks the protocol: ws closes the connection after it, and the server goes on.
      socket.on('error', () => {});
    });
    return {
      url,
      close: () =>
        new Promise((resolve) => {
          for (const client of wss.clients) client.terminate();
          wss.close(() => http.close(() => resolve()));
        }),
    };
  },
};

class WsChat extends EnvelopeChat<WebSocket> {
  readonly #rooms: Rooms<WebSocket>;

  constructor(everyone: ReadonlySet<WebSocket>) {
    super();
    this.#rooms = new Rooms(everyone);
  }

  leave(socket: WebSocket): void {
    this.#rooms.leave(socket);
  }

  protected override send(socket: WebSocket, envelope: Envelope): void {
    socket.send(encodeEnvelope(envelope));
  }

  protected override join(socket: WebSocket, room: string): void {
    this.#rooms.join(socket, room);
  }

  protected override publish(sender: WebSocket, envelope: Envelope, scope: Scope, room: string): void {
    const frame = encodeEnvelope(envelope);
    this.#rooms.eachOf(scope, sender, room, (member) => {
      if (member.readyState === WebSocket.OPEN) member.send(frame);
    });
  }
}
