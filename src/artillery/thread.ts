import type { Snapshot } from '../generator/messages.ts';
import { NodeWaits } from '../generator/pacer-waits.ts';
import { NO_SUCCESSIVE, type Recorded } from '../measure/recorder.ts';
import { SERIES } from '../measure/series.ts';
import type { TrafficSpan } from '../measure/traffic.ts';
import type { ControlMessage, ReportMessage } from './channel.ts';
import { ThreadMembers } from './members.ts';
import { ThreadReceiver } from './received.ts';
import { ThreadSender } from './sent.ts';
import type { ThreadParts } from './thread-parts.ts';

const REPORT_EVERY_NS = 1e9;
/** A report that is due waits so long for a moment without anything to send. */
const SLACK_MS = 20;
/** As long as a user lingers after its flow. */
const CUT_OFF_NS = 1e9;
const REHEARSALS_OF_REPORT = 40;

/** How a thread talks to the others. */
export interface ThreadPorts {
  readonly control: (message: ControlMessage) => void;
  readonly report: (message: ReportMessage) => void;
  /** Gets what was recorded in each report, for Artillery's own metrics. */
  readonly onReport: (recorded: Recorded, delivered: number, sent: number) => void;
}

/** Users that go on together from a rendezvous. */
export interface ReleasedGroup {
  readonly clients: readonly number[];
  readonly startNs: number;
}

/** The share of one worker thread in a run inside Artillery. */
export class ThreadRun {
  readonly parts: ThreadParts;
  readonly receiver: ThreadReceiver;
  readonly sender: ThreadSender;
  readonly members: ThreadMembers;
  /** How its pacers wait. */
  readonly waits: NodeWaits;
  readonly #thread: number;
  readonly #ports: ThreadPorts;
  readonly #waiting = new Map<string, (group: ReleasedGroup) => void>();
  readonly #left = Promise.withResolvers<void>();
  #status = { running: 0, staying: 0 };
  #isStatusDue = false;
  #measured = { fromNs: Number.POSITIVE_INFINITY, toNs: Number.NEGATIVE_INFINITY };
  #warmupFromNs = Number.POSITIVE_INFINITY;
  #startNs: number;
  #costMs = 0;
  #isDue = false;
  #cancel = () => {};
  #counted = { delivered: 0, sent: 0 };
  #isFinished = false;

  constructor(parts: ThreadParts, thread: number, ports: ThreadPorts) {
    this.parts = parts;
    this.#thread = thread;
    this.#ports = ports;
    this.receiver = new ThreadReceiver(parts);
    this.sender = new ThreadSender(parts, this.receiver, thread);
    this.sender.onMeasured = (intendedNs) => this.noteMeasured(intendedNs, intendedNs);
    this.members = new ThreadMembers(thread);
    const { clock, timers, window } = parts;
    this.waits = new NodeWaits({
      clock,
      timers,
      workDone: () => window.total,
      onLooked: (sinceNs) => window.looked(sinceNs),
      chores: { run: () => this.reportIfDue() },
    });
    this.#startNs = clock.nowNs();
    this.#schedule(this.#startNs + REPORT_EVERY_NS);
  }

  /** Takes made-up values and discards them: the first times take milliseconds of compiling. */
  rehearse(): void {
    const { recorder } = this.parts;
    for (let rehearsal = 0; rehearsal < REHEARSALS_OF_REPORT; rehearsal++) {
      for (const { name } of SERIES) {
        for (let step = 0; step < 450; step++) recorder.record(name, Math.round(1.05 ** step));
      }
      recorder.take();
    }
  }

  handle(message: ControlMessage): void {
    switch (message.type) {
      case 'released':
        for (const client of message.clients) this.#waiting.get(`${message.place} ${client}`)?.(message);
        return;
      case 'report':
        this.report();
        this.#postStatus();
        return;
      case 'leave':
        this.#left.resolve();
        return;
      case 'finish':
        this.finish();
    }
  }

  /** Notes that a flow begins, stays, or is over. */
  noteStatus(change: 'started' | 'stays' | 'ended' | 'ended-staying'): void {
    if (change === 'started') this.#status.running += 1;
    if (change === 'stays') this.#status.staying += 1;
    if (change === 'ended' || change === 'ended-staying') this.#status.running -= 1;
    if (change === 'ended-staying') this.#status.staying -= 1;
    if (this.#isStatusDue) return;
    this.#isStatusDue = true;
    this.parts.timers.soon(() => this.#postStatus());
  }

  get running(): number {
    return this.#status.running;
  }

  #postStatus(): void {
    this.#isStatusDue = false;
    this.#ports.control({ type: 'status', thread: this.#thread, ...this.#status });
  }

  /** Resolves when every flow of the run stays or is over, and what is in flight has arrived. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  /** Resolves when this many users of all threads have reached a place; to null after the timeout. */
  async rendezvous(
    place: string,
    users: number,
    client: number,
    timeoutMs: number,
  ): Promise<ReleasedGroup | null> {
    const key = `${place} ${client}`;
    const released = Promise.withResolvers<ReleasedGroup | null>();
    const cancel = this.parts.timers.after(timeoutMs, () => released.resolve(null));
    this.#waiting.set(key, released.resolve);
    this.#ports.control({ type: 'waiting', place, users, client });
    const group = await released.promise;
    cancel();
    this.#waiting.delete(key);
    if (group === null) this.#ports.control({ type: 'gave-up', place, client });
    return group;
  }

  /** Notes that something is measured between two times of a schedule. */
  noteMeasured(fromNs: number, toNs: number): void {
    this.#measured.fromNs = Math.min(this.#measured.fromNs, fromNs);
    this.#measured.toNs = Math.max(this.#measured.toNs, toNs);
  }

  noteWarmup(fromNs: number): void {
    this.#warmupFromNs = Math.min(this.#warmupFromNs, fromNs);
  }

  #schedule(dueNs: number): void {
    const { clock, timers } = this.parts;
    const waitMs = Math.max(0, (dueNs - clock.nowNs()) / 1e6 - SLACK_MS);
    this.#cancel();
    this.#isDue = false;
    this.#cancel = timers.after(waitMs, () => {
      this.#isDue = true;
      this.#cancel = timers.after(SLACK_MS, () => this.report());
    });
  }

  /** Reports if a report is due; to be called when there is time for it. */
  reportIfDue(): void {
    if (this.#isDue) this.report();
  }

  /** Hands over what was measured since the last report, about a second ago or at the border of a phase. */
  report(): void {
    if (this.#isFinished) return;
    const { clock, failures, dropped, unsent } = this.parts;
    const startedNs = clock.nowNs();
    const sent = this.sender.take();
    this.#ports.report({
      type: 'report',
      snapshot: this.#snapshot(
        startedNs,
        sent.reduce((sum, { intendedNs }) => sum + intendedNs.length, 0),
      ),
      sent,
      members: this.members.take(),
      failures: failures.take(),
      dropped: dropped.take(),
      unsent: unsent.take(),
      measuredFromNs: this.#measured.fromNs,
      measuredToNs: this.#measured.toNs,
      warmupFromNs: this.#warmupFromNs,
    });
    this.#costMs = (clock.nowNs() - startedNs) / 1e6;
    this.#schedule(startedNs + REPORT_EVERY_NS);
  }

  #snapshot(endNs: number, sent: number): Snapshot {
    const { recorder, telemetry, traffic, failed, unexpected } = this.parts;
    const startNs = this.#startNs;
    this.#startNs = endNs;
    const span: TrafficSpan = { startNs, endNs, traffic: traffic.take() };
    const recorded = recorder.take();
    const totals = this.receiver.totals();
    this.#ports.onReport(recorded, totals.delivered - this.#counted.delivered, sent);
    this.#counted.delivered = totals.delivered;
    return {
      startNs,
      endNs,
      recorded,
      headlineWindows: [],
      successive: NO_SUCCESSIVE,
      totals,
      bySecond: [],
      broadcasts: this.receiver.broadcasts.take(),
      away: null,
      incomplete: [],
      slowest: [],
      closed: [],
      failed: failed.take(),
      rejected: [],
      remarks: [],
      unexpected: unexpected.take(),
      pushes: [],
      ownPushes: [],
      pushResolutionNs: null,
      telemetry: [telemetry.sample(this.waits.spunNs)],
      traffic: [span],
      snapshotCostMs: this.#costMs,
    };
  }

  /** Reports the rest, once. */
  finish(): void {
    if (this.#isFinished) return;
    // What was sent to users just before their flow was cut off may still be in flight.
    this.members.endAll(this.parts.clock.nowNs() - CUT_OFF_NS);
    this.report();
    this.#isFinished = true;
    this.#cancel();
    this.#ports.report({ type: 'final', received: this.receiver.received() });
  }
}
