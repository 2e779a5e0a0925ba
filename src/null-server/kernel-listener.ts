import { Arena, type Block } from '../wire/sockets/kernel/arena.ts';
import {
  CLOEXEC,
  EPOLL,
  ERRNO,
  type EventLayout,
  FAILED,
  HUNG_UP,
  LEVEL,
  layoutOf,
  NO_SIGNAL,
  OPTION,
  READABLE,
  STREAM_SOCKET,
  TIME,
  WRITABLE,
} from '../wire/sockets/kernel/layout.ts';
import { type Libc, loadLibc, systemError } from '../wire/sockets/kernel/libc.ts';
import { socketAddress } from '../wire/sockets/kernel/socket-address.ts';
import type { Listen, Peer, PeerHandlers } from './peer.ts';

const MAX_EVENTS = 1024;
const BUFFER_BYTES = 64 * 1024;
const MAX_BACKLOG = 4096;
/** EPOLLET: a listener without a free file descriptor is not reported again and again. */
const EDGE_TRIGGERED = 2 ** 31;
/** SOCK_NONBLOCK | SOCK_CLOEXEC */
const ACCEPT_FLAGS = STREAM_SOCKET & ~1;
/** Signals and the end of the parent are handled by Node's own loop, at least so often. */
const MAX_WAIT_NS = 20e6;
const MAX_WAITS = 64;

/** Accepts connections by calls of the kernel. Rejects, with the reason, where there are none on this machine. */
export const listenByKernel: Listen = async (host, port, accept) => {
  const listener = new KernelListener(accept);
  const bound = listener.listen(host, port);
  listener.run();
  return { port: bound };
};

/** All connections of this process: one wait, one buffer to receive into and one to send from. */
class KernelListener {
  readonly libc: Libc = loadLibc();
  readonly #accept: (peer: Peer) => PeerHandlers;
  readonly #layout: EventLayout = layoutOf(process.arch);
  readonly #peers: Array<KernelPeer | undefined> = [];
  readonly #scratch: Block;
  readonly #events: Block;
  readonly #timeout: Block;
  readonly #received: Block;
  readonly #sent: Block;
  /** What `#sent` holds: a message to many clients is copied there once. */
  #staged: Buffer | null = null;
  readonly #epoll: number;
  #listening = -1;

  constructor(accept: (peer: Peer) => PeerHandlers) {
    const arena = new Arena(this.libc);
    this.#accept = accept;
    this.#scratch = arena.allocate(256);
    this.#events = arena.allocate(MAX_EVENTS * this.#layout.bytes);
    this.#timeout = arena.allocate(TIME.bytes);
    this.#timeout.bytes.writeBigInt64LE(BigInt(MAX_WAIT_NS), TIME.nanoseconds);
    this.#received = arena.allocate(BUFFER_BYTES);
    this.#sent = arena.allocate(BUFFER_BYTES);
    this.#epoll = this.#check('epoll_create1', this.libc.epoll_create1(CLOEXEC));
  }

  #check(call: string, result: number): number {
    if (result >= 0) return result;
    throw systemError(call, this.libc.errno());
  }

  /** Listens, and returns the port. Throws the error of the system. */
  listen(host: string, port: number): number {
    const { libc } = this;
    const { bytes: scratch, address: at } = this.#scratch;
    const { family, bytes } = socketAddress(host, port);
    const fd = this.#check('socket', libc.socket(family, STREAM_SOCKET, 0));
    // Accepted connections inherit it.
    scratch.writeInt32LE(1, 0);
    this.#check('setsockopt', libc.setsockopt(fd, LEVEL.tcp, OPTION.noDelay, at, 4));
    bytes.copy(scratch);
    this.#check('bind', libc.bind(fd, at, bytes.length));
    this.#check('listen', libc.listen(fd, MAX_BACKLOG));
    scratch.writeUInt32LE(bytes.length, 128);
    this.#check('getsockname', libc.getsockname(fd, at, at + 128));
    const bound = scratch.readUInt16BE(2);
    this.#listening = fd;
    this.watch(EPOLL.add, fd, READABLE + EDGE_TRIGGERED);
    return bound;
  }

  watch(operation: number, fd: number, events: number): void {
    this.#scratch.bytes.writeUInt32LE(events, 0);
    this.#scratch.bytes.writeInt32LE(fd, this.#layout.data);
    this.#check('epoll_ctl', this.libc.epoll_ctl(this.#epoll, operation, fd, this.#scratch.address));
  }

  /** Waits for events and handles them until the process ends. */
  run(): void {
    for (let waits = 0; waits < MAX_WAITS && this.#wait(); waits++);
    setImmediate(() => this.run());
  }

  /** Returns whether anything happened. */
  #wait(): boolean {
    const { bytes, address } = this.#events;
    const count = this.libc.epoll_pwait2(this.#epoll, address, MAX_EVENTS, this.#timeout.address, 0);
    for (let index = 0; index < count; index++) {
      const at = index * this.#layout.bytes;
      const fd = bytes.readInt32LE(at + this.#layout.data);
      if (fd === this.#listening) this.#acceptAll();
      else this.#handle(fd, bytes.readUInt32LE(at));
    }
    return count > 0;
  }

  #acceptAll(): void {
    for (;;) {
      const fd = this.libc.accept4(this.#listening, 0, 0, ACCEPT_FLAGS);
      if (fd < 0) return;
      const peer = new KernelPeer(this, fd);
      this.#peers[fd] = peer;
      peer.handlers = this.#accept(peer);
      this.watch(EPOLL.add, fd, READABLE);
    }
  }

  #handle(fd: number, events: number): void {
    const peer = this.#peers[fd];
    if (peer === undefined) return;
    if ((events & (READABLE | HUNG_UP | FAILED)) !== 0) this.#receive(fd, peer);
    if ((events & WRITABLE) !== 0 && this.#peers[fd] === peer) peer.sendUnsent();
  }

  #receive(fd: number, peer: KernelPeer): void {
    const count = this.libc.recv(fd, this.#received.address, BUFFER_BYTES, 0);
    if (count > 0) {
      peer.handlers?.onBytes(this.#received.bytes.subarray(0, count));
      return;
    }
    const errno = count === 0 ? null : this.libc.errno();
    if (errno !== ERRNO.again && errno !== ERRNO.interrupted) peer.close();
  }

  /** Sends as much as the kernel takes, and returns how much; -1 when the connection has failed. */
  send(fd: number, bytes: Buffer): number {
    let sent = 0;
    while (sent < bytes.length) {
      const length = Math.min(bytes.length - sent, BUFFER_BYTES);
      if (sent > 0 || this.#staged !== bytes) bytes.copy(this.#sent.bytes, 0, sent, sent + length);
      this.#staged = sent === 0 && length === bytes.length ? bytes : null;
      const count = this.libc.send(fd, this.#sent.address, length, NO_SIGNAL);
      if (count < 0) return this.libc.errno() === ERRNO.again ? sent : -1;
      sent += count;
      if (count < length) return sent;
    }
    return sent;
  }

  forget(fd: number): void {
    this.#peers[fd] = undefined;
    this.libc.close(fd);
  }
}

class KernelPeer implements Peer {
  handlers: PeerHandlers | null = null;
  readonly #listener: KernelListener;
  readonly #fd: number;
  /** What the kernel has not taken, in order. */
  #unsent: Buffer[] = [];
  #isEnding = false;
  #isClosed = false;

  constructor(listener: KernelListener, fd: number) {
    this.#listener = listener;
    this.#fd = fd;
  }

  write(bytes: Buffer): void {
    if (this.#isClosed || this.#isEnding) return;
    if (this.#unsent.length > 0) {
      this.#unsent.push(bytes);
      return;
    }
    const sent = this.#listener.send(this.#fd, bytes);
    if (sent < 0) this.#closeLater();
    else if (sent < bytes.length) {
      this.#unsent.push(bytes.subarray(sent));
      this.#listener.watch(EPOLL.modify, this.#fd, READABLE | WRITABLE);
    }
  }

  sendUnsent(): void {
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const sent = this.#listener.send(this.#fd, next);
      if (sent < 0) {
        this.close();
        return;
      }
      if (sent < next.length) {
        this.#unsent[0] = next.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
    if (this.#isEnding) this.close();
    else this.#listener.watch(EPOLL.modify, this.#fd, READABLE);
  }

  end(): void {
    this.#isEnding = true;
    if (this.#unsent.length === 0) this.#closeLater();
  }

  /** The caller may be going through all connections. */
  #closeLater(): void {
    this.#isEnding = true;
    setImmediate(() => this.close());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.forget(this.#fd);
    this.handlers?.onGone();
  }
}
