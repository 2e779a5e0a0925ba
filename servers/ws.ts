import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { decodeEnvelope, type Envelope, encodeEnvelope, type Scope } from '../src/contract/protocol.ts';
import type { ReferenceServer } from '../src/contract/server.ts';
import { EnvelopeChat, Rooms } from './envelope-chat.ts';
import { listen } from './listen.ts';

export const server: ReferenceServer = {
  name: 'ws',
  summary: "raw WebSocket (ws) with Nest's envelope {event, data}, rooms kept by the server",
  protocol: 'ws',
  transports: ['websocket'],
  settings: ['compression'],
  async start(options) {
    const http = createServer();
    // Before ws is attached: it would re-emit a port in use as an error that nothing handles.
    const url = `ws://${await listen(http, options)}`;
    const wss = new WebSocketServer({
      server: http,
      perMessageDeflate: options.settings.compression && { threshold: 0 },
    });
    serveEnvelopes(wss);
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

/** Serves the chat to all clients of a WebSocket server. */
export function serveEnvelopes(wss: WebSocketServer): void {
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
    // After a frame that violates the protocol ws closes the connection, and the server continues.
    socket.on('error', () => {});
  });
}

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
