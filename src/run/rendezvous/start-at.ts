import type { Participant } from './meeting.ts';
import { nameMeeting, otherIndices, pauseFor, requireWaiting, startFrom, unknownClock } from './meeting.ts';
import type { Announcement, Meeting, Rendezvous } from './rendezvous.ts';

/** The wall clock is read this long before the start, in milliseconds: it may be set while a shard waits. */
const READ_BEFORE_MS = 1000;
/** A longer wait is split, so that a wall clock that was set is noticed, in milliseconds. */
const MAX_PAUSE_MS = 10_000;

const UNCOMPARED_AT_TIME =
  'shards that start at a time do not compare their clocks; --rendezvous with a URL does';

/** Shards that start at a time by their own clocks, and hear nothing of one another. */
export class StartAt implements Rendezvous {
  readonly kind = 'start-at';
  readonly #own: Participant;
  readonly #startAtMs: number;

  constructor(own: Participant, startAtMs: number) {
    this.#own = own;
    this.#startAtMs = startAtMs;
  }

  async meet({ shard, planDigest }: Announcement, signal: AbortSignal): Promise<Meeting> {
    const { clock, timers, wallMs } = this.#own;
    requireWaiting(signal);
    for (;;) {
      const leftMs = this.#startAtMs - wallMs();
      if (leftMs <= READ_BEFORE_MS) break;
      await pauseFor(timers, Math.min(leftMs - READ_BEFORE_MS, MAX_PAUSE_MS), signal);
      requireWaiting(signal);
    }
    const nowNs = clock.nowNs();
    const others = otherIndices(shard).map((index) => unknownClock(index, null, UNCOMPARED_AT_TIME));
    return {
      ...nameMeeting([planDigest, String(this.#startAtMs), String(shard.count)]),
      ...startFrom(nowNs + (this.#startAtMs - wallMs()) * 1e6, nowNs),
      members: null,
      others,
      compareAgain: async () => others,
    };
  }

  async close(): Promise<void> {}
}
