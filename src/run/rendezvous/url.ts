/**
 * Shards that meet at a URL, where shard 1 serves a desk. The others announce themselves, compare their clocks with that
 * of shard 1 once all are there, start when shard 1 says, and compare again after measuring.
 */
import { fail, SockbenchError } from '../../errors.ts';
import { compareClocks } from './clock-exchange.ts';
import { Desk } from './desk.ts';
import { type Announced, packMembers, unpackMembers } from './documents.ts';
import {
  failMissing,
  nameMeeting,
  type Participant,
  pauseFor,
  requireWaiting,
  startFrom,
} from './meeting.ts';
import type { Announcement, Meeting, OtherShard, Rendezvous } from './rendezvous.ts';
import { DeskClient, Unanswered } from './url-client.ts';
import { othersOf } from './url-clocks.ts';
import {
  type ClockResults,
  nothingSchema,
  resultsSchema,
  type Status,
  statusSchema,
  timeSchema,
  type UrlStart,
} from './url-messages.ts';
import { DeskServer } from './url-server.ts';

const ASK_EVERY_MS = 250;
const DESK_EVERY_MS = 20;
/** How long the shards wait for the others to compare again after measuring. */
const COMPARE_WITHIN_MS = 10_000;
/** How long shard 1 serves on, at most. */
const SERVE_ON_MS = 5000;
const LEAVE_WITHIN_MS = 1000;
/** After so many requests without an answer, shard 1 has ended, or another process has taken its place. */
const MAX_FAILURES = 3;

const NEVER = new AbortController().signal;

function announcedOf(own: Participant, nonce: string, announcement: Announcement): Announced {
  const { shard, planDigest, members } = announcement;
  const { hostname: host, hostClock: clock } = own;
  return { nonce, ...shard, planDigest, host, clock, members: packMembers(members) };
}

/** The meeting that a start makes for one shard. `aheadNs`: its clock minus that of shard 1. */
function meetingOf(
  start: UrlStart,
  { shard, clock }: Participant,
  aheadNs: number,
  compareAgain: () => Promise<readonly OtherShard[]>,
): Meeting {
  const others = start.participants.filter(({ index }) => index !== shard.index);
  return {
    ...nameMeeting([start.planDigest, ...start.participants.map(({ nonce }) => nonce)]),
    ...startFrom(start.startNs + aheadNs, clock.nowNs()),
    members: others.flatMap(({ members }) => unpackMembers(members)),
    others: othersOf(start, shard.index, null),
    compareAgain,
  };
}

/** Shard 1, which serves the others. */
export class UrlHost implements Rendezvous {
  readonly kind = 'url';
  readonly #own: Participant;
  readonly #url: URL;
  readonly #desk: Desk;
  readonly #server: DeskServer;

  constructor(own: Participant, url: URL) {
    this.#own = own;
    this.#url = url;
    this.#desk = new Desk(own.shard, own.clock);
    this.#server = new DeskServer(url, this.#desk, own.clock, own.shard.count);
  }

  /** Listens, so that a port in use is noticed before the clients connect. Throws RENDEZVOUS_PORT. */
  open(): Promise<void> {
    return this.#server.listen(this.#url);
  }

  async meet(announcement: Announcement, signal: AbortSignal): Promise<Meeting> {
    const { clock, timers, timeoutMs, newNonce } = this.#own;
    const desk = this.#desk;
    desk.open(announcedOf(this.#own, newNonce(), announcement));
    const giveUpNs = clock.nowNs() + timeoutMs * 1e6;
    for (;;) {
      requireWaiting(signal);
      const start = desk.advance();
      if (start !== null) {
        return meetingOf(start, this.#own, 0, () => this.#compareAgain(start));
      }
      if (desk.conflict !== null) {
        fail('SHARD_CONFLICT', desk.conflict, 'Start each shard once, with the same command.');
      }
      if (clock.nowNs() >= giveUpNs) {
        const remarks = desk.stranger === null ? [] : [desk.stranger];
        failMissing(desk.missing, this.#own, this.#url.href, remarks);
      }
      await pauseFor(timers, DESK_EVERY_MS, signal);
    }
  }

  async close(): Promise<void> {
    await this.#until(() => !this.#desk.isExpectingGuests, SERVE_ON_MS);
    await this.#server.close();
  }

  async #compareAgain(start: UrlStart): Promise<readonly OtherShard[]> {
    await this.#until(() => this.#desk.results().isComplete, COMPARE_WITHIN_MS);
    return othersOf(start, this.#own.shard.index, this.#desk.results().clocks);
  }

  async #until(isDone: () => boolean, withinMs: number): Promise<void> {
    const { clock, timers } = this.#own;
    const untilNs = clock.nowNs() + withinMs * 1e6;
    while (!isDone() && clock.nowNs() < untilNs) await pauseFor(timers, DESK_EVERY_MS, NEVER);
  }
}

/** Any shard but the first. */
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
        if (!hasReported) await this.#compare('after', NEVER);
        hasReported = true;
        results = (await this.#client.send('results', resultsSchema, { nonce: this.#nonce }, NEVER)).value;
      } catch (error) {
        if (!(error instanceof Unanswered) && !(error instanceof SockbenchError)) throw error;
        failures += 1;
      }
      if (!results.isComplete) await pauseFor(timers, ASK_EVERY_MS, NEVER);
    }
    return othersOf(start, shard.index, results.clocks);
  }
}
