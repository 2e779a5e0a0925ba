import { isObserving } from '../contract/scenario.ts';
import type { Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { BitSet } from '../measure/bit-set.ts';
import type { WorkerContext } from './context.ts';
import type { PushArrivals, Snapshot } from './messages.ts';
import { readSentAt, type SentAt } from './sent-at.ts';

interface ObservedPush {
  firstNs: number;
  lastNs: number;
  /** Since the last report. */
  reached: number;
  duplicated: number;
  /** Clients that it has not reached. */
  missing: number;
  /** Those that it has; null once it has reached all. */
  clients: BitSet | null;
}

/** A key is forgotten when no client has received it for this long. */
const FORGET_AFTER_NS = 60e9;

/** A push that was sent so long before its receipt, or after it, was timed by another clock or in another unit. */
const MAX_LATENCY_NS = 3600e9;
/** How much later than its receipt a push may seem to be sent: an error of comparing the clocks. */
const CLOCK_ERROR_NS = 1e6;
const OTHER_CLOCK = 'sentAt returned a time that is not within the hour before the receipt';

/** Times what a server pushes on its own: gaps per client, first and last receiver per key, and time since sending. */
export class Observer {
  readonly #context: WorkerContext;
  readonly #lastNs = new Map<number, number>();
  readonly #pushes = new Map<string, ObservedPush>();
  #ownPushes = new Map<number, number>();
  #resolutionNs: number | null = null;

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  /** Listens to pushes where the clients of the run only listen. */
  listen(client: number, connection: Connection): void {
    const { target, layout, plan, receipts, failed } = this.#context;
    const { observe } = target.mapping;
    if (observe === undefined || !isObserving(layout)) return;
    const { event, key = null } = observe;
    const sentAt = plan.target.pushes?.sentAt === 'here' ? observe.sentAt : undefined;
    for (const name of [event].flat()) {
      connection.on(name, (data, arrival) => {
        const receivedNs = receipts.at(arrival);
        try {
          this.receive(client, key === null ? null : String(key(data)), receivedNs);
          if (sentAt !== undefined) this.#time(readSentAt(sentAt(data)), receivedNs);
        } catch (error) {
          failed.add(messageOf(error));
        }
      });
    }
  }

  /** Takes a push that a client got: one to all clients by its key, or one to this client where the key is null. */
  receive(client: number, key: string | null, receivedNs: number): void {
    const { receipts, measuring } = this.#context;
    receipts.note(receivedNs);
    const { startNs, endNs } = measuring;
    if (key !== null && !this.#enter(client, key, receivedNs)) return;
    if (key === null && receivedNs >= startNs && receivedNs < endNs) {
      const second = Math.floor((receivedNs - startNs) / 1e9);
      this.#ownPushes.set(second, (this.#ownPushes.get(second) ?? 0) + 1);
    }
    const lastNs = this.#lastNs.get(client);
    this.#lastNs.set(client, receivedNs);
    if (lastNs !== undefined) this.#record('push_gap', receivedNs, receivedNs - lastNs);
  }

  /** Enters the receiver of a push to all clients; false for a duplicate, which is no push of its own: it ends no gap. */
  #enter(client: number, key: string, receivedNs: number): boolean {
    let push = this.#pushes.get(key);
    if (push === undefined) {
      const times = { firstNs: receivedNs, lastNs: receivedNs };
      const missing = this.#context.clients.size;
      push = { ...times, reached: 0, duplicated: 0, missing, clients: new BitSet() };
      this.#pushes.set(key, push);
    }
    if (push.clients === null || !push.clients.add(client)) {
      push.duplicated += 1;
      return false;
    }
    push.missing -= 1;
    if (push.missing === 0) push.clients = null;
    push.reached += 1;
    push.lastNs = receivedNs;
    return true;
  }

  /** Records how long after its sending a push arrived, in whole steps of the server's clock. */
  #time({ wallNs, resolutionNs }: SentAt, receivedNs: number): void {
    const sentNs = Number(wallNs - this.#context.assignment.originWallNs);
    const latencyNs = receivedNs - sentNs;
    this.#resolutionNs = Math.min(this.#resolutionNs ?? resolutionNs, resolutionNs);
    if (latencyNs > MAX_LATENCY_NS || latencyNs < -this.#resolutionNs - CLOCK_ERROR_NS)
      throw new Error(OTHER_CLOCK);
    const steps = Math.floor(Math.max(0, latencyNs) / this.#resolutionNs);
    this.#record('push_latency', receivedNs, steps * this.#resolutionNs);
  }

  /** Records a value of the measured time; one of the warm-up counts where its series is the headline. */
  #record(series: 'push_gap' | 'push_latency', receivedNs: number, valueNs: number): void {
    const { recorder, measuring, plan } = this.#context;
    const { startNs, endNs } = measuring;
    if (receivedNs >= endNs) return;
    // Nothing says when a push was due.
    if (receivedNs >= startNs) recorder.recordDue(series, valueNs, receivedNs - valueNs);
    else if (plan.headline === series || (series === 'push_gap' && plan.headline === 'push_skew'))
      recorder.record('warmup', valueNs);
  }

  /** What arrived since the last call. */
  take(): Pick<Snapshot, 'pushes' | 'ownPushes' | 'pushResolutionNs'> {
    const ownPushes = Array.from(this.#ownPushes, ([second, count]) => ({ second, count }));
    this.#ownPushes = new Map();
    return { pushes: this.#takeArrivals(), ownPushes, pushResolutionNs: this.#resolutionNs };
  }

  #takeArrivals(): PushArrivals[] {
    const nowNs = this.#context.clock.nowNs();
    const arrivals: PushArrivals[] = [];
    for (const [key, push] of this.#pushes) {
      const { firstNs, lastNs, reached, duplicated } = push;
      if (reached + duplicated > 0) arrivals.push({ key, firstNs, lastNs, reached, duplicated });
      push.reached = 0;
      push.duplicated = 0;
      if (nowNs - lastNs > FORGET_AFTER_NS) this.#pushes.delete(key);
    }
    return arrivals;
  }
}
