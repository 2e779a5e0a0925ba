import type { ByteStream, StreamHandlers } from '../stream.ts';
import type { KernelSockets } from './kernel-sockets.ts';
import { ERRNO, FAILED, HUNG_UP, READABLE, SHUT_WRITE, WRITABLE } from './layout.ts';
import { systemError } from './libc.ts';
import { Destinations, pendingError, resetWhenClosed } from './open-socket.ts';
import { SendQueue } from './send-queue.ts';
import { SocketReader } from './socket-reader.ts';

/** A connection reads this often per wake-up, so that one that floods does not keep the others waiting. */
const MAX_READS = 4;

/** One connection of the kernel. */
export class KernelStream implements ByteStream {
  /** Comes with the events of this stream, and with those of no other. */
  readonly tag: number;
  readonly #sockets: KernelSockets;
  readonly #handlers: StreamHandlers;
  #state: 'new' | 'connecting' | 'open' | 'closed' = 'new';
  #fd = -1;
  #hasPeerEnded = false;
  /** Null once it is open. */
  #destinations: Destinations | null = null;
  readonly #reader: SocketReader;
  #watched = 0;
  #queue: SendQueue | null = null;
  readonly #localAddress: string | undefined;
  #hasEnded = false;

  constructor(sockets: KernelSockets, handlers: StreamHandlers, tag: number, localAddress?: string) {
    this.#sockets = sockets;
    this.#reader = new SocketReader(sockets);
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
    this.#destinations = new Destinations(this.#sockets, addresses, port, this.#localAddress);
    this.#connectNext(new Error('the name has no address'));
  }

  /** Connects to the next address; without one the connection fails with the error of the last. */
  #connectNext(error: Error): void {
    const opened = this.#destinations?.next() ?? null;
    if (opened === null) {
      this.close(error);
      return;
    }
    const problem = typeof opened === 'number' ? this.#watchConnecting(opened) : opened;
    if (problem === null) return;
    this.#releaseSocket();
    this.#connectNext(problem);
  }

  #watchConnecting(opened: number): Error | null {
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
    if (hasFailed && !this.#mayRead) {
      // A client that reads nothing learns of the end when it reads again.
      this.#sockets.unwatch(this.#fd, this);
      this.#watched = -1;
      return;
    }
    if (hasFailed && this.#hasPeerEnded) {
      const errno = pendingError(this.#sockets, this.#fd);
      this.close(errno === 0 ? null : systemError('read', errno));
      return;
    }
    if (hasFailed || (events & READABLE) !== 0) this.#receive();
    if ((events & WRITABLE) !== 0 && this.#state === 'open') this.#sendQueued();
  }

  #finishConnecting(): void {
    const errno = pendingError(this.#sockets, this.#fd);
    if (errno !== 0) {
      this.#releaseSocket();
      this.#connectNext(this.#destinations?.errorOf(errno) ?? systemError('connect', errno));
      return;
    }
    this.#state = 'open';
    this.#destinations = null;
    this.#sockets.emptyNs[this.#fd] = this.#sockets.lookedNs;
    this.#watch();
    this.#handlers.onOpen();
    if (this.#hasEnded && this.#state === 'open' && this.unsentBytes === 0) this.#shutDown();
  }

  /** Reads until nothing is left, which a read that does not fill the buffer shows without another call. */
  #receive(): void {
    for (let reads = 0; reads < MAX_READS && this.#state === 'open' && this.#mayRead; reads++) {
      const count = this.#reader.read(this.#fd);
      if (count <= 0) {
        this.#takeNothing(count);
        return;
      }
      this.#handlers.onBytes(this.#sockets.received(count), this.#sockets.arrival);
      if (this.#reader.took(count)) this.#watch();
      if (this.#reader.isEmpty) return;
    }
  }

  get #mayRead(): boolean {
    return !this.#hasPeerEnded && this.#reader.mayRead;
  }

  limitReading(bytesPerSecond: number | null): void {
    this.#reader.limit(bytesPerSecond, () => this.#watch());
    if (this.#state === 'open') this.#watch();
  }

  /** Takes the end of the stream, the end of what there is to read, or an error. */
  #takeNothing(count: number): void {
    if (count === 0) this.#takeEnd();
    else if (count !== -ERRNO.again && count !== -ERRNO.interrupted) this.close(systemError('read', -count));
  }

  #takeEnd(): void {
    this.#hasPeerEnded = true;
    this.#handlers.onEnd();
    if (this.#state !== 'open') return;
    if (this.#hasEnded && this.unsentBytes === 0) this.close(null);
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
    setImmediate(() => this.close(error));
  }

  #sendQueued(): void {
    const queue = this.#queue;
    for (let next = queue?.next() ?? null; queue !== null && next !== null; next = queue.next()) {
      const sent = this.#sockets.send(this.#fd, next, 0);
      if (sent < 0) {
        this.close(systemError('write', -sent));
        return;
      }
      queue.take(sent);
      if (sent < next.length) return;
    }
    this.#queue = null;
    if (this.#hasEnded) this.#shutDown();
    else this.#watch();
  }

  #watch(): void {
    const events = (this.#mayRead ? READABLE : 0) | (this.unsentBytes > 0 ? WRITABLE : 0);
    if (events === this.#watched || this.#state !== 'open') return;
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
    if (this.#hasPeerEnded) setImmediate(() => this.close(null));
    else this.#watch();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.#release();
    setImmediate(() => this.#handlers.onClosed(null));
  }

  reset(): void {
    if (this.#fd >= 0) resetWhenClosed(this.#sockets, this.#fd);
    this.destroy();
  }

  /** Ends the connection, with an error or because both sides have ended. */
  close(error: Error | null): void {
    if (this.#state === 'closed') return;
    this.#release();
    this.#handlers.onClosed(error);
  }

  #release(): void {
    this.#state = 'closed';
    this.#queue = null;
    this.#destinations = null;
    this.#reader.stop();
    this.#releaseSocket();
  }

  #releaseSocket(): void {
    if (this.#fd >= 0) this.#sockets.close(this.#fd);
    this.#fd = -1;
  }
}
