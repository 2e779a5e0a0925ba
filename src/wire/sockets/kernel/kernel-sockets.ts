import { isIP } from 'node:net';
import { resolveName } from '../../../contract/address.ts';
import type { Clock } from '../../../measure/clock.ts';
import type { Arrival, ByteStream, StreamAddress, StreamHandlers } from '../stream.ts';
import { Arena, type Block } from './arena.ts';
import { KernelStream, READ_BYTES } from './kernel-stream.ts';
import {
  CLOCK_REALTIME,
  CLOEXEC,
  CONTROL,
  EPOLL,
  ERRNO,
  type EventLayout,
  LEVEL,
  layoutOf,
  MESSAGE,
  OPTION,
  TIME,
  VECTOR,
} from './layout.ts';
import { type Libc, loadLibc, systemError } from './libc.ts';

const MAX_EVENTS = 1024;
const CONTROL_BYTES = 256;

/** What was read from a socket. */
export type Received =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: Error };

/** Connections of one process that are the kernel's own: one wait for all of them, and receive times by the kernel. */
export class KernelSockets {
  readonly libc: Libc;
  /** Small values that go to the kernel: options, addresses. */
  readonly scratch: Block;
  /** Of the bytes that were received last: when the last of them arrived, by the kernel. */
  readonly arrival: Arrival = { receivedNs: 0, sinceNs: 0, uncertaintyNs: 0 };
  /** Holds all memory that the kernel knows by its address. */
  readonly #arena: Arena;
  readonly #clock: Clock;
  readonly #layout: EventLayout;
  readonly #epoll: number;
  readonly #streams = new Map<number, KernelStream>();
  readonly #events: Block;
  readonly #event: Block;
  readonly #timeout: Block;
  readonly #time: Block;
  readonly #read: Block;
  readonly #control: Block;
  readonly #message: Block;
  readonly #sent: Block;
  /** The reading of the run's clock minus that of CLOCK_REALTIME, at the last wake-up. */
  #clockOffset = { seconds: 0, ns: 0 };
  #lookedNs = 0;

  /** Throws an Error that says why this machine has no sockets of the kernel. */
  constructor(clock: Clock) {
    const libc = loadLibc();
    this.#arena = new Arena(libc);
    this.libc = libc;
    this.#clock = clock;
    this.#layout = layoutOf(process.arch);
    this.scratch = this.#arena.allocate(256);
    this.#events = this.#arena.allocate(MAX_EVENTS * this.#layout.bytes);
    this.#event = this.#arena.allocate(this.#layout.bytes);
    this.#timeout = this.#arena.allocate(TIME.bytes);
    this.#time = this.#arena.allocate(TIME.bytes);
    this.#read = this.#arena.allocate(READ_BYTES);
    this.#control = this.#arena.allocate(CONTROL_BYTES);
    this.#message = this.#arena.allocate(MESSAGE.bytes);
    this.#sent = this.#arena.allocate(READ_BYTES);
    this.#epoll = this.#check('epoll_create1', libc.epoll_create1(CLOEXEC));
    this.#describeMessage(this.#arena.allocate(VECTOR.bytes));
    this.#readClock();
  }

  /** Points recvmsg at the buffers: one for all sockets. */
  #describeMessage(vector: Block): void {
    vector.bytes.writeBigUInt64LE(BigInt(this.#read.address), VECTOR.base);
    vector.bytes.writeBigUInt64LE(BigInt(READ_BYTES), VECTOR.length);
    this.#message.bytes.writeBigUInt64LE(BigInt(vector.address), MESSAGE.vectors);
    this.#message.bytes.writeBigUInt64LE(1n, MESSAGE.vectorCount);
    this.#message.bytes.writeBigUInt64LE(BigInt(this.#control.address), MESSAGE.control);
  }

  #check(call: string, result: number): number {
    if (result >= 0) return result;
    throw systemError(call, this.libc.errno());
  }

  /** Opens a connection, as {@link file://./../stream.ts} describes. */
  open(address: StreamAddress, handlers: StreamHandlers): ByteStream {
    const stream = new KernelStream(this, handlers);
    const { host, port } = address;
    if (isIP(host) !== 0) setImmediate(() => stream.connect(host, port));
    else {
      resolveName(host, {}, (error, ip) => {
        if (error === null) stream.connect(String(ip), port);
        else stream.fail(error);
      });
    }
    return stream;
  }

  watch(fd: number, stream: KernelStream, events: number): void {
    const isKnown = this.#streams.has(fd);
    this.#streams.set(fd, stream);
    this.#event.bytes.writeUInt32LE(events, 0);
    this.#event.bytes.writeInt32LE(fd, this.#layout.data);
    const operation = isKnown ? EPOLL.modify : EPOLL.add;
    this.#check('epoll_ctl', this.libc.epoll_ctl(this.#epoll, operation, fd, this.#event.address));
  }

  /** Closes a socket, which the kernel then no longer watches. */
  close(fd: number): void {
    this.#streams.delete(fd);
    this.libc.close(fd);
  }

  /** When the sockets were last looked at, on the clock of the run. */
  get lookedNs(): number {
    return this.#lookedNs;
  }

  /** How many sockets are open. */
  get count(): number {
    return this.#streams.size;
  }

  /**
   * Waits until something happens on a socket, but no longer than `timeoutNs`, and has the streams handle it. Returns
   * whether anything happened.
   */
  wait(timeoutNs: number): boolean {
    const { bytes, address } = this.#timeout;
    bytes.writeBigInt64LE(BigInt(Math.floor(timeoutNs / 1e9)), TIME.seconds);
    bytes.writeBigInt64LE(BigInt(Math.floor(timeoutNs % 1e9)), TIME.nanoseconds);
    const count = this.libc.epoll_pwait2(this.#epoll, this.#events.address, MAX_EVENTS, address, 0);
    if (count <= 0) {
      if (count < 0 && this.libc.errno() !== ERRNO.interrupted)
        throw systemError('epoll_pwait2', this.libc.errno());
      return false;
    }
    this.#readClock();
    for (let index = 0; index < count; index++) {
      const at = index * this.#layout.bytes;
      const fd = this.#events.bytes.readInt32LE(at + this.#layout.data);
      // A handler of an earlier event may have closed it.
      this.#streams.get(fd)?.onEvents(this.#events.bytes.readUInt32LE(at));
    }
    return true;
  }

  /** Reads both clocks, so that stamps of the kernel become times of the run. */
  #readClock(): void {
    this.libc.clock_gettime(CLOCK_REALTIME, this.#time.address);
    const { bytes } = this.#time;
    const seconds = Number(bytes.readBigInt64LE(TIME.seconds));
    this.#lookedNs = this.#clock.nowNs();
    this.#clockOffset = { seconds, ns: this.#lookedNs - Number(bytes.readBigInt64LE(TIME.nanoseconds)) };
  }

  /** Reads what has arrived, and sets {@link arrival}; the bytes are valid until the next call. */
  receive(fd: number): Received {
    this.#message.bytes.writeBigUInt64LE(BigInt(CONTROL_BYTES), MESSAGE.controlBytes);
    const count = this.libc.recvmsg(fd, this.#message.address, 0);
    if (count > 0) {
      this.arrival.receivedNs = this.#stamp();
      return { kind: 'bytes', bytes: this.#read.bytes.subarray(0, count) };
    }
    if (count === 0) return { kind: 'end' };
    const errno = this.libc.errno();
    if (errno === ERRNO.again || errno === ERRNO.interrupted) return { kind: 'nothing' };
    return { kind: 'error', error: systemError('recvmsg', errno) };
  }

  /** When the kernel received what was read last; now where it has not stamped it. */
  #stamp(): number {
    const { bytes } = this.#control;
    const controlBytes = this.#message.bytes.readUInt32LE(MESSAGE.controlBytes);
    const isStamp =
      controlBytes > CONTROL.nanoseconds &&
      bytes.readInt32LE(CONTROL.level) === LEVEL.socket &&
      bytes.readInt32LE(CONTROL.type) === OPTION.timestampNs;
    if (!isStamp) return this.#clock.nowNs();
    const seconds = Number(bytes.readBigInt64LE(CONTROL.seconds)) - this.#clockOffset.seconds;
    return Math.round(
      seconds * 1e9 + Number(bytes.readBigInt64LE(CONTROL.nanoseconds)) + this.#clockOffset.ns,
    );
  }

  /** Sends as much as the kernel takes; returns how many bytes, or the error. */
  send(fd: number, bytes: Buffer, flags: number): number | Error {
    let sent = 0;
    while (sent < bytes.length) {
      const length = bytes.copy(this.#sent.bytes, 0, sent);
      const count = this.libc.send(fd, this.#sent.address, length, flags);
      if (count < 0) {
        const errno = this.libc.errno();
        if (errno === ERRNO.again) return sent;
        if (errno !== ERRNO.interrupted) return systemError('send', errno);
      } else {
        sent += count;
        if (count < length) return sent;
      }
    }
    return sent;
  }
}
