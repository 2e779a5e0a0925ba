import { SockbenchError } from '../../errors.ts';
import { compareClocks } from './clock-exchange.ts';
import type { Announced } from './documents.ts';
import { failMissing, NO_ABORT, type Participant, pauseFor, requireWaiting } from './meeting.ts';
import type { Announcement, Meeting, OtherShard, Rendezvous } from './rendezvous.ts';
import { DeskClient, Unanswered } from './url-client.ts';
import { announcedOf, COMPARE_WITHIN_MS, meetingOf, othersOf } from './url-meeting.ts';
import {
  type ClockResults,
  nothingSchema,
  resultsSchema,
  type Status,
  statusSchema,
  timeSchema,
  type UrlStart,
} from './url-messages.ts';

const ASK_EVERY_MS = 250;
const LEAVE_WITHIN_MS = 1000;
/** After so many requests without an answer, shard 1 has ended, or another process has taken its place. */
const MAX_FAILURES = 3;

/**
 * Any shard but the first. It announces itself to shard 1, compares its clock once all are there, starts when shard 1
 * says, and compares again after measuring.
 */
export class UrlGuest implements Rendezvous {
  readonly kind = 'url';
  readonly #own: Participant;
  readonly #url: URL;
  readonly #nonce: string;
  readonly #client: DeskClient;
  #hasJoined = false;
  /** Why shard 1 did not answer the last request; null when it did. */
  #unanswered: string | null = null;
  #missing: readonly number[] = [1];

  constructor(own: Participant, url: URL) {
    this.#own = own;
    this.#url = url;
    this.#nonce = own.newNonce();
    this.#client = new DeskClient(url, own.clock);
  }

  async meet(announcement: Announcement, signal: AbortSignal): Promise<Meeting> {
    const { clock, timers, timeoutMs } = this.#own;
    const announced = announcedOf(this.#own, this.#nonce, announcement);
    const giveUpNs = clock.nowNs() + timeoutMs * 1e6;
    for (;;) {
      requireWaiting(signal);
      const start = await this.#step(announced, signal);
      if (start !== null) return this.#meetingOf(start);
      requireWaiting(signal);
      if (clock.nowNs() >= giveUpNs) this.#giveUp();
      await pauseFor(timers, ASK_EVERY_MS, signal);
    }
  }

  async close(): Promise<void> {
    if (this.#hasJoined) {
      const limit = AbortSignal.timeout(LEAVE_WITHIN_MS);
      // The others no longer wait for this shard. If they do, they wait for a limited time.
      await this.#client.send('leave', nothingSchema, { nonce: this.#nonce }, limit).catch(() => {});
    }
    this.#client.close();
  }

  /** Does what shard 1 says, until it says to wait. Returns the start when it has come. */
  async #step(announced: Announced, signal: AbortSignal): Promise<UrlStart | null> {
    try {
      let status = await this.#ask(announced, signal);
      if (status.state === 'unannounced') status = await this.#join(announced, signal);
      if (status.state === 'compare') {
        await this.#compare('before', signal);
        status = await this.#ask(announced, signal);
      }
      this.#unanswered = null;
      this.#missing = status.state === 'waiting' ? status.missing : [1];
      return status.state === 'start' ? status.start : null;
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      this.#unanswered = error.message;
      return null;
    }
  }

  async #ask({ members: _, clock: __, ...caller }: Announced, signal: AbortSignal): Promise<Status> {
    return (await this.#client.send('ask', statusSchema, caller, signal)).value;
  }

  async #join(announced: Announced, signal: AbortSignal): Promise<Status> {
    const { value } = await this.#client.send(`join/${this.#nonce}`, statusSchema, { announced }, signal);
    this.#hasJoined = true;
    return value;
  }

  async #compare(when: 'before' | 'after', signal: AbortSignal): Promise<void> {
    const ask = async () => {
      const { value, arrivedNs } = await this.#client.send('time', timeSchema, {}, signal);
      return { ...value, arrivedNs };
    };
    const { aheadNs, boundNs } = await compareClocks(ask, this.#own.clock);
    const report = { nonce: this.#nonce, when, aheadNs: -aheadNs, boundNs };
    await this.#client.send('report', nothingSchema, report, signal);
  }

  #giveUp(): never {
    if (this.#unanswered === null) {
      const isOpen = this.#missing[0] !== 1;
      const remarks = isOpen ? [] : ['it listens, but its own clients have not connected'];
      return failMissing(this.#missing, this.#own, this.#url.href, remarks);
    }
    return failMissing([1], this.#own, this.#url.href, [`it cannot be reached: ${this.#unanswered}`]);
  }

  #meetingOf(start: UrlStart): Meeting {
    const { shard } = this.#own;
    const first = othersOf(start, shard.index, null).find(({ index }) => index === 1);
    return meetingOf(start, this.#own, -(first?.aheadNs ?? 0), () => this.#compareAgain(start));
  }

  /** Compares the clocks again, and waits a limited time for the others to do so. */
  async #compareAgain(start: UrlStart): Promise<readonly OtherShard[]> {
    const { clock, timers, shard } = this.#own;
    const untilNs = clock.nowNs() + COMPARE_WITHIN_MS * 1e6;
    let results: ClockResults = { isComplete: false, clocks: [] };
    let failures = 0;
    let hasReported = false;
    while (!results.isComplete && failures < MAX_FAILURES && clock.nowNs() < untilNs) {
      try {
        if (!hasReported) await this.#compare('after', NO_ABORT);
        hasReported = true;
        results = (await this.#client.send('results', resultsSchema, { nonce: this.#nonce }, NO_ABORT)).value;
      } catch (error) {
        if (!(error instanceof Unanswered) && !(error instanceof SockbenchError)) throw error;
        failures += 1;
      }
      if (!results.isComplete) await pauseFor(timers, ASK_EVERY_MS, NO_ABORT);
    }
    return othersOf(start, shard.index, results.clocks);
  }
}
