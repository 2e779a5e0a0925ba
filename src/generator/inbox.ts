import type { Connection } from '../drivers/driver.ts';
import type { ReceiptTime } from '../measure/receipts.ts';

/** How many events of one name, and of how many names, are kept until they are taken. */
const MAX_EVENTS_PER_NAME = 100;
const MAX_NAMES = 100;

/** Whether a step takes an event. `isNew`: the event has arrived since the step began to wait. */
export type IsMeant = (data: unknown, isNew: boolean) => boolean;

interface Waiter<T> {
  readonly event: string;
  readonly isMeant: IsMeant;
  readonly taken: PromiseWithResolvers<T>;
}

/**
 * The events of a connection that no step has taken yet; each is taken once. Of more than 100 events of one name the
 * oldest are forgotten, and of more than 100 names the oldest.
 */
export class Inbox<T extends { readonly data: unknown }> {
  readonly #kept = new Map<string, T[]>();
  readonly #waiting = new Set<Waiter<T>>();
  #hasForgotten = false;
  /** Stops keeping events. */
  readonly close: () => void;

  /** `notice` takes an event, and when it arrived, while it is handled. */
  constructor(
    connection: Pick<Connection, 'onAny'>,
    notice: (data: unknown, arrival: ReceiptTime | undefined) => T,
  ) {
    this.close = connection.onAny((event, data, arrival) => this.#receive(event, notice(data, arrival)));
  }

  /** What a step says when the event that it waited for has not come. */
  problemOf(event: string): string {
    return `no event ${event}${this.#hasForgotten ? ' (more came than are kept, and the oldest were forgotten)' : ''}`;
  }

  /** Takes the first event of this name that `isMeant` accepts, as soon as there is one. Rejects with what it throws. */
  take(event: string, isMeant: IsMeant): { readonly taken: Promise<T>; readonly stop: () => void } {
    const waiter = { event, isMeant, taken: Promise.withResolvers<T>() };
    this.#waiting.add(waiter);
    const kept = this.#kept.get(event) ?? [];
    const place = kept.findIndex((each) => this.#waiting.has(waiter) && this.#offer(waiter, each, false));
    if (place >= 0) kept.splice(place, 1);
    return { taken: waiter.taken.promise, stop: () => void this.#waiting.delete(waiter) };
  }

  /** Offers an event to a step; true when the step takes it. One whose `isMeant` throws waits no longer. */
  #offer(waiter: Waiter<T>, noticed: T, isNew: boolean): boolean {
    const { taken, isMeant } = waiter;
    try {
      if (!isMeant(noticed.data, isNew)) return false;
      taken.resolve(noticed);
    } catch (error) {
      taken.reject(error);
      this.#waiting.delete(waiter);
      return false;
    }
    this.#waiting.delete(waiter);
    return true;
  }

  #receive(event: string, noticed: T): void {
    for (const waiter of this.#waiting) {
      if (waiter.event === event && this.#offer(waiter, noticed, true)) return;
    }
    const kept = this.#kept.get(event) ?? [];
    this.#kept.set(event, kept);
    kept.push(noticed);
    if (kept.length > MAX_EVENTS_PER_NAME) kept.shift();
    else if (this.#kept.size > MAX_NAMES) this.#kept.delete(this.#kept.keys().next().value ?? event);
    else return;
    this.#hasForgotten = true;
  }
}
