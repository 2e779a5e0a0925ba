import { isIP } from 'node:net';
import { resolveName } from '../../../contract/address.ts';
import type { Clock } from '../../../measure/clock.ts';
import { ReadViews } from '../read-views.ts';
import type { Arrival, ByteStream, StreamAddress, StreamHandlers } from '../stream.ts';
import { Arena, type Memory } from './arena.ts';
import { Epoll } from './epoll.ts';
import { KernelClock } from './kernel-clock.ts';
import { KernelStream } from './kernel-stream.ts';
import {
  CONTROL,
  ERRNO,
  FAMILY,
  LEVEL,
  MESSAGE_HEADER,
  NO_SIGNAL,
  READ_BYTES,
  READABLE,
  SOCKET_OPTION,
  VECTOR,
} from './layout.ts';
import { type Libc, systemError } from './libc.ts';
import type { NodeLoop } from './node-loop.ts';
import { openSocket } from './open-socket.ts';
import { SocketCounter } from './socket-counter.ts';

/** Connections of one process that are the kernel's own: one wait for all of them, and receive times by the kernel. */
export class KernelSockets {
  readonly libc: Libc;
  /** Small values that go to the kernel: options, addresses. */
  readonly scratch: Memory;
  /** Of the bytes that were received last: when the last of them arrived, by the kernel. */
  readonly arrival: Arrival = {
    receivedNs: Number.NaN,
    clock: 'process',
    sinceNs: Number.NaN,
    uncertaintyNs: Number.NaN,
  };
  /** How far this process is behind in receiving and sending. */
  readonly counter: SocketCounter;
  /** Whether Node's own loop had events at the last wait. */
  isNodeReady = false;
  /** Called when the first connection begins after there was none. */
  onFirst: () => void = () => {};
  /** How many bytes all connections have sent and received. */
  readonly bytes = { sent: 0, received: 0 };
  /** How many connections are open or being opened. */
  count = 0;
  /** When the last wait but one ended that reported all: what it did not report had nothing to read then. */
  reportedNs = 0;
  /** By descriptor: when the kernel had nothing more to read. In a field of its stream each would be an object. */
  readonly emptyNs: number[] = [];
  readonly #clock: Clock;
  readonly #node: NodeLoop | null;
  readonly #epoll: Epoll;
  /** Watches Node's loop only. */
  readonly #rest: Epoll;
  readonly #times: KernelClock;
  /** By descriptor. */
  readonly #streams: Array<KernelStream | undefined> = [];
  readonly #views: ReadViews;
  readonly #read: Memory;
  readonly #control: Memory;
  readonly #message: Memory;
  readonly #sent: Memory;
  #lastTag = 0;

  /** Events of `node` end a wait too. Throws an Error where the system forbids what is needed. */
  constructor(clock: Clock, libc: Libc, node: NodeLoop | null) {
    const arena = new Arena(libc);
    this.libc = libc;
    this.#clock = clock;
    this.#node = node;
    this.scratch = arena.allocate(256);
    this.counter = new SocketCounter(libc, this.scratch);
    this.#times = new KernelClock(libc, arena, clock);
    this.#read = arena.allocate(READ_BYTES);
    this.#views = new ReadViews(this.#read.bytes);
    this.#sent = arena.allocate(READ_BYTES);
    this.#control = arena.allocate(CONTROL.bytes);
    this.#message = arena.allocate(MESSAGE_HEADER.bytes);
    this.#describeMessage(arena.allocate(VECTOR.bytes));
    this.#epoll = new Epoll(libc, arena);
    this.#tryReceiving();
    this.#rest = new Epoll(libc, arena);
    for (const epoll of [this.#epoll, this.#rest]) {
      const errno = node === null ? 0 : epoll.add(node.fd, READABLE, 0);
      if (errno !== 0) throw systemError('epoll_ctl', errno);
    }
  }

  /** Points recvmsg at the buffers: one for all sockets. */
  #describeMessage(vector: Memory): void {
    vector.bytes.writeBigUInt64LE(BigInt(this.#read.address), VECTOR.base);
    vector.bytes.writeBigUInt64LE(BigInt(READ_BYTES), VECTOR.length);
    const { bytes } = this.#message;
    bytes.writeBigUInt64LE(BigInt(vector.address), MESSAGE_HEADER.vectors);
    bytes.writeBigUInt64LE(1n, MESSAGE_HEADER.vectorCount);
    bytes.writeBigUInt64LE(BigInt(this.#control.address), MESSAGE_HEADER.control);
  }

  /**
   * Makes the calls that connections need, without connecting: a filter of system calls may forbid them. The socket stays
   * open, since Linux stamps what arrives only while some socket asks for it, and begins some time after that.
   */
  #tryReceiving(): void {
    const fd = openSocket(this, FAMILY.inet);
    if (typeof fd !== 'number') throw fd;
    const result = this.receive(fd, this.counter);
    if (result !== -ERRNO.notConnected) throw systemError('recvmsg', -result);
  }

  /** Whether a wait ends on the nanosecond; otherwise on the millisecond before. */
  get isPrecise(): boolean {
    return this.#epoll.isPrecise;
  }

  /** When the sockets were last looked at, on the clock of the run. */
  get lookedNs(): number {
    return this.#times.lookedNs;
  }

  open({ host, port, localAddress }: StreamAddress, handlers: StreamHandlers): ByteStream {
    this.#lastTag = (this.#lastTag + 1) >>> 0;
    const stream = new KernelStream(this, handlers, this.#lastTag, localAddress);
    if (isIP(host) !== 0) {
      setImmediate(() => stream.connect([host], port));
      return stream;
    }
    resolveName(host, { all: true }, (error, found) => {
      if (error !== null) stream.close(error);
      else stream.connect(typeof found === 'string' ? [found] : found.map(({ address }) => address), port);
    });
    return stream;
  }

  /** Begins to watch the socket of a stream. Returns 0, or the number of the error. */
  add(fd: number, stream: KernelStream, events: number): number {
    const errno = this.#epoll.add(fd, events, stream.tag);
    if (errno !== 0) return errno;
    this.#streams[fd] = stream;
    this.count += 1;
    if (this.count === 1) this.onFirst();
    return 0;
  }

  /** Changes which events are watched, also after {@link unwatch}. Returns 0, or the number of the error. */
  watch(fd: number, stream: KernelStream, events: number): number {
    const errno = this.#epoll.modify(fd, events, stream.tag);
    return errno === ERRNO.noEntry ? this.#epoll.add(fd, events, stream.tag) : errno;
  }

  unwatch(fd: number, stream: KernelStream): void {
    this.#epoll.remove(fd, stream.tag);
  }

  /** Closes a socket, which the kernel then no longer watches. */
  close(fd: number): void {
    if (this.#streams[fd] !== undefined) this.count -= 1;
    this.#streams[fd] = undefined;
    this.libc.close(fd);
  }

  /** Lets messages gather in the kernel for `durationNs`, or until Node's loop has events. */
  rest(durationNs: number): void {
    this.#rest.wait(durationNs);
  }

  /**
   * Waits until something happens on a socket or in Node's loop, but no longer than `timeoutNs`. Returns the number of
   * events, for {@link handle}.
   */
  wait(timeoutNs: number): number {
    if (this.#epoll.hasReportedAll) this.reportedNs = this.#times.lookedNs;
    const count = this.#epoll.wait(timeoutNs);
    this.#times.read();
    return count;
  }

  /** Has the streams handle the events of the last wait. */
  handle(count: number): void {
    this.isNodeReady = false;
    for (let index = 0; index < count; index++) {
      const fd = this.#epoll.fdAt(index);
      if (fd === this.#node?.fd) {
        this.isNodeReady = true;
        continue;
      }
      // A handler of an earlier event may have closed it, and a new stream may have got its descriptor.
      const stream = this.#streams[fd];
      if (stream?.tag === this.#epoll.tagAt(index)) stream.onEvents(this.#epoll.eventsAt(index));
    }
  }

  /**
   * Reads what has arrived, and sets the time of {@link arrival}; the bytes are those of {@link received}. Returns how
   * many there are, 0 at the end of the stream, and the negative number of an error. A null counter counts no read.
   */
  receive(fd: number, counter: SocketCounter | null): number {
    counter?.beforeRead(fd);
    this.#message.words[MESSAGE_HEADER.controlBytes / 4] = CONTROL.bytes;
    const count = this.libc.recvmsg(fd, this.#message.address, 0);
    if (count < 0) return -this.libc.errno();
    if (count === 0) return 0;
    this.bytes.received += count;
    this.arrival.receivedNs = this.#stamp();
    counter?.afterRead(count === READ_BYTES, this.#times.lookedNs - this.arrival.receivedNs);
    return count;
  }

  /** The first `count` bytes that {@link receive} has read; valid until its next call. */
  received(count: number): Buffer {
    return this.#views.of(count);
  }

  /** When the kernel received what was read last; now where it has not stamped it. */
  #stamp(): number {
    const { words } = this.#control;
    const isStamp =
      this.#message.words[MESSAGE_HEADER.controlBytes / 4] === CONTROL.bytes &&
      words[CONTROL.level / 4] === LEVEL.socket &&
      words[CONTROL.type / 4] === SOCKET_OPTION.timestampNs;
    this.arrival.clock = isStamp ? 'kernel' : 'process';
    if (!isStamp) return this.#clock.nowNs();
    return this.#times.timeOf(words[CONTROL.seconds / 4] ?? 0, words[CONTROL.nanoseconds / 4] ?? 0);
  }

  /**
   * Sends bytes from an offset on, as many as the kernel takes. Returns how many it took, or the negative number of an
   * error. They are copied first: they may lie where a garbage collection moves them.
   */
  send(fd: number, bytes: Buffer, from: number): number {
    let sent = 0;
    while (from + sent < bytes.length) {
      const length = bytes.copy(this.#sent.bytes, 0, from + sent);
      const count = this.libc.send(fd, this.#sent.address, length, NO_SIGNAL);
      if (count >= 0) {
        sent += count;
        this.bytes.sent += count;
        if (count < length) return sent;
        continue;
      }
      const errno = this.libc.errno();
      if (errno === ERRNO.interrupted) continue;
      if (sent > 0 || errno === ERRNO.again || errno === ERRNO.noBuffers) return sent;
      return -errno;
    }
    return sent;
  }
}
