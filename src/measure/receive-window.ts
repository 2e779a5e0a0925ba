import type { Clock } from './clock.ts';
import { BEAT_MS, type EventLoop, type ThreadTimes } from './event-loop.ts';
import type { Timers } from './timers.ts';

/** A heartbeat that is later than this shows a stop. Timers are exact to 1 ms. */
const LATE_BEAT_NS = 2e6;
/** Time of a turn that is neither computing nor queueing shows a stop. CPU time counts in steps of up to 4 ms. */
const STOPPED_NS = 10e6;

/** Shorter work before a message is that of reading it. */
const OTHER_WORK_NS = 0.5e6;

/** How often {@link ReceiveWindow.onLongTurn} is called while one turn lasts. */
const LONG_TURN_NS = 1e9;

/** After so many beats without a message, the loop is looked at once in so many beats: messages have other times. */
const UNUSED_BEATS = 10;

const UNKNOWN_TIMES: ThreadTimes = { ranNs: 0, queuedNs: 0 };

/** A moment at which everything that had arrived was handled. */
interface Look {
  readonly atNs: number;
  readonly idleNs: number;
  readonly times: ThreadTimes;
  /** What arrived after this time was not seen: the loop read the sockets at this time or later. */
  readonly readNs: number;
  /** How long the process was held up while it handled the messages before: others arrived meanwhile. */
  readonly heldNs: number;
}

/** One turn of the event loop in which messages are handled. */
interface Turn {
  readonly openedNs: number;
  /** How long the process was held up before the first message. */
  readonly stallNs: number;
  readonly times: ThreadTimes;
  reportedNs: number;
  readonly receivedNs: number[];
  /** Latencies of the headline that were recorded in this turn. */
  readonly latenciesNs: number[];
}

export interface ReceiveWindowOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly loop: EventLoop;
  /** Gets, for each message, the longest time for which it may have waited in the kernel. */
  readonly onReceived: (uncertaintyNs: number) => void;
  /** Gets each latency of the headline, and the part of it for which the process was held up. */
  readonly onLatency: (latencyNs: number, stallNs: number) => void;
}

/**
 * Finds how late messages may have been received. A message may have arrived at any time since the loop last read its
 * sockets. Where the loop has waited for events since, nothing had arrived when it began to wait, so only the time
 * counts in which it did not wait. That is the uncertainty of the receive time.
 *
 * The part of it in which no message was handled is a stall: other work of the loop, a CPU that something else used, or
 * a stop of the process. Stalls are the fault of the generator or of its machine.
 */
export class ReceiveWindow {
  readonly #options: ReceiveWindowOptions;
  /** Messages handled so far. */
  total = 0;
  /** Called once a second while one turn of the loop handles messages and no timer fires: the worker is busy, not hung. */
  onLongTurn: () => void = () => {};
  #look: Look;
  /** When other work ended that was done since the look; null while there was none. */
  #worked: Pick<Look, 'atNs' | 'idleNs'> | null = null;
  #lateBeatNs = 0;
  /** Since the last message. */
  #beats = 0;
  #turn: Turn | null = null;

  constructor(options: ReceiveWindowOptions) {
    this.#options = options;
    const nowNs = options.clock.nowNs();
    this.#look = this.#lookAt(nowNs, nowNs, 0);
    options.loop.setOnBeat((lateNs, atNs) => {
      this.#lateBeatNs = Math.max(this.#lateBeatNs, lateNs);
      this.#beats += 1;
      if (this.#isUnused && this.#beats % UNUSED_BEATS !== 0) return;
      options.timers.soon(() => this.looked(atNs));
    });
  }

  /** Notes a message handled at `receivedNs`. */
  note(receivedNs: number): void {
    this.total += 1;
    this.#beats = 0;
    if (this.#turn === null) {
      this.#turn = this.#open(receivedNs);
      this.#options.timers.soon(() => this.#close());
    }
    this.#turn.receivedNs.push(receivedNs);
    if (receivedNs - this.#turn.reportedNs < LONG_TURN_NS) return;
    this.#turn.reportedNs = receivedNs;
    this.onLongTurn();
  }

  /** Notes a latency of the headline that is recorded now. */
  noteLatency(latencyNs: number): void {
    if (this.#turn === null) this.#options.onLatency(latencyNs, 0);
    else this.#turn.latenciesNs.push(latencyNs);
  }

  /** Notes that other work, such as sending, has ended. If the loop waits next, that work has delayed no message. */
  worked(): void {
    if (this.#turn !== null || this.#isUnused) return;
    this.#worked = { atNs: this.#options.clock.nowNs(), idleNs: this.#options.loop.idleNs() };
  }

  /** Notes that the loop has read its sockets between `sinceNs` and now. To be called after it did. */
  looked(sinceNs: number): void {
    if (this.#turn !== null) return;
    this.#setLook(this.#lookAt(this.#options.clock.nowNs(), sinceNs, 0));
  }

  get #isUnused(): boolean {
    return this.#beats >= UNUSED_BEATS;
  }

  #setLook(look: Look): void {
    this.#look = look;
    this.#worked = null;
    this.#lateBeatNs = 0;
  }

  #lookAt(atNs: number, readNs: number, heldNs: number): Look {
    const { loop } = this.#options;
    return { atNs, readNs, heldNs, idleNs: loop.idleNs(), times: loop.threadTimes() ?? UNKNOWN_TIMES };
  }

  #open(receivedNs: number): Turn {
    const { loop } = this.#options;
    const look = this.#look;
    const times = loop.threadTimes() ?? UNKNOWN_TIMES;
    const sinceNs = receivedNs - look.atNs;
    const idleNs = loop.idleNs();
    const before = this.#worked !== null && idleNs > this.#worked.idleNs ? this.#worked : look;
    const waitedNs = idleNs - before.idleNs;
    const lateNs = Math.max(this.#lateBeatNs, loop.overdueNs(receivedNs));
    const stopNs = lateNs > LATE_BEAT_NS ? Math.min(sinceNs, lateNs + BEAT_MS * 1e6) : 0;
    const queuedNs = times.queuedNs - look.times.queuedNs;
    const hasWaited = waitedNs > 0;
    const workNs = hasWaited ? Math.max(0, receivedNs - before.atNs - waitedNs) : sinceNs;
    const otherNs = workNs >= OTHER_WORK_NS ? workNs : 0;
    const heldNs = hasWaited ? otherNs + queuedNs : Math.max(otherNs, queuedNs) + look.heldNs;
    const openedNs = hasWaited ? receivedNs - workNs - queuedNs : look.readNs;
    return {
      openedNs: Math.min(openedNs, receivedNs - stopNs),
      stallNs: Math.max(heldNs, stopNs),
      times,
      reportedNs: receivedNs,
      receivedNs: [],
      latenciesNs: [],
    };
  }

  #close(): void {
    const { clock, loop, onReceived, onLatency } = this.#options;
    const turn = this.#turn;
    if (turn === null) return;
    this.#turn = null;
    const nowNs = clock.nowNs();
    const times = loop.threadTimes() ?? UNKNOWN_TIMES;
    const [firstNs = nowNs] = turn.receivedNs;
    const queuedNs = times.queuedNs - turn.times.queuedNs;
    const goneNs = nowNs - firstNs - queuedNs - (times.ranNs - turn.times.ranNs);
    const heldNs = queuedNs + (times !== UNKNOWN_TIMES && goneNs > STOPPED_NS ? goneNs : 0);
    for (const receivedNs of turn.receivedNs) onReceived(receivedNs - turn.openedNs);
    for (const latencyNs of turn.latenciesNs) onLatency(latencyNs, turn.stallNs + heldNs);
    this.#setLook({ atNs: nowNs, readNs: firstNs, heldNs, idleNs: loop.idleNs(), times });
  }
}
