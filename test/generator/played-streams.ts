import { createHash } from 'node:crypto';
import type { Arrival, OpenStream, StreamHandlers } from '../../src/wire/sockets/stream.ts';

/** Streams whose server accepts every WebSocket, and then sends what a test has it send. */
export class PlayedStreams {
  readonly #handlers: StreamHandlers[] = [];
  readonly #arrival: Arrival = { receivedNs: 0, clock: 'kernel', sinceNs: 0, uncertaintyNs: 0 };
  /** One buffer for all reads, as real sockets have. */
  readonly #read = Buffer.alloc(64 * 1024);
  readonly #greetings: Buffer;
  /** How many messages the clients have sent, with their handshakes. */
  sent = 0;

  /** `greetings`: messages that the server sends first. */
  constructor(greetings: readonly string[]) {
    this.#greetings = Buffer.concat(greetings.map(frameOf));
  }

  readonly open: OpenStream = (_, handlers) => {
    this.#handlers.push(handlers);
    setImmediate(() => handlers.onOpen());
    return {
      unsentBytes: 0,
      write: (bytes) => {
        this.sent += 1;
        const [, key] = /sec-websocket-key: (\S+)/i.exec(bytes.toString('latin1')) ?? [];
        if (key === undefined) return;
        const first = Buffer.concat([acceptanceOf(key), this.#greetings]);
        setImmediate(() => handlers.onBytes(first, this.#arrival));
      },
      end: () => {},
      destroy: () => {},
      reset: () => {},
      limitReading: () => {},
    };
  };

  /** All connections end. */
  end(): void {
    for (const handlers of this.#handlers) handlers.onClosed(null);
  }

  /** A connection reads these bytes, which arrived at `receivedNs`. */
  receive(connection: number, bytes: Uint8Array, receivedNs: number): void {
    this.#arrival.receivedNs = receivedNs;
    this.#arrival.sinceNs = receivedNs;
    this.#read.set(bytes);
    this.#handlers[connection]?.onBytes(this.#read.subarray(0, bytes.length), this.#arrival);
    // What comes next overwrites the buffer.
    this.#read.fill(0, 0, bytes.length);
  }
}

/** Source: RFC 6455, section 4.2.2. */
function acceptanceOf(key: string): Buffer {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  return Buffer.from(head, 'latin1');
}

/** A frame of a server with the whole of a message. */
export function frameOf(message: string | Uint8Array): Buffer {
  const payload = Buffer.from(message);
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([typeof message === 'string' ? 0x81 : 0x82, ...length]), payload]);
}
