import { Arena, type Memory } from '../wire/sockets/kernel/arena.ts';
import { Epoll } from '../wire/sockets/kernel/epoll.ts';
import {
  ERRNO,
  FAILED,
  HUNG_UP,
  LEVEL,
  NO_SIGNAL,
  READABLE,
  STREAM_SOCKET,
  TCP_NO_DELAY,
  WRITABLE,
} from '../wire/sockets/kernel/layout.ts';
import { type Libc, loadNative, systemError } from '../wire/sockets/kernel/libc.ts';
import { socketAddress } from '../wire/sockets/kernel/socket-address.ts';
import type { Listen, Peer, PeerHandlers } from './peer.ts';

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
  readonly libc: Libc = loadNative().libc;
  readonly #accept: (peer: Peer) => PeerHandlers;
  readonly #peers: Array<KernelPeer | undefined> = [];
  readonly #scratch: Memory;
  readonly #received: Memory;
  readonly #sent: Memory;
  /** What `#sent` holds: a message to many clients is copied there once. */
  #staged: Buffer | null = null;
  readonly epoll: Epoll;
  #listening = -1;

  constructor(accept: (peer: Peer) => PeerHandlers) {
    const arena = new Arena(this.libc);
    this.#accept = accept;
    this.#scratch = arena.allocate(256);
    this.#received = arena.allocate(BUFFER_BYTES);
    this.#sent = arena.allocate(BUFFER_BYTES);
    this.epoll = new Epoll(this.libc, arena);
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
    this.#check('setsockopt', libc.setsockopt(fd, LEVEL.tcp, TCP_NO_DELAY, at, 4));
    bytes.copy(scratch);
    this.#check('bind', libc.bind(fd, at, bytes.length));
    this.#check('listen', libc.listen(fd, MAX_BACKLOG));
    scratch.writeUInt32LE(bytes.length, 128);
    this.#check('getsockname', libc.getsockname(fd, at, at + 128));
    const bound = scratch.readUInt16BE(2);
    this.#listening = fd;
    const errno = this.epoll.add(fd, READABLE + EDGE_TRIGGERED, 0);
    if (errno !== 0) throw systemError('epoll_ctl', errno);
    return bound;
  }

  /** Waits for events and handles them until the process ends. */
  run(): void {
    for (let waits = 0; waits < MAX_WAITS && this.#wait(); waits++);
    setImmediate(() => this.run());
  }

  /** Returns whether anything happened. */
  #wait(): boolean {
    const count = this.epoll.wait(MAX_WAIT_NS);
    for (let index = 0; index < count; index++) {
      const fd = this.epoll.fdAt(index);
      if (fd === this.#listening) this.#acceptAll();
      else this.#handle(fd, this.epoll.eventsAt(index));
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
      this.epoll.add(fd, READABLE, 0);
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
      this.#listener.epoll.modify(this.#fd, READABLE | WRITABLE, 0);
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
    else this.#listener.epoll.modify(this.#fd, READABLE, 0);
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
