import {
  decodeEnvelope,
  decodeTextEnvelope,
  type Envelope,
  encodeEnvelope,
  type Scope,
} from '../src/contract/protocol.ts';
import type { ReferenceServer } from '../src/contract/server.ts';
import { EnvelopeChat } from './envelope-chat.ts';
import { type BunServer, type BunSocket, listenOnBun } from './listen.ts';

/** The topic of all sockets; topics of rooms have another prefix. */
const EVERYONE_TOPIC = 'everyone';
const topicOf = (room: string) => `room ${room}`;

/** The limit of the package ws. Bun's default is 16 MiB. */
const MAX_PAYLOAD_BYTES = 100 * 1024 ** 2;
/** The largest limit that Bun supports. Beyond it, Bun drops messages silently. */
const MAX_BUFFERED_BYTES = 2 ** 31 - 1;

export const server: ReferenceServer = {
  name: 'bun-ws',
  summary: "Bun's raw WebSocket with Nest's envelope {event, data}, Bun topics as rooms",
  protocol: 'ws',
  transports: ['websocket'],
  settings: ['compression'],
  runtime: 'bun',
  async start(options) {
    const { compression } = options.settings;
    const { bun, address } = listenOnBun(options, {
      fetch: (request, server) =>
        server.upgrade(request) ? undefined : new Response('Upgrade Required', { status: 426 }),
      websocket: {
        open: (socket: BunSocket) => socket.subscribe(EVERYONE_TOPIC),
        message: (socket: BunSocket, message: string | Buffer) => {
          try {
            const isText = typeof message === 'string';
            chat.handle(socket, isText ? decodeTextEnvelope(message) : decodeEnvelope(message, true));
          } catch {
            socket.close(1007, 'not an envelope');
          }
        },
        // One compression context for each connection, as in the package ws.
        perMessageDeflate: compression && { compress: 'dedicated', decompress: 'dedicated' },
        maxPayloadLength: MAX_PAYLOAD_BYTES,
        backpressureLimit: MAX_BUFFERED_BYTES,
        // By default Bun ends a connection after two silent minutes; the package ws does not.
        idleTimeout: 0,
      },
    });
    const chat = new BunChat(bun, compression);
    return { url: `ws://${address}`, close: () => bun.stop(true) };
  },
};

class BunChat extends EnvelopeChat<BunSocket> {
  readonly #bun: BunServer;
  readonly #compression: boolean;

  constructor(bun: BunServer, compression: boolean) {
    super();
    this.#bun = bun;
    this.#compression = compression;
  }

  protected override send(socket: BunSocket, envelope: Envelope): void {
    socket.send(encodeEnvelope(envelope), this.#compression);
  }

  protected override join(socket: BunSocket, room: string): void {
    socket.subscribe(topicOf(room));
  }

  protected override publish(sender: BunSocket, envelope: Envelope, scope: Scope, room: string): void {
    const frame = encodeEnvelope(envelope);
    const topic = scope === 'room' || scope === 'room-but-me' ? topicOf(room) : EVERYONE_TOPIC;
    const butMe = scope === 'everyone-but-me' || scope === 'room-but-me';
    // A socket that has not subscribed cannot publish; the server can, and excludes no subscriber.
    const from = butMe && sender.isSubscribed(topic) ? sender : this.#bun;
    from.publish(topic, frame, this.#compression);
  }
}
