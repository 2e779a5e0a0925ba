import type { Socket } from 'node:net';
import type { LinkSchedule } from './link-schedule.ts';
import type { Releasable, ReleaseQueue } from './release-queue.ts';

/** What waits to leave a link: bytes, or the end of the stream. */
interface Held {
  readonly bytes: Buffer | null;
  readonly dueNs: number;
}

/** What every direction of a relay uses. */
export interface RelayParts {
  readonly nowNs: () => number;
  readonly queue: ReleaseQueue;
  /** Takes by how much something left later than it was due. */
  readonly onReleased: (excessNs: number) => void;
}

/** Bytes that a link carries at most at one time, where no bandwidth limits it. */
const MAX_IN_LINK_BYTES = 4 * 1024 ** 2;
/** Bytes that wait for a bandwidth at most: the queue of a router. Its source is not read meanwhile. */
const MAX_WAITING_BYTES = 64 * 1024;

/** One direction of one connection: reads from one socket, and writes to the other when the link lets it. */
export class RelayedDirection implements Releasable {
  readonly #relay: RelayParts;
  readonly #schedule: LinkSchedule;
  readonly #from: Socket;
  readonly #to: Socket;
  #held: Held[] = [];
  #heldBytes = 0;
  #isQueued = false;
  #isCut = false;
  /** Whether what arrives is dropped. */
  isSwallowing = false;

  constructor(relay: RelayParts, schedule: LinkSchedule, from: Socket, to: Socket) {
    this.#relay = relay;
    this.#schedule = schedule;
    this.#from = from;
    this.#to = to;
    to.on('drain', () => this.#readAgain());
  }

  get dueNs(): number {
    return this.#held[0]?.dueNs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes bytes that were read just now. */
  take(bytes: Buffer): void {
    if (this.#isCut || this.isSwallowing) return;
    const nowNs = this.#relay.nowNs();
    for (const piece of this.#schedule.pieces(bytes, nowNs)) this.#hold(piece);
    this.#heldBytes += bytes.length;
    if (this.#isFull) this.#from.pause();
  }

  /** Takes the end of what can be read. */
  takeEnd(): void {
    if (!this.#isCut) this.#hold({ bytes: null, dueNs: this.#schedule.endNs(this.#relay.nowNs()) });
  }

  /** Drops what is held. Nothing is written any more. */
  cut(): void {
    this.#isCut = true;
    this.#held = [];
  }

  #hold(held: Held): void {
    this.#held.push(held);
    this.#enqueue();
  }

  #enqueue(): void {
    if (this.#isQueued || this.#held.length === 0) return;
    this.#isQueued = true;
    this.#relay.queue.add(this);
  }

  release(): void {
    this.#isQueued = false;
    const nowNs = this.#relay.nowNs();
    let released = 0;
    for (const { bytes, dueNs } of this.#held) {
      if (dueNs > nowNs) break;
      released += 1;
      this.#write(bytes);
      this.#relay.onReleased(this.#relay.nowNs() - dueNs);
    }
    this.#held.splice(0, released);
    this.#enqueue();
    this.#readAgain();
  }

  #write(bytes: Buffer | null): void {
    if (bytes === null) {
      this.#to.end();
      return;
    }
    this.#heldBytes -= bytes.length;
    if (this.#to.writable) this.#to.write(bytes);
  }

  get #isFull(): boolean {
    const isWaiting = this.#schedule.waitingBytes(this.#relay.nowNs()) > MAX_WAITING_BYTES;
    return isWaiting || this.#heldBytes + this.#to.writableLength > MAX_IN_LINK_BYTES;
  }

  #readAgain(): void {
    if (!this.#isCut && this.#from.isPaused() && !this.#isFull) this.#from.resume();
  }
}
