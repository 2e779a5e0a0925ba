import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { resolveName } from '../../contract/address.ts';
import { ReadViews } from './read-views.ts';
import { ReadingRate } from './reading-rate.ts';
import type { Arrival, ByteStream, OpenStream, StreamAddress, StreamHandlers } from './stream.ts';

/** All connections of a process read into one buffer: what arrives is handled before the next read. */
const READ_AT_ONCE_BYTES = 64 * 1024;

/**
 * Opens connections by the sockets of Node.js, on every system and with TLS. The time of an arrival is that of its read by
 * this process, on the clock that `nowNs` reads.
 */
export function nodeSockets(nowNs: () => number): OpenStream {
  const buffer = Buffer.alloc(READ_AT_ONCE_BYTES);
  const views = new ReadViews(buffer);
  const arrival: Arrival = { receivedNs: 0, clock: 'process', sinceNs: 0, uncertaintyNs: 0 };
  const arriveNow = () => {
    const timeNs = nowNs();
    arrival.receivedNs = timeNs;
    arrival.sinceNs = timeNs;
    return arrival;
  };
  return (address, handlers) => new NodeStream(address, handlers, arriveNow, buffer, views);
}

class NodeStream implements ByteStream {
  readonly #socket: Socket;
  #rate: ReadingRate | null = null;

  constructor(
    { host, port, tls, localAddress }: StreamAddress,
    handlers: StreamHandlers,
    arriveNow: () => Arrival,
    buffer: Buffer,
    views: ReadViews,
  ) {
    const onread = {
      buffer,
      callback: (count: number) => {
        handlers.onBytes(views.of(count), arriveNow());
        this.#noteRead(count);
        return true;
      },
    };
    const source = localAddress === undefined ? {} : { localAddress };
    // The end of the peer is for the handler to answer.
    const allowHalfOpen = true;
    const options = { host, port, lookup: resolveName, noDelay: true, allowHalfOpen, ...source };
    // A TLS socket does not read into a buffer of ours.
    const socket =
      tls === null
        ? connect({ ...options, onread })
        : connectTls({ ...options, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls });
    this.#socket = socket;
    let error: Error | null = null;
    if (tls !== null)
      socket.on('data', (bytes: Buffer) => {
        handlers.onBytes(bytes, arriveNow());
        this.#noteRead(bytes.length);
      });
    socket.once('connect', () => (tls === null ? handlers.onOpen() : handlers.onTcp?.()));
    if (tls !== null) socket.once('secureConnect', () => handlers.onOpen('tls'));
    socket.once('end', () => handlers.onEnd());
    socket.once('error', (cause) => {
      error = cause;
    });
    socket.once('close', () => {
      this.#rate?.stop();
      handlers.onClosed(error);
    });
  }

  write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  reset(): void {
    resetSocket(this.#socket);
  }

  limitReading(bytesPerSecond: number | null): void {
    this.#rate?.stop();
    this.#rate =
      bytesPerSecond === null ? null : new ReadingRate(bytesPerSecond, () => this.#socket.resume());
    if (this.#rate?.mayRead === false) this.#socket.pause();
    else this.#socket.resume();
  }

  #noteRead(bytes: number): void {
    if (this.#rate === null) return;
    this.#rate.took(bytes);
    this.#socket.pause();
  }
}

/** What Node.js keeps to itself of a socket with TLS: the TCP connection under it. */
interface OverTcp {
  readonly _handle?: { readonly _parent?: { reset?(onReset: () => void): number } } | null;
}

/** Resets the TCP connection of a socket. Node.js does so itself where there is no TLS. */
export function resetSocket(socket: Socket): void {
  const tcp = (socket as unknown as OverTcp)._handle?._parent;
  if (tcp?.reset === undefined) {
    socket.resetAndDestroy();
    return;
  }
  tcp.reset(() => {});
  socket.destroy();
}
