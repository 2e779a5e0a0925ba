import { slowReadersOf } from '../plan/disturbed-clients.ts';
import type { WorkerContext } from './context.ts';

/** Series of a run whose plan keeps clients from reading: one value per delivery. */
export const SLOW_READER_SERIES = ['delivery_before', 'delivery_others', 'delivery_slow'] as const;

/** Keeps what clients get that read slowly apart from what the others get, before and meanwhile. */
export class SlowReaders {
  readonly #context: Pick<WorkerContext, 'recorder' | 'measuring'>;
  readonly #fromMs: ReadonlyMap<number, number>;
  readonly #firstMs: number;

  constructor(context: Pick<WorkerContext, 'recorder' | 'measuring'>, fromMs: ReadonlyMap<number, number>) {
    this.#context = context;
    this.#fromMs = fromMs;
    this.#firstMs = Math.min(...fromMs.values());
  }

  /** Whether a client has begun to read slowly. */
  has(client: number, timeNs: number): boolean {
    return this.#sinceStartMs(timeNs) >= (this.#fromMs.get(client) ?? Number.POSITIVE_INFINITY);
  }

  /** How many of some clients had begun to read slowly at a time. */
  countAt(timeNs: number, isMeant: (client: number) => boolean): number {
    let count = 0;
    for (const client of this.#fromMs.keys()) if (this.has(client, timeNs) && isMeant(client)) count += 1;
    return count;
  }

  recordSlow(dueNs: number, latencyNs: number): void {
    this.#context.recorder.recordDue('delivery_slow', latencyNs, dueNs);
  }

  /** Records a delivery to a client that reads as fast as it can. */
  recordOther(dueNs: number, latencyNs: number): void {
    const isBefore = this.#sinceStartMs(dueNs) < this.#firstMs;
    this.#context.recorder.recordDue(isBefore ? 'delivery_before' : 'delivery_others', latencyNs, dueNs);
  }

  #sinceStartMs(timeNs: number): number {
    return (timeNs - this.#context.measuring.startNs) / 1e6;
  }
}

/** Null where all clients read as fast as they can. */
export function slowReaders(
  context: Pick<WorkerContext, 'plan' | 'layout' | 'recorder' | 'measuring'>,
): SlowReaders | null {
  const fromMs = slowReadersOf(context.plan, context.layout);
  return fromMs.size === 0 ? null : new SlowReaders(context, fromMs);
}
