import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import {
  decodeEnvelope,
  type Envelope,
  EVENT,
  encodeEnvelope,
  type SendMessage,
  streamedReplies,
} from '../src/wire.ts';
import { listen } from './listen.ts';
import type { ReferenceServer } from './server.ts';

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
    const chat = new Chat(wss.clients);
    wss.on('connection', (socket) => {
      socket.on('message', (message: Buffer, isBinary) => chat.handle(socket, message, isBinary));
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

/** Rooms, and what to do with each event. */
class Chat {
  readonly #everyone: ReadonlySet<WebSocket>;
  readonly #rooms = new Map<string, Set<WebSocket>>();
  readonly #asked = new Map<number, (answer: unknown) => void>();
  #nextId = 0;

  constructor(everyone: ReadonlySet<WebSocket>) {
    this.#everyone = everyone;
  }

  handle(socket: WebSocket, message: Buffer, isBinary: boolean): void {
    try {
      const envelope = decodeEnvelope(message, isBinary);
      if (envelope.ack === undefined) this.#dispatch(socket, envelope);
      else this.#settle(envelope.ack, envelope.data);
    } catch {
      socket.close(1007, 'not an envelope');
    }
  }

  leave(socket: WebSocket): void {
    for (const [room, members] of this.#rooms) {
      if (members.delete(socket) && members.size === 0) this.#rooms.delete(room);
    }
  }

  #dispatch(socket: WebSocket, { event, data, id }: Envelope): void {
    const acknowledge = (reply: unknown) => {
      if (id !== undefined) socket.send(encodeEnvelope({ event, data: reply, ack: id }));
    };
    switch (event) {
      case EVENT.enterChat:
        for (const room of data as Array<string | number>) this.#join(String(room), socket);
        acknowledge(null);
        break;
      case EVENT.sendMessage:
        this.#publish(socket, data as SendMessage);
        break;
      case EVENT.hello:
        acknowledge(data);
        break;
      case EVENT.identity:
        // Without an id as in Nest, where what a handler returns is sent as an event.
        if (id === undefined) socket.send(encodeEnvelope({ event, data }));
        else acknowledge(data);
        break;
      case EVENT.events:
        for (const reply of streamedReplies(data)) socket.send(encodeEnvelope({ event, data: reply }));
        break;
      case EVENT.askMe:
        this.#ask(socket, data, acknowledge);
        break;
      case EVENT.echo:
        socket.send(encodeEnvelope({ event, data }));
        break;
    }
  }

  #join(room: string, socket: WebSocket): void {
    const members = this.#rooms.get(room);
    if (members === undefined) this.#rooms.set(room, new Set([socket]));
    else members.add(socket);
  }

  #publish(sender: WebSocket, { message, scope, chatId = '' }: SendMessage): void {
    const toRoom = scope === 'room' || scope === 'room-but-me';
    const butMe = scope === 'everyone-but-me' || scope === 'room-but-me';
    const frame = encodeEnvelope({ event: EVENT.receiveMessage, data: message });
    for (const member of (toRoom ? this.#rooms.get(chatId) : this.#everyone) ?? []) {
      if (member.readyState === WebSocket.OPEN && !(butMe && member === sender)) member.send(frame);
    }
  }

  #ask(socket: WebSocket, data: unknown, acknowledge: (reply: unknown) => void): void {
    const askedNs = process.hrtime.bigint();
    const id = this.#nextId;
    this.#nextId += 1;
    this.#asked.set(id, (answer) =>
      acknowledge({ answer, roundTripNs: Number(process.hrtime.bigint() - askedNs) }),
    );
    socket.send(encodeEnvelope({ event: EVENT.hello, data, id }));
  }

  #settle(id: number, answer: unknown): void {
    this.#asked.get(id)?.(answer);
    this.#asked.delete(id);
  }
}
