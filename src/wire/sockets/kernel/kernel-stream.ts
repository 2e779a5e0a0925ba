import type { ByteStream, StreamHandlers } from '../stream.ts';
import type { KernelSockets } from './kernel-sockets.ts';
import { ERRNO, FAILED, HUNG_UP, LEVEL, READABLE, SHUT_WRITE, SOCKET_OPTION, WRITABLE } from './layout.ts';
import { systemError } from './libc.ts';
import { beginConnecting, connectError } from './open-socket.ts';
import { SendQueue } from './send-queue.ts';

/** One read takes no more, so that one of fewer bytes has emptied the socket. One call of send(2) hands over no more. */
export const READ_BYTES = 64 * 1024;

/** A connection reads this often per wake-up, so that one that floods does not keep the others waiting. */
const MAX_READS = 4;

const NO_ADDRESSES: readonly string[] = [];

/** One connection of the kernel. */
export class KernelStream implements ByteStream {
  /** Comes with the events of this stream, and with those of no other. */
  readonly tag: number;
  // What each read needs comes first, so that it lies together.
  readonly #sockets: KernelSockets;
  readonly #handlers: StreamHandlers;
  #state: 'new' | 'connecting' | 'open' | 'closed' = 'new';
  #fd = -1;
  #hasPeerEnded = false;
  /** Whether the last read has left nothing. */
  #isEmpty = true;
  /** Where to connect if the address at hand cannot be reached. */
  #addresses = NO_ADDRESSES;
  #address = '';
  #port = 0;
  #watched = 0;
  #queue: SendQueue | null = null;
  readonly #localAddress: string | undefined;
  #hasEnded = false;

  constructor(sockets: KernelSockets, handlers: StreamHandlers, tag: number, localAddress?: string) {
    this.#sockets = sockets;
    this.#handlers = handlers;
    this.tag = tag;
    this.#localAddress = localAddress;
  }

  get unsentBytes(): number {
    return this.#queue?.bytes ?? 0;
  }

  /** Connects to the first of these addresses that can be reached. Errors are reported to the handlers. */
  connect(addresses: readonly string[], port: number): void {
    if (this.#state !== 'new') return;
    this.#state = 'connecting';
    this.#addresses = addresses;
    this.#port = port;
    this.#connectNext(new Error('the name has no address'));
  }

  /** Connects to the next address; without one the connection fails with the error of the last. */
  #connectNext(error: Error): void {
    const [address, ...others] = this.#addresses;
    if (address === undefined) {
      this.#close(error);
      return;
    }
    this.#addresses = others.length === 0 ? NO_ADDRESSES : others;
    this.#address = address;
    const problem = this.#startConnecting();
    if (problem === null) return;
    this.#releaseSocket();
    this.#connectNext(problem);
  }

  #startConnecting(): Error | null {
    const opened = beginConnecting(this.#sockets, this.#address, this.#port, this.#localAddress);
    if (typeof opened !== 'number') return opened;
    this.#fd = opened;
    const errno = this.#sockets.add(opened, this, WRITABLE);
    if (errno !== 0) return systemError('epoll_ctl', errno);
    this.#watched = WRITABLE;
    return null;
  }

  /** Handles what epoll reports. */
  onEvents(events: number): void {
    if (this.#state === 'connecting') {
      this.#finishConnecting();
      return;
    }
    const hasFailed = (events & (HUNG_UP | FAILED)) !== 0;
    if (hasFailed && this.#hasPeerEnded) {
      const errno = this.#pendingError();
      this.#close(errno === 0 ? null : systemError('read', errno));
      return;
    }
    if (hasFailed || (events & READABLE) !== 0) this.#receive();
    if ((events & WRITABLE) !== 0 && this.#state === 'open') this.#sendQueued();
  }

  /** The error that the kernel holds for this socket; 0 for none. */
  #pendingError(): number {
    const { libc, scratch } = this.#sockets;
    scratch.words[0] = 0;
    scratch.words[2] = 4;
    libc.getsockopt(this.#fd, LEVEL.socket, SOCKET_OPTION.error, scratch.address, scratch.address + 8);
    return scratch.words[0] ?? 0;
  }

  #finishConnecting(): void {
    const errno = this.#pendingError();
    if (errno !== 0) {
      this.#releaseSocket();
      this.#connectNext(connectError(errno, this.#address, this.#port));
      return;
    }
    this.#state = 'open';
    this.#addresses = NO_ADDRESSES;
    this.#sockets.emptyNs[this.#fd] = this.#sockets.lookedNs;
    this.#watch();
    this.#handlers.onOpen();
    if (this.#hasEnded && this.#state === 'open' && this.unsentBytes === 0) this.#shutDown();
  }

  /** Reads until nothing is left, which a read that does not fill the buffer shows without another call. */
  #receive(): void {
    const { arrival } = this.#sockets;
    for (let reads = 0; reads < MAX_READS && this.#state === 'open' && !this.#hasPeerEnded; reads++) {
      const count = this.#sockets.receive(this.#fd);
      if (count <= 0) {
        this.#takeNothing(count);
        return;
      }
      const emptyNs = this.#sockets.emptyNs[this.#fd] ?? 0;
      // A step of the wall clock may put a stamp before the time at which there was nothing to read.
      if (arrival.receivedNs < emptyNs) arrival.receivedNs = emptyNs;
      const sinceNs = this.#isEmpty ? Math.max(emptyNs, this.#sockets.reportedNs) : emptyNs;
      arrival.sinceNs = Math.min(arrival.receivedNs, sinceNs);
      this.#isEmpty = count < READ_BYTES;
      if (this.#isEmpty) this.#sockets.emptyNs[this.#fd] = this.#sockets.lookedNs;
      this.#handlers.onBytes(this.#sockets.received(count), arrival);
      if (this.#isEmpty) return;
    }
  }

  /** Takes the end of the stream, the end of what there is to read, or an error. */
  #takeNothing(count: number): void {
    if (count === 0) this.#takeEnd();
    else if (count === -ERRNO.again) {
      this.#isEmpty = true;
      this.#sockets.emptyNs[this.#fd] = this.#sockets.lookedNs;
    } else if (count !== -ERRNO.interrupted) this.#close(systemError('read', -count));
  }

  #takeEnd(): void {
    this.#hasPeerEnded = true;
    this.#handlers.onEnd();
    if (this.#state !== 'open') return;
    if (this.#hasEnded && this.unsentBytes === 0) this.#close(null);
    else this.#watch();
  }

  write(bytes: Buffer): void {
    if (this.#state === 'closed' || this.#hasEnded || bytes.length === 0) return;
    let sent = 0;
    if (this.#state === 'open' && this.unsentBytes === 0) {
      sent = this.#sockets.send(this.#fd, bytes, 0);
      if (sent === bytes.length) return;
      if (sent < 0) {
        this.#failLater(systemError('write', -sent));
        return;
      }
    }
    this.#queue ??= new SendQueue();
    this.#queue.add(bytes, sent);
    if (this.#state !== 'open') return;
    this.#sockets.counter.notTaken(this.#queue.bytes);
    this.#watch();
  }

  /** A handler may be running that does not expect the end of its connection. */
  #failLater(error: Error): void {
    setImmediate(() => this.#close(error));
  }

  #sendQueued(): void {
    const queue = this.#queue;
    for (let next = queue?.next() ?? null; queue !== null && next !== null; next = queue.next()) {
      const sent = this.#sockets.send(this.#fd, next, 0);
      if (sent < 0) {
        this.#close(systemError('write', -sent));
        return;
      }
      queue.take(sent);
      if (sent < next.length) return;
    }
    this.#queue = null;
    if (this.#hasEnded) this.#shutDown();
    else this.#watch();
  }

  /** Watches what this connection waits for. */
  #watch(): void {
    const events = (this.#hasPeerEnded ? 0 : READABLE) | (this.unsentBytes > 0 ? WRITABLE : 0);
    if (events === this.#watched) return;
    this.#watched = events;
    const errno = this.#sockets.watch(this.#fd, this, events);
    if (errno !== 0) this.#failLater(systemError('epoll_ctl', errno));
  }

  end(): void {
    if (this.#hasEnded || this.#state === 'closed') return;
    this.#hasEnded = true;
    if (this.#state === 'open' && this.unsentBytes === 0) this.#shutDown();
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
    this.#queue = null;
    this.#addresses = NO_ADDRESSES;
    this.#releaseSocket();
  }

  #releaseSocket(): void {
    if (this.#fd >= 0) this.#sockets.close(this.#fd);
    this.#fd = -1;
  }
}
