import { createHash } from 'node:crypto';
import type { Arrival, ByteStream, OpenStream, StreamHandlers } from '../../../src/wire/sockets/stream.ts';

/** The other end of a connection that exists in memory only: everything happens in the call that causes it. */
export class MemoryPeer {
  readonly #handlers: StreamHandlers;
  readonly #written: Buffer[] = [];
  /** How much of what the client writes stays with the client, as if this end read nothing. */
  unsentBytes = 0;
  hasEnded = false;
  isDestroyed = false;
  isClosed = false;

  constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
  }

  open(): void {
    this.#handlers.onOpen();
  }

  /** Hands bytes to the client, who must not keep them. */
  send(bytes: Uint8Array | string): void {
    if (this.isDestroyed || this.isClosed) return;
    const lent = Buffer.from(bytes);
    const arrival: Arrival = { receivedNs: 2, clock: 'kernel', sinceNs: 1, uncertaintyNs: 0 };
    this.#handlers.onBytes(lent, arrival);
    lent.fill(0xee);
  }

  /** Ends this side; the connection is gone when the client has ended, too, and its bytes are read. */
  end(): void {
    this.#handlers.onEnd();
    if (this.hasEnded && this.unsentBytes === 0) this.finish(null);
  }

  finish(error: Error | null): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#handlers.onClosed(error);
  }

  write(bytes: Buffer): void {
    if (!this.hasEnded && !this.isDestroyed) this.#written.push(Buffer.from(bytes));
  }

  /** What the client wrote since the last call. */
  take(): Buffer {
    return Buffer.concat(this.#written.splice(0));
  }
}

/** Opens connections whose other ends are handed to `onPeer`, which opens them when it likes. */
export function memoryStreams(onPeer: (peer: MemoryPeer) => void): OpenStream {
  return (_, handlers) => {
    const peer = new MemoryPeer(handlers);
    const stream: ByteStream = {
      write: (bytes) => peer.write(bytes),
      get unsentBytes() {
        return peer.unsentBytes;
      },
      end() {
        peer.hasEnded = true;
      },
      destroy() {
        if (peer.isDestroyed) return;
        peer.isDestroyed = true;
        queueMicrotask(() => peer.finish(null));
      },
      reset() {
        stream.destroy();
      },
      limitReading() {},
    };
    onPeer(peer);
    return stream;
  };
}

/** The value of Sec-WebSocket-Accept that belongs to a request. */
export function acceptKeyOf(request: string): string {
  const [, key = ''] = /^Sec-WebSocket-Key: (\S+)\r$/im.exec(request) ?? [];
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** The answer that accepts a request; `headers`: further lines, each with its end. */
export function acceptanceOf(request: string, headers = ''): string {
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKeyOf(request)}\r\n${headers}\r\n`;
}
