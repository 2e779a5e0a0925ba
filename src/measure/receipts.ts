import type { Clock } from './clock.ts';
import type { ReceiveWindow } from './receive-window.ts';

/** When a message arrived, as its driver knows it. One object may serve all messages: it is valid during a call. */
export interface ReceiptTime {
  /** When its last byte arrived, on the clock of the run. */
  receivedNs: number;
  /** Who read that time: the kernel on arrival, or this process when it read the bytes. */
  clock: ReceiveClock;
  /** For how long before `receivedNs` it may have arrived already: 0 for the last message of a read. */
  uncertaintyNs: number;
}

export type ReceiveClock = 'kernel' | 'process';

/** How many messages were received. */
export interface ReceiptCounts {
  readonly receivedCount: number;
  /** Those with a time of the kernel. */
  readonly stampedCount: number;
  /** Those of them that came in one read with a later one, and have its time. */
  readonly sharedCount: number;
}

export interface ReceiptsOptions {
  readonly clock: Clock;
  /** Judges the times that this process reads itself. */
  readonly window: Pick<ReceiveWindow, 'note' | 'noteLatency'>;
  /** Gets each message with a time of the kernel, and for how long before it the message may have arrived. */
  readonly onStamped: (receivedNs: number, uncertaintyNs: number) => void;
  /** Gets each latency of the headline that ends at a time of the kernel, and by how much it may be too high. */
  readonly onLatency: (latencyNs: number, uncertaintyNs: number) => void;
}

/** How long messages gather in the kernel, which times each of them, before they are handled together. */
const GATHER_NS = 200_000;
/** Messages that came in one read have one time. Nothing gathers for so long after such a read. */
const APART_NS = 1e9;

/**
 * Says when messages were received, and how certain that is. Whoever handles a message asks for its time by {@link at}
 * first, and notes it by {@link note} if it counts.
 */
export class Receipts {
  readonly #options: ReceiptsOptions;
  /** Of the message that is handled now. */
  #isStamped = false;
  #uncertaintyNs = 0;
  #received = 0;
  #stamped = 0;
  #shared = 0;
  #stampedAtGather = 0;
  #sharedNs = Number.NEGATIVE_INFINITY;
  readonly #forget = () => {
    this.#uncertaintyNs = 0;
  };

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  /** When the message arrived that is handled now: now, unless its driver knows better. */
  at(arrival: ReceiptTime | undefined): number {
    this.#isStamped = arrival?.clock === 'kernel';
    if (arrival === undefined) return this.#options.clock.nowNs();
    this.#uncertaintyNs = arrival.uncertaintyNs;
    // What is recorded later, as by a promise, belongs to no message.
    if (this.#uncertaintyNs > 0) queueMicrotask(this.#forget);
    return arrival.receivedNs;
  }

  /** Whether the message that is handled now has a time of the kernel. */
  get isStamped(): boolean {
    return this.#isStamped;
  }

  /** Notes the message that is handled now, with the time that {@link at} gave. */
  note(receivedNs: number): void {
    this.#received += 1;
    if (!this.#isStamped) {
      this.#options.window.note(receivedNs);
      return;
    }
    this.#stamped += 1;
    if (this.#uncertaintyNs > 0) {
      this.#shared += 1;
      this.#sharedNs = receivedNs;
    }
    this.#options.onStamped(receivedNs, this.#uncertaintyNs);
  }

  /** For how long the messages that come next may gather: 0 unless others have just been handled. */
  gatherNs(): number {
    const hasHandled = this.#stamped !== this.#stampedAtGather;
    this.#stampedAtGather = this.#stamped;
    return hasHandled && this.#options.clock.nowNs() - this.#sharedNs > APART_NS ? GATHER_NS : 0;
  }

  /** Notes a latency of the headline that is recorded now. */
  noteLatency(latencyNs: number): void {
    if (this.#isStamped) this.#options.onLatency(latencyNs, this.#uncertaintyNs);
    else this.#options.window.noteLatency(latencyNs);
  }

  /** Returns what was counted since the last call. */
  take(): ReceiptCounts {
    const counts = {
      receivedCount: this.#received,
      stampedCount: this.#stamped,
      sharedCount: this.#shared,
    };
    this.#received = 0;
    this.#stamped = 0;
    this.#shared = 0;
    this.#stampedAtGather = 0;
    return counts;
  }
}
