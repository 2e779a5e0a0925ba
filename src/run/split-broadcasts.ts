import type { Snapshot } from '../generator/messages.ts';
import { recordClosed } from '../generator/operations/index.ts';
import { type BroadcastPart, type ClosedBroadcast, FanoutTracker } from '../measure/fanout.ts';
import type { SparseCounts } from '../measure/histogram.ts';
import { Recorder } from '../measure/recorder.ts';
import { SlowestBroadcasts } from '../measure/slowest-broadcasts.ts';
import { AwayTimes } from './absences/away-times.ts';
import type { Membership } from './membership.ts';

export interface SplitBroadcastsOptions {
  readonly membership: Membership;
  readonly quietNs: number;
  /** Keeps what a shard got of a broadcast; false where the clock of its sender is not that of this host. */
  readonly keepPart?: (part: BroadcastPart, second: number) => boolean;
  readonly onSeries: (second: number, series: Readonly<Record<string, SparseCounts>>) => void;
  /** When the plan first keeps clients from reading, in milliseconds from the start of measuring; none unless given. */
  readonly slowFromMs?: ReadonlyMap<number, number>;
  /** The second of the run that a time lies in. */
  readonly secondOf: (timeNs: number) => number;
}

/** Joins the parts of broadcasts whose receivers are in several workers. */
export class SplitBroadcasts {
  /** The broadcasts that took the longest until their last receiver had them. */
  readonly slowest = new SlowestBroadcasts();
  /** Broadcasts that did not reach all their receivers. */
  incomplete = 0;
  measureStartNs = Number.POSITIVE_INFINITY;
  readonly #options: SplitBroadcastsOptions;
  readonly #fanout: FanoutTracker;
  readonly #givenUp: ClosedBroadcast[] = [];
  #isGivingUp = false;
  readonly #recorder = new Recorder();
  readonly #away = new AwayTimes();

  constructor(options: SplitBroadcastsOptions) {
    const { membership, quietNs } = options;
    this.#options = options;
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
    const receivers = this.#options.membership.receivers(stream);
    const dueMs = (dueNs - this.measureStartNs) / 1e6;
    const reading = receivers.filter(
      (client) => !(dueMs >= (this.#options.slowFromMs?.get(client) ?? Number.POSITIVE_INFINITY)),
    );
    return reading.length - this.#away.countAt(dueNs, (client) => reading.includes(client));
  }

  /** Takes the parts in a snapshot of a second. */
  add(second: number, snapshot: Snapshot): void {
    if (snapshot.away !== null) this.#away.add(snapshot.away);
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

  #giveUp(close: () => void): void {
    this.#isGivingUp = true;
    close();
    this.#isGivingUp = false;
  }

  /** Records broadcasts that were given up in the second of their last arrival. */
  #addGivenUp(givenUp: readonly ClosedBroadcast[]): void {
    this.incomplete += givenUp.filter(({ reached, expected }) => reached < expected).length;
    for (const broadcast of givenUp) {
      this.#record(broadcast);
      this.#options.onSeries(this.#options.secondOf(broadcast.lastArrivalNs), this.#recorder.take().series);
    }
  }

  #record(broadcast: ClosedBroadcast): void {
    recordClosed(this.#options.membership.layout, this.#recorder, this.slowest, broadcast);
  }
}
