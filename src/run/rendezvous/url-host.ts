import { fail } from '../../errors.ts';
import { CONFLICT_HINT } from './conflict.ts';
import { Desk } from './desk.ts';
import { failMissing, NO_ABORT, type Participant, pauseFor, requireWaiting } from './meeting.ts';
import type { Announcement, Meeting, OtherShard, Rendezvous } from './rendezvous.ts';
import { announcedOf, COMPARE_WITHIN_MS, meetingOf, othersOf } from './url-meeting.ts';
import type { UrlStart } from './url-messages.ts';
import { DeskServer } from './url-server.ts';

const DESK_EVERY_MS = 20;
/** How long shard 1 serves on, at most. */
const SERVE_ON_MS = 5000;

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
        fail('SHARD_CONFLICT', desk.conflict, CONFLICT_HINT);
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
    while (!isDone() && clock.nowNs() < untilNs) await pauseFor(timers, DESK_EVERY_MS, NO_ABORT);
  }
}
