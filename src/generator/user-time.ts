import type { ReceiptTime } from '../measure/receipts.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { OperationWorker } from './operations/operation.ts';

/** Something that a user waited for, and when it arrived. */
export interface Noticed {
  readonly data: unknown;
  readonly receivedNs: number;
  /** Whether the kernel read that time. */
  readonly isStamped: boolean;
}

/**
 * The time of one user: when its next step is due, and when its last one ended. Where the kernel says when something
 * arrived, a user who waited for it goes on at that time. How late this process notices it is send lag of the next step.
 */
export class UserTime {
  readonly #worker: Pick<OperationWorker, 'clock' | 'timers' | 'receipts' | 'recorder'>;
  readonly #isMeasured: boolean;
  /** When the next step was due; null for at once. */
  #dueNs: number | null;
  #lateNs = 0;

  constructor(worker: OperationWorker, { intendedNs, measured }: Stamp) {
    this.#worker = worker;
    this.#isMeasured = measured;
    this.#dueNs = intendedNs;
  }

  get nowNs(): number {
    return this.#worker.clock.nowNs() - this.#lateNs;
  }

  /** When the next step is due; now where that is at once. */
  get dueNs(): number {
    return this.#dueNs ?? this.nowNs;
  }

  /** When the step that happens now was due. */
  takeDueNs(): number {
    const { dueNs } = this;
    if (this.#lateNs > 0) this.#recordLag(this.#lateNs);
    this.#dueNs = null;
    this.#lateNs = 0;
    return dueNs;
  }

  /** Sets when the next step is due; null for at once. */
  setDue(dueNs: number | null): void {
    this.#dueNs = dueNs;
  }

  /** Notes when something arrived that the user waits for. To be called while it is handled. */
  notice(data: unknown, arrival: ReceiptTime | undefined): Noticed {
    const { receipts } = this.#worker;
    const receivedNs = receipts.at(arrival);
    return { data, receivedNs, isStamped: receipts.isStamped };
  }

  /** The user goes on with what it waited for since `sinceNs`, which is returned. It may have arrived before. */
  goOn({ data, receivedNs, isStamped }: Noticed, sinceNs = Number.NEGATIVE_INFINITY): unknown {
    const fromNs = Math.max(receivedNs, sinceNs);
    this.#lateNs = isStamped ? Math.max(0, this.#worker.clock.nowNs() - fromNs) : 0;
    return data;
  }

  async think(durationMs: number): Promise<void> {
    const { clock, timers } = this.#worker;
    const dueNs = this.nowNs + durationMs * 1e6;
    await timers.sleep(Math.max(0, (dueNs - clock.nowNs()) / 1e6));
    this.#lateNs = 0;
    const nowNs = clock.nowNs();
    // A timer may fire up to a millisecond early. The next step is then due when it happens.
    this.#dueNs = Math.min(dueNs, nowNs);
    this.#recordLag(nowNs - this.#dueNs);
  }

  #recordLag(lagNs: number): void {
    if (this.#isMeasured) this.#worker.recorder.record('send_lag', lagNs);
  }
}
