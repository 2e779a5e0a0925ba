import type { Clock } from '../../measure/clock.ts';
import type { Shard } from '../../plan/shard.ts';
import { conflictOf, shardOn, startedTwice } from './conflict.ts';
import type { Announced, Caller } from './documents.ts';
import type { ClockComparison } from './host-clock.ts';
import { otherIndices } from './meeting.ts';
import type { ClockReport, ClockResults, Status, UrlStart } from './url-messages.ts';

/** A shard that does not ask for so long has ended, in milliseconds. */
const SILENT_AFTER_MS = 5000;
/** From the agreement to the start, in milliseconds: all shards ask again within this time. */
const URL_LEAD_MS = 1500;
/** Processes that may announce themselves at a time, for each shard: more than one after restarts. */
const ADMITTED_PER_SHARD = 20;

/** Another shard, as shard 1 sees it. */
interface Guest {
  readonly announced: Announced;
  askedNs: number;
  before: ClockComparison | null;
  after: ClockComparison | null;
  hasStart: boolean;
  hasLeft: boolean;
}

/** What shard 1 refuses. It is sent to the process that asked. */
export class Refusal extends Error {}

/** Where the shards of a run announce themselves to shard 1. It knows nothing of HTTP. */
export class Desk {
  readonly #shard: Shard;
  readonly #clock: Clock;
  readonly #guests = new Map<number, Guest>();
  readonly #admitted = new Set<string>();
  /** Processes that ask for an index which another one has, by index. */
  readonly #rivals = new Map<number, Caller & { readonly sinceNs: number }>();
  #own: Announced | null = null;
  #start: UrlStart | null = null;
  #conflict: string | null = null;
  /** The last process that was refused, in words. */
  #stranger: string | null = null;

  constructor(shard: Shard, clock: Clock) {
    this.#shard = shard;
    this.#clock = clock;
  }

  /** Opens the desk: the clients of shard 1 have connected. */
  open(own: Announced): void {
    this.#own = own;
  }

  get start(): UrlStart | null {
    return this.#start;
  }

  /** Why the run cannot start at all; null while it can. */
  get conflict(): string | null {
    return this.#conflict;
  }

  /** A process that was refused, for the message about missing shards; null when there was none. */
  get stranger(): string | null {
    return this.#stranger;
  }

  /** Shards that have not announced themselves, or no longer ask. */
  get missing(): number[] {
    return otherIndices(this.#shard).filter((index) => !this.#isPresent(index));
  }

  /** Whether some shard still has to be given something: the start, the conflict, or the clocks after measuring. */
  get isExpectingGuests(): boolean {
    const guests = [...this.#guests.values()].filter(({ hasLeft }) => !hasLeft);
    if (this.#conflict !== null) return guests.length + this.#rivals.size > 0;
    return this.#start !== null && guests.some(({ hasStart, after }) => !hasStart || after !== null);
  }

  /** Answers a process that asks what to do next. Throws a Refusal. */
  ask(caller: Caller): Status {
    const own = this.#own;
    if (own === null) return { state: 'not-open' };
    this.#requireSameRun(caller, own);
    const { index, nonce } = caller;
    const guest = this.#guests.get(index);
    if (guest?.announced.nonce === nonce) return this.#statusOf(guest);
    if (this.#start !== null) throw new Refusal('the run has started without this process');
    if (guest === undefined || this.#isSilent(guest)) {
      if (this.#admitted.size < ADMITTED_PER_SHARD * this.#shard.count) this.#admitted.add(nonce);
      return { state: 'unannounced' };
    }
    if (this.#rivals.get(index)?.nonce !== nonce) {
      this.#rivals.set(index, { ...caller, sinceNs: this.#clock.nowNs() });
    }
    return { state: 'occupied' };
  }

  /** Whether a process may announce itself: it has asked, and is of this run. */
  admits(nonce: string): boolean {
    return this.#admitted.has(nonce);
  }

  /** Takes the announcement of a process. Throws a Refusal. */
  join(announced: Announced): Status {
    if (!this.admits(announced.nonce)) throw new Refusal('this process has not asked to announce itself');
    const status = this.ask(announced);
    if (status.state !== 'unannounced') return status;
    this.#guests.set(announced.index, {
      announced,
      askedNs: this.#clock.nowNs(),
      before: null,
      after: null,
      hasStart: false,
      hasLeft: false,
    });
    this.#rivals.delete(announced.index);
    return this.ask(announced);
  }

  /** Takes how the clock of a shard compares with that of shard 1. Throws a Refusal for an unknown process. */
  report({ nonce, when, aheadNs, boundNs }: ClockReport): void {
    const guest = this.#guestOf(nonce);
    if (when === 'before' && this.#start !== null) return;
    guest[when] = { aheadNs, boundNs };
    guest.askedNs = this.#clock.nowNs();
  }

  /** Decides whether the run starts. Shard 1 calls it again and again. */
  advance(): UrlStart | null {
    const own = this.#own;
    if (this.#start !== null || own === null || this.#conflict !== null) return this.#start;
    const guests = [...this.#guests.values()];
    if (this.missing.length > 0) {
      // Those that are there compare again once all are: clocks drift while they wait.
      for (const guest of guests) guest.before = null;
      return null;
    }
    const clocks = [{ index: 1, aheadNs: 0, boundNs: 0 }];
    for (const { announced, before } of guests) {
      if (before === null) return null;
      clocks.push({ index: announced.index, ...before });
    }
    this.#start = {
      planDigest: own.planDigest,
      participants: [own, ...guests.map(({ announced }) => announced)],
      startNs: this.#clock.nowNs() + URL_LEAD_MS * 1e6,
      clocks,
    };
    return this.#start;
  }

  /** The clocks after measuring, as far as they were reported. */
  results(): ClockResults {
    const guests = [...this.#guests.values()];
    const clocks = guests.flatMap(({ announced: { index }, after }) =>
      after === null ? [] : [{ index, ...after }],
    );
    return {
      isComplete: guests.every(({ after, hasLeft }) => after !== null || hasLeft),
      clocks: [{ index: 1, aheadNs: 0, boundNs: 0 }, ...clocks],
    };
  }

  /** A process ends. */
  leave(nonce: string): void {
    const guest = this.#guestOf(nonce);
    guest.hasLeft = true;
    if (this.#start === null) this.#guests.delete(guest.announced.index);
  }

  #guestOf(nonce: string): Guest {
    for (const guest of this.#guests.values()) if (guest.announced.nonce === nonce) return guest;
    throw new Refusal('this process has not announced itself');
  }

  #statusOf(guest: Guest): Status {
    guest.askedNs = this.#clock.nowNs();
    if (this.#start !== null) {
      guest.hasStart = true;
      return { state: 'start', start: this.#start };
    }
    const rival = this.#rivals.get(guest.announced.index);
    // Both have asked since the rival came: both are alive.
    if (rival !== undefined && this.#msSince(rival.sinceNs) > 0) {
      this.#conflict = startedTwice(guest.announced, rival);
      guest.hasLeft = true;
      throw new Refusal(this.#conflict);
    }
    const { missing } = this;
    if (missing.length === 0 && guest.before === null) return { state: 'compare' };
    return { state: 'waiting', missing };
  }

  #requireSameRun(caller: Caller, own: Announced): void {
    const { index, count, nonce } = caller;
    if (this.#conflict !== null) {
      const guest = this.#guests.get(index);
      if (guest?.announced.nonce === nonce) guest.hasLeft = true;
      if (this.#rivals.get(index)?.nonce === nonce) this.#rivals.delete(index);
      throw new Refusal(this.#conflict);
    }
    const problem = conflictOf(own, caller) ?? (index > count ? `there is no shard ${index}` : null);
    if (problem === null) return;
    this.#stranger = `${shardOn(caller)} was refused`;
    throw new Refusal(problem);
  }

  #isPresent(index: number): boolean {
    const guest = this.#guests.get(index);
    return guest !== undefined && !this.#isSilent(guest);
  }

  #isSilent({ askedNs }: Guest): boolean {
    return this.#msSince(askedNs) > SILENT_AFTER_MS;
  }

  #msSince(timeNs: number): number {
    return (this.#clock.nowNs() - timeNs) / 1e6;
  }
}
