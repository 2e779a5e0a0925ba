import type { Snapshot } from '../generator/messages.ts';
import { recordClosed } from '../generator/operations/index.ts';
import {
  type BroadcastPart,
  type ClosedBroadcast,
  FanoutTracker,
  keyOfBroadcast,
} from '../measure/fanout.ts';
import type { SparseCounts } from '../measure/histogram.ts';
import type { Recorder } from '../measure/recorder.ts';
import { SlowestBroadcasts } from '../measure/slowest-broadcasts.ts';
import { AwayTimes } from './absences/away-times.ts';
import type { Membership } from './membership.ts';

export interface SplitBroadcastsOptions {
  readonly membership: Membership;
  readonly quietNs: number;
  /** Where broadcasts are recorded when they close; it is emptied at once. */
  readonly recorder: Recorder;
  /** Keeps what a shard got of a broadcast; false where the clock of its sender is not that of this host. */
  readonly keepPart?: (part: BroadcastPart, second: number) => boolean;
  readonly onSeries: (second: number, series: Readonly<Record<string, SparseCounts>>) => void;
  /** When the plan first keeps clients from reading, in milliseconds from the start of measuring; none unless given. */
  readonly slowFromMs?: ReadonlyMap<number, number>;
  /** The second of the run that a time lies in. */
  readonly secondOf: (timeNs: number) => number;
}

/** Further incomplete broadcasts count as incomplete, without a check of which receivers were away. */
const MAX_LACKING = 100_000;

/** Joins the parts of broadcasts whose receivers are in several workers. */
export class SplitBroadcasts {
  /** The broadcasts that took the longest until their last receiver had them. */
  readonly slowest = new SlowestBroadcasts();
  /** Broadcasts that did not reach all their receivers. */
  incomplete = 0;
  /** How many receivers lack each of them; the first ones of many, and none where no client may be away. */
  readonly #lacking = new Map<number, number>();
  measureStartNs = Number.POSITIVE_INFINITY;
  readonly #options: SplitBroadcastsOptions;
  readonly #fanout: FanoutTracker;
  readonly #givenUp: ClosedBroadcast[] = [];
  #isGivingUp = false;
  #mayBeAway = false;
  readonly #recorder: Recorder;
  readonly #away: AwayTimes;

  constructor(options: SplitBroadcastsOptions) {
    const { membership, quietNs } = options;
    this.#options = options;
    this.#away = new AwayTimes(2 * quietNs);
    this.#recorder = options.recorder;
    this.#fanout = new FanoutTracker({
      expected: (stream, dueNs) => this.#presentAt(stream, dueNs) * membership.copies(stream),
      quietNs,
      onClosed: (broadcast) => {
        // One that was given up may be complete, once it is known who was away.
        if (this.#isGivingUp || broadcast.reached < broadcast.expected) this.#givenUp.push(broadcast);
        else this.#record(broadcast);
      },
    });
  }

  /** How many receivers of a stream were connected, not away and not kept from reading, as far as is known. */
  #presentAt(stream: number, dueNs: number): number {
    const { membership, slowFromMs } = this.#options;
    const dueMs = (dueNs - this.measureStartNs) / 1e6;
    const isSlow = (client: number) => dueMs >= (slowFromMs?.get(client) ?? Number.POSITIVE_INFINITY);
    const isPresent = (client: number) => !isSlow(client) && !this.#away.wasAwayAt(client, dueNs);
    return membership.receivers(stream).filter(isPresent).length;
  }

  /** Takes the parts in a snapshot of a second. */
  add(second: number, snapshot: Snapshot): void {
    this.#mayBeAway = snapshot.away !== null;
    this.#away.add(snapshot);
    const middleNs = (snapshot.startNs + snapshot.endNs) / 2;
    for (const part of snapshot.broadcasts) {
      if (this.#options.keepPart?.(part, second) === false) continue;
      const { stream, seq, lastReceiver: last, intendedNs } = part;
      // The largest latency of a broadcast is the largest one of its part, so that its receiver is right.
      for (const ns of part.latenciesNs) this.#fanout.add(stream, seq, ns, middleNs, last, intendedNs);
    }
    for (const broadcast of snapshot.slowest) this.slowest.offer(broadcast);
    this.#giveUp(() => this.#fanout.closeQuiet(middleNs));
    this.#options.onSeries(second, this.#recorder.take().series);
    this.#addGivenUp([...snapshot.incomplete, ...this.#givenUp.splice(0)]);
  }

  /** Closes what is still open, after the last snapshot. */
  finish(): void {
    this.#giveUp(() => this.#fanout.closeAll());
    this.#addGivenUp(this.#givenUp.splice(0));
  }

  /** Counts broadcasts as complete that lack nothing but what was in flight to clients when these were cut. */
  completeWithout(inFlight: ReadonlyMap<number, number>): void {
    for (const [key, lacking] of this.#lacking) {
      if ((inFlight.get(key) ?? 0) >= lacking) this.incomplete -= 1;
    }
    this.#lacking.clear();
  }

  #giveUp(close: () => void): void {
    this.#isGivingUp = true;
    close();
    this.#isGivingUp = false;
  }

  /** Records broadcasts that were given up in the second of their last arrival. */
  #addGivenUp(givenUp: readonly ClosedBroadcast[]): void {
    for (const { stream, seq, reached, expected } of givenUp) {
      if (reached >= expected) continue;
      this.incomplete += 1;
      if (this.#mayBeAway && this.#lacking.size < MAX_LACKING)
        this.#lacking.set(keyOfBroadcast(stream, seq), expected - reached);
    }
    for (const broadcast of givenUp) {
      this.#record(broadcast);
      this.#options.onSeries(this.#options.secondOf(broadcast.lastArrivalNs), this.#recorder.take().series);
    }
  }

  #record(broadcast: ClosedBroadcast): void {
    recordClosed(this.#options.membership.layout, this.#recorder, this.slowest, broadcast);
  }
}
