import type { Arena, Memory } from './arena.ts';
import { CLOEXEC, EPOLL, ERRNO, eventLayoutOf, SYSCALL_EPOLL_PWAIT2, TIME } from './layout.ts';
import { type Libc, systemError } from './libc.ts';

/** More events are reported by the next wait. */
const MAX_EVENTS = 1024;

/** The kernel's wait for many descriptors (epoll(7), level-triggered). Waiting allocates nothing. */
export class Epoll {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #layout = eventLayoutOf(process.arch);
  readonly #words = this.#layout.bytes / 4;
  readonly #dataWord = this.#layout.data / 4;
  readonly #events: Memory;
  readonly #event: Memory;
  readonly #timeout: Memory;
  /** Whether a wait ends on the nanosecond. Otherwise it is cut to whole milliseconds. */
  readonly isPrecise: boolean;

  /** Throws the error of the system where it forbids this. */
  constructor(libc: Libc, arena: Arena) {
    this.#libc = libc;
    this.#events = arena.allocate(MAX_EVENTS * this.#layout.bytes);
    this.#event = arena.allocate(this.#layout.bytes);
    this.#timeout = arena.allocate(TIME.bytes);
    this.#fd = libc.epoll_create1(CLOEXEC);
    if (this.#fd < 0) throw systemError('epoll_create1', libc.errno());
    // Linux before 5.11 does not have epoll_pwait2, and a filter of system calls may forbid it.
    this.isPrecise = this.#waitPrecisely(0) >= 0;
    this.wait(0);
  }

  /** Whether the last wait reported everything that was ready at its end. A signal ends a wait without reporting. */
  hasReportedAll = false;

  /** Watches a descriptor; `tag` (32 bits) comes with its events. Returns 0, or the number of the error. */
  add(fd: number, events: number, tag: number): number {
    return this.#control(EPOLL.add, fd, events, tag);
  }

  modify(fd: number, events: number, tag: number): number {
    return this.#control(EPOLL.modify, fd, events, tag);
  }

  remove(fd: number, tag: number): number {
    return this.#control(EPOLL.delete, fd, 0, tag);
  }

  #control(operation: number, fd: number, events: number, tag: number): number {
    const { words, address } = this.#event;
    words[0] = events;
    words[this.#dataWord] = fd;
    words[this.#dataWord + 1] = tag;
    return this.#libc.epoll_ctl(this.#fd, operation, fd, address) === 0 ? 0 : this.#libc.errno();
  }

  /** Waits for events, but no longer than `timeoutNs`. Returns how many there are; 0 also when a signal ended the wait. */
  wait(timeoutNs: number): number {
    const count = this.isPrecise
      ? this.#waitPrecisely(timeoutNs)
      : this.#libc.epoll_wait(this.#fd, this.#events.address, MAX_EVENTS, Math.floor(timeoutNs / 1e6));
    this.hasReportedAll = count >= 0 && count < MAX_EVENTS;
    if (count >= 0 || this.#libc.errno() === ERRNO.interrupted) return Math.max(0, count);
    throw systemError('epoll_wait', this.#libc.errno());
  }

  #waitPrecisely(timeoutNs: number): number {
    const { words, address } = this.#timeout;
    words[TIME.seconds / 4] = Math.floor(timeoutNs / 1e9);
    words[TIME.nanoseconds / 4] = Math.floor(timeoutNs % 1e9);
    return this.#libc.syscall(
      SYSCALL_EPOLL_PWAIT2,
      this.#fd,
      this.#events.address,
      MAX_EVENTS,
      address,
      0,
      0,
    );
  }

  /** The descriptor of an event of the last wait. */
  fdAt(index: number): number {
    return this.#events.words[index * this.#words + this.#dataWord] ?? -1;
  }

  tagAt(index: number): number {
    return this.#events.words[index * this.#words + this.#dataWord + 1] ?? 0;
  }

  eventsAt(index: number): number {
    return this.#events.words[index * this.#words] ?? 0;
  }
}
