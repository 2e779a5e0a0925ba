import {
  decodeEnvelope,
  decodeTextEnvelope,
  type Envelope,
  encodeEnvelope,
  type Scope,
} from '../src/contract/protocol.ts';
import type { ReferenceServer } from '../src/contract/server.ts';
import { type BunServer, type BunSocket, serveBun } from './bun-runtime.ts';
import { EnvelopeChat } from './envelope-chat.ts';

/** The topic to which every socket subscribes; a room's begins otherwise. */
const EVERYONE = 'everyone';
const topicOf = (room: string) => `room ${room}`;

/** What the package ws takes, Bun's own being 16 MiB. */
const MAX_PAYLOAD_BYTES = 100 * 1024 ** 2;
/** Beyond it Bun drops messages without a word: as much as it can hold. */
const MAX_BUFFERED_BYTES = 2 ** 31 - 1;

export const server: ReferenceServer = {
  name: 'bun-ws',
  summary: "raw WebSocket of Bun with Nest's envelope {event, data}, topics of Bun as rooms",
  protocol: 'ws',
  transports: ['websocket'],
  settings: ['compression'],
  runtime: 'bun',
  async start(options) {
    const { compression } = options.settings;
    const { bun, address } = serveBun(options, {
      fetch: (request, server) =>
        server.upgrade(request) ? undefined : new Response('Upgrade Required', { status: 426 }),
      websocket: {
        open: (socket: BunSocket) => socket.subscribe(EVERYONE),
        message: (socket: BunSocket, message: string | Buffer) => {
          try {
            const isText = typeof message === 'string';
            chat.handle(socket, isText ? decodeTextEnvelope(message) : decodeEnvelope(message, true));
          } catch {
            socket.close(1007, 'not an envelope');
          }
        },
        // A context of its own for each connection, as in the package ws.
        perMessageDeflate: compression && { compress: 'dedicated', decompress: 'dedicated' },
        maxPayloadLength: MAX_PAYLOAD_BYTES,
        backpressureLimit: MAX_BUFFERED_BYTES,
        // Bun would end a connection that is silent for two minutes; the package ws lets it be.
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
    const topic = scope === 'room' || scope === 'room-but-me' ? topicOf(room) : EVERYONE;
    const butMe = scope === 'everyone-but-me' || scope === 'room-but-me';
    // Who has not subscribed cannot publish to the others; the server can, and leaves nobody else out.
    const from = butMe && sender.isSubscribed(topic) ? sender : this.#bun;
    from.publish(topic, frame, this.#compression);
  }
}
