import { isObserving } from '../contract/scenario.ts';
import type { Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { BitSet } from '../measure/bit-set.ts';
import type { WorkerContext } from './context.ts';
import type { PushArrivals } from './messages.ts';

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

/** Times what a server pushes on its own: gaps per client, first and last receiver per key. */
export class Observer {
  readonly #context: WorkerContext;
  readonly #lastNs = new Map<number, number>();
  readonly #pushes = new Map<string, ObservedPush>();

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  /** Listens to pushes where the clients of the run only listen. */
  listen(client: number, connection: Connection): void {
    const { target, layout, receipts, failed } = this.#context;
    const { observe } = target.mapping;
    if (observe === undefined || !isObserving(layout)) return;
    connection.on(observe.event, (data, arrival) => {
      const receivedNs = receipts.at(arrival);
      try {
        this.take(client, String(observe.key(data)), receivedNs);
      } catch (error) {
        failed.add(messageOf(error));
      }
    });
  }

  take(client: number, key: string, receivedNs: number): void {
    const { receipts, clients, recorder, measuring } = this.#context;
    receipts.note(receivedNs);
    let push = this.#pushes.get(key);
    if (push === undefined) {
      const times = { firstNs: receivedNs, lastNs: receivedNs };
      push = { ...times, reached: 0, duplicated: 0, missing: clients.size, clients: new BitSet() };
      this.#pushes.set(key, push);
    }
    if (push.clients === null || !push.clients.add(client)) {
      // A duplicate is no push of its own: it ends no gap.
      push.duplicated += 1;
      return;
    }
    push.missing -= 1;
    if (push.missing === 0) push.clients = null;
    push.reached += 1;
    push.lastNs = receivedNs;
    const lastNs = this.#lastNs.get(client);
    this.#lastNs.set(client, receivedNs);
    const { startNs, endNs } = measuring;
    if (lastNs === undefined || receivedNs >= endNs) return;
    recorder.record(receivedNs < startNs ? 'warmup' : 'push_gap', receivedNs - lastNs);
  }

  takeArrivals(): PushArrivals[] {
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
