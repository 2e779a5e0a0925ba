import type { Memory } from './arena.ts';
import { LEVEL, MEMORY, SOCKET_OPTION } from './layout.ts';
import type { Libc } from './libc.ts';

/** How far a process was behind in receiving and sending, since these counts were last taken. */
export interface SocketCounts {
  /** Reads that found bytes. */
  readonly reads: number;
  /** Reads that filled the read buffer of 64 KiB: a connection had that much waiting, or more. */
  readonly fullReads: number;
  /** From the kernel's receive time of a read to the wake-up that found it: the sum over all reads. */
  readonly waitedNs: number;
  /** The longest time from the receive time of a read to the end of the wake-up in which it was handled. */
  readonly longestWaitNs: number;
  /**
   * The fullest receive buffer of a connection before it was read, as a share of its limit; from about 1 on the peer
   * cannot send. Only buffers that were read late are looked at, otherwise it is 0.
   */
  readonly fullestBuffer: number;
  /** Sends of which the kernel did not take all at once, because the peer or the network takes no more. */
  readonly sendsNotTaken: number;
  /** The most bytes that one connection had waiting to be sent. */
  readonly mostUnsentBytes: number;
}

/** Bytes that waited this long were read late. */
const LATE_NS = 1e6;

/** Counts how far a process is behind. Numbers only: it is called for every read. */
export class SocketCounter {
  readonly #libc: Pick<Libc, 'getsockopt'>;
  readonly #scratch: Memory;
  #reads = 0;
  #fullReads = 0;
  #waitedNs = 0;
  #longestWaitNs = 0;
  #fullestBuffer = 0;
  #sendsNotTaken = 0;
  #mostUnsentBytes = 0;
  /** Of the reads since the last wake-up: how long before it the first bytes had arrived. */
  #oldestNs = 0;
  #isLate = false;

  constructor(libc: Pick<Libc, 'getsockopt'>, scratch: Memory) {
    this.#libc = libc;
    this.#scratch = scratch;
  }

  /** Looks at how full a receive buffer is, where this wake-up reads late. */
  beforeRead(fd: number): void {
    if (!this.#isLate) return;
    const { words, address } = this.#scratch;
    const lengthWord = MEMORY.bytes / 4;
    words[lengthWord] = MEMORY.bytes;
    const lengthAddress = address + MEMORY.bytes;
    if (this.#libc.getsockopt(fd, LEVEL.socket, SOCKET_OPTION.memory, address, lengthAddress) !== 0) return;
    const limit = words[MEMORY.receiveLimitAt] ?? 0;
    const fill = limit === 0 ? 0 : (words[MEMORY.receivedAt] ?? 0) / limit;
    if (fill > this.#fullestBuffer) this.#fullestBuffer = fill;
  }

  /** Counts a read, and how long before the wake-up its last byte had arrived; negative if after it. */
  afterRead(isFull: boolean, waitedNs: number): void {
    this.#reads += 1;
    if (isFull) this.#fullReads += 1;
    if (waitedNs <= 0) return;
    this.#waitedNs += waitedNs;
    if (waitedNs > this.#oldestNs) this.#oldestNs = waitedNs;
    if (waitedNs > LATE_NS) this.#isLate = true;
  }

  /** Counts a wake-up, and how long its events were handled. */
  afterHandling(handlingNs: number): void {
    const waitNs = this.#oldestNs + handlingNs;
    if (waitNs > this.#longestWaitNs) this.#longestWaitNs = waitNs;
    this.#oldestNs = 0;
    this.#isLate = handlingNs > LATE_NS;
  }

  /** Counts a send of which something has to wait: `unsentBytes` in all. */
  notTaken(unsentBytes: number): void {
    this.#sendsNotTaken += 1;
    if (unsentBytes > this.#mostUnsentBytes) this.#mostUnsentBytes = unsentBytes;
  }

  /** Returns what was counted since the last call. */
  take(): SocketCounts {
    const counts = {
      reads: this.#reads,
      fullReads: this.#fullReads,
      waitedNs: this.#waitedNs,
      longestWaitNs: this.#longestWaitNs,
      fullestBuffer: this.#fullestBuffer,
      sendsNotTaken: this.#sendsNotTaken,
      mostUnsentBytes: this.#mostUnsentBytes,
    };
    this.#reads = 0;
    this.#fullReads = 0;
    this.#waitedNs = 0;
    this.#longestWaitNs = 0;
    this.#fullestBuffer = 0;
    this.#sendsNotTaken = 0;
    this.#mostUnsentBytes = 0;
    return counts;
  }
}
