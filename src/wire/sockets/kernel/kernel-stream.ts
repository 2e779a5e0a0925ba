import type { ByteStream, StreamHandlers } from '../stream.ts';
import type { KernelSockets } from './kernel-sockets.ts';
import {
  ERRNO,
  FAILED,
  HUNG_UP,
  LEVEL,
  NO_SIGNAL,
  OPTION,
  READABLE,
  SHUT_WRITE,
  STREAM_SOCKET,
  WRITABLE,
} from './layout.ts';
import { systemError } from './libc.ts';
import { socketAddress } from './socket-address.ts';

/** A read of fewer bytes has emptied the socket. */
export const READ_BYTES = 64 * 1024;

/** One connection of the kernel. */
export class KernelStream implements ByteStream {
  readonly #sockets: KernelSockets;
  readonly #handlers: StreamHandlers;
  #state: 'new' | 'connecting' | 'open' | 'closed' = 'new';
  #fd = -1;
  /** What the kernel has not taken, in order. */
  #unsent: Buffer[] = [];
  unsentBytes = 0;
  #hasEnded = false;
  #hasPeerEnded = false;
  /** When the kernel had nothing more to read. */
  #emptyNs = 0;

  constructor(sockets: KernelSockets, handlers: StreamHandlers) {
    this.#sockets = sockets;
    this.#handlers = handlers;
  }

  /** Opens the connection. Errors are reported to the handlers. */
  connect(ip: string, port: number): void {
    if (this.#state !== 'new') return;
    const { libc, scratch } = this.#sockets;
    const { family, bytes } = socketAddress(ip, port);
    const fd = libc.socket(family, STREAM_SOCKET, 0);
    if (fd < 0) {
      this.fail(systemError('socket', libc.errno()));
      return;
    }
    this.#fd = fd;
    this.#state = 'connecting';
    this.#set(LEVEL.tcp, OPTION.noDelay);
    this.#set(LEVEL.socket, OPTION.timestampNs);
    bytes.copy(scratch.bytes);
    const errno = libc.connect(fd, scratch.address, bytes.length) === 0 ? 0 : libc.errno();
    if (errno === 0 || errno === ERRNO.inProgress) this.#sockets.watch(fd, this, WRITABLE);
    else this.fail(systemError('connect', errno));
  }

  #set(level: number, option: number): void {
    const { libc, scratch } = this.#sockets;
    scratch.bytes.writeInt32LE(1, 0);
    libc.setsockopt(this.#fd, level, option, scratch.address, 4);
  }

  /** Handles what epoll reports. */
  onEvents(events: number): void {
    if (this.#state === 'connecting') {
      this.#finishConnecting();
      return;
    }
    if ((events & (READABLE | HUNG_UP | FAILED)) !== 0) this.#receive();
    if ((events & WRITABLE) !== 0 && this.#state === 'open') this.#sendUnsent();
  }

  #finishConnecting(): void {
    const { libc, scratch } = this.#sockets;
    scratch.bytes.writeInt32LE(0, 0);
    scratch.bytes.writeUInt32LE(4, 8);
    libc.getsockopt(this.#fd, LEVEL.socket, OPTION.error, scratch.address, scratch.address + 8);
    const errno = scratch.bytes.readInt32LE(0);
    if (errno !== 0) {
      this.fail(systemError('connect', errno));
      return;
    }
    this.#state = 'open';
    this.#emptyNs = this.#sockets.lookedNs;
    this.#watch();
    this.#handlers.onOpen();
  }

  /** Reads until nothing is left, which a read that does not fill the buffer shows without another call. */
  #receive(): void {
    while (this.#state === 'open' && !this.#hasPeerEnded) {
      const received = this.#sockets.receive(this.#fd);
      if (received.kind === 'nothing') {
        this.#emptyNs = this.#sockets.lookedNs;
        return;
      }
      if (received.kind === 'error') this.fail(received.error);
      else if (received.kind === 'end') this.#takeEnd();
      else if (this.#take(received.bytes)) return;
    }
  }

  /** Hands bytes over; whether nothing more was there to read. */
  #take(bytes: Buffer): boolean {
    const { arrival, lookedNs } = this.#sockets;
    arrival.sinceNs = this.#emptyNs;
    const isEmpty = bytes.length < READ_BYTES;
    if (isEmpty) this.#emptyNs = lookedNs;
    this.#handlers.onBytes(bytes, arrival);
    return isEmpty;
  }

  #takeEnd(): void {
    this.#hasPeerEnded = true;
    this.#handlers.onEnd();
    if (this.#state !== 'open') return;
    if (this.#hasEnded && this.unsentBytes === 0) this.#close(null);
    else this.#watch();
  }

  write(bytes: Buffer): void {
    if (this.#state === 'closed' || this.#hasEnded) return;
    const sent = this.#state === 'open' && this.unsentBytes === 0 ? this.#send(bytes) : 0;
    if (sent === null || sent === bytes.length) return;
    this.#unsent.push(Buffer.from(bytes.subarray(sent)));
    this.unsentBytes += bytes.length - sent;
    if (this.#state === 'open') this.#watch();
  }

  /** Sends as much as the kernel takes; null when the connection has failed. */
  #send(bytes: Buffer): number | null {
    const sent = this.#sockets.send(this.#fd, bytes, NO_SIGNAL);
    if (typeof sent === 'number') return sent;
    // A handler may be running that does not expect the end of its connection.
    setImmediate(() => this.fail(sent));
    return null;
  }

  #sendUnsent(): void {
    while (this.#unsent.length > 0) {
      const [next] = this.#unsent;
      const sent = next === undefined ? null : this.#send(next);
      if (next === undefined || sent === null) return;
      this.unsentBytes -= sent;
      if (sent < next.length) {
        this.#unsent[0] = next.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
    if (this.#hasEnded) this.#shutDown();
    else this.#watch();
  }

  #watch(): void {
    const readable = this.#hasPeerEnded ? 0 : READABLE;
    this.#sockets.watch(this.#fd, this, readable | (this.unsentBytes > 0 ? WRITABLE : 0));
  }

  end(): void {
    if (this.#hasEnded || this.#state === 'closed') return;
    this.#hasEnded = true;
    if (this.#state !== 'open') this.destroy();
    else if (this.unsentBytes === 0) this.#shutDown();
  }

  #shutDown(): void {
    this.#sockets.libc.shutdown(this.#fd, SHUT_WRITE);
    if (this.#hasPeerEnded) setImmediate(() => this.#close(null));
    else this.#watch();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.#release();
    setImmediate(() => this.#handlers.onClosed(null));
  }

  /** Ends the connection with an error. */
  fail(error: Error): void {
    this.#close(error);
  }

  #close(error: Error | null): void {
    if (this.#state === 'closed') return;
    this.#release();
    this.#handlers.onClosed(error);
  }

  #release(): void {
    this.#state = 'closed';
    this.#unsent = [];
    this.unsentBytes = 0;
    if (this.#fd >= 0) this.#sockets.close(this.#fd);
    this.#fd = -1;
  }
}
