import {
  CONTROL,
  ERRNO,
  eventLayoutOf,
  LEVEL,
  MESSAGE_HEADER,
  SOCKET_OPTION,
} from '../../../src/wire/sockets/kernel/layout.ts';
import type { Libc } from '../../../src/wire/sockets/kernel/libc.ts';

/** Memory that a test sees by its address. */
export class FakeMemory {
  readonly #blocks: ArrayBuffer[] = [];

  /** Addresses are multiples of a mebibyte. */
  readonly addressOf = (memory: ArrayBuffer): number => this.#blocks.push(memory) * 2 ** 20;

  at(address: number): DataView {
    const block = this.#blocks[Math.floor(address / 2 ** 20) - 1];
    if (block === undefined) throw new Error(`nothing is at address ${address}`);
    return new DataView(block, address % 2 ** 20);
  }
}

interface FakeSocket {
  /** What the kernel holds for SO_ERROR. */
  error: number;
  readonly arrived: Array<{ readonly text: string; readonly stampNs: number | null }>;
  readonly sent: string[];
  /** How many bytes the kernel still takes. */
  room: number;
  watched: number;
  tag: number;
}

/** A kernel without a network: a test says what happens on its sockets. */
export class FakeKernel implements Libc {
  readonly #memory = new FakeMemory();
  readonly sockets = new Map<number, FakeSocket>();
  /** Events of the next wait. */
  readonly events: Array<{ readonly fd: number; readonly events: number }> = [];
  /** Errors of calls, by their names, in place of what they do. */
  readonly errors: Partial<Record<string, number>> = {};
  /** Nanoseconds since 1970. */
  wallNs = 1_764_000_000_000_000_000n;
  readonly waits: string[] = [];
  #errno = 0;
  readonly errno = () => this.#errno;
  readonly addressOf = this.#memory.addressOf;
  readonly #layout = eventLayoutOf(process.arch);

  #fail(errno: number): -1 {
    this.#errno = errno;
    return -1;
  }

  /** Does a call, unless it has an error. */
  #try(name: string, work: () => number): number {
    const errno = this.errors[name];
    return errno === undefined ? work() : this.#fail(errno);
  }

  /** As the kernel, it gives the lowest number that is free. */
  readonly socket = () =>
    this.#try('socket', () => {
      let fd = 10;
      while (this.sockets.has(fd)) fd += 1;
      this.sockets.set(fd, { error: 0, arrived: [], sent: [], room: 1e9, watched: 0, tag: 0 });
      return fd;
    });

  socketOf(fd: number): FakeSocket {
    const socket = this.sockets.get(fd);
    if (socket === undefined) throw new Error(`descriptor ${fd} is not open`);
    return socket;
  }

  readonly connect = () => this.#try('connect', () => this.#fail(ERRNO.inProgress));
  readonly setsockopt = () => this.#try('setsockopt', () => 0);
  readonly shutdown = () => 0;
  readonly bind = () => 0;
  readonly listen = () => 0;
  readonly accept4 = () => this.#fail(ERRNO.again);
  readonly getsockname = () => 0;
  readonly recv = () => this.#fail(ERRNO.again);
  readonly prctl = () => 0;

  readonly getsockopt = (fd: number, _level: number, _name: number, value: number) => {
    const socket = this.socketOf(fd);
    this.#memory.at(value).setInt32(0, socket.error, true);
    socket.error = 0;
    return 0;
  };

  readonly close = (fd: number) => {
    this.socketOf(fd);
    this.sockets.delete(fd);
    return 0;
  };

  readonly send = (fd: number, bytes: number, length: number) =>
    this.#try('send', () => {
      const socket = this.socketOf(fd);
      if (socket.room === 0) return this.#fail(ERRNO.again);
      const count = Math.min(length, socket.room);
      const view = this.#memory.at(bytes);
      socket.sent.push(Buffer.from(view.buffer, view.byteOffset, count).toString());
      socket.room -= count;
      return count;
    });

  readonly recvmsg = (fd: number, message: number) =>
    this.#try('recvmsg', () => {
      const socket = this.socketOf(fd);
      if (socket.watched === 0) return this.#fail(ERRNO.notConnected);
      const next = socket.arrived.shift();
      if (next === undefined) return this.#fail(ERRNO.again);
      const at = this.#memory.at(message);
      const vector = this.#memory.at(Number(at.getBigUint64(MESSAGE_HEADER.vectors, true)));
      const bytes = this.#memory.at(Number(vector.getBigUint64(0, true)));
      const count = Buffer.from(bytes.buffer, bytes.byteOffset).write(next.text);
      at.setBigUint64(MESSAGE_HEADER.controlBytes, BigInt(next.stampNs === null ? 0 : CONTROL.bytes), true);
      if (next.stampNs === null) return count;
      const control = this.#memory.at(Number(at.getBigUint64(MESSAGE_HEADER.control, true)));
      const wallNs = this.wallNs + BigInt(next.stampNs);
      control.setInt32(CONTROL.level, LEVEL.socket, true);
      control.setInt32(CONTROL.type, SOCKET_OPTION.timestampNs, true);
      control.setBigInt64(CONTROL.seconds, wallNs / 10n ** 9n, true);
      control.setBigInt64(CONTROL.nanoseconds, wallNs % 10n ** 9n, true);
      return count;
    });

  readonly epoll_create1 = () => this.#try('epoll_create1', () => 5);

  readonly epoll_ctl = (_epoll: number, _operation: number, fd: number, event: number) =>
    this.#try('epoll_ctl', () => {
      const socket = this.socketOf(fd);
      socket.watched = this.#memory.at(event).getUint32(0, true);
      socket.tag = this.#memory.at(event).getUint32(this.#layout.data + 4, true);
      return 0;
    });

  #report(address: number): number {
    const reported = this.events.splice(0);
    reported.forEach(({ fd, events }, index) => {
      const at = this.#memory.at(address + index * this.#layout.bytes);
      at.setUint32(0, events, true);
      at.setInt32(this.#layout.data, fd, true);
      at.setUint32(this.#layout.data + 4, this.socketOf(fd).tag, true);
    });
    return reported.length;
  }

  readonly epoll_wait = (_epoll: number, events: number, _max: number, timeoutMs: number) =>
    this.#try('epoll_wait', () => {
      this.waits.push(`${timeoutMs} ms`);
      return this.#report(events);
    });

  readonly syscall = (_number: number, _epoll: number, events: number, _max: number, timeout: number) =>
    this.#try('epoll_pwait2', () => {
      const time = this.#memory.at(timeout);
      this.waits.push(`${time.getBigInt64(0, true) * 10n ** 9n + time.getBigInt64(8, true)} ns`);
      return this.#report(events);
    });

  readonly clock_gettime = (_clock: number, time: number) => {
    this.#memory.at(time).setBigInt64(0, this.wallNs / 10n ** 9n, true);
    this.#memory.at(time).setBigInt64(8, this.wallNs % 10n ** 9n, true);
    return 0;
  };
}
