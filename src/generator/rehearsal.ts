import { NOT_MEASURING } from '../measure/clock.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import type { WorkerContext } from './context.ts';
import { Deliveries } from './deliveries.ts';

/** V8 optimizes a function after some thousand calls. */
const REHEARSED = 20_000;
/** Every so many messages share the time of their read with another one. */
const SHARED_EVERY = 50;

/**
 * Enters made-up deliveries, whose figures the caller discards. Measured messages take another way than those of the
 * warm-up: without a rehearsal, V8 would discard the code that it optimized in the warm-up, and compile it again while the
 * run measures.
 */
export function rehearseDeliveries(context: WorkerContext): void {
  const { layout, receipts } = context;
  if (layout.streams.length === 0) return;
  context.measureFrom(0);
  const deliveries = new Deliveries({
    ...context,
    audience: { local: () => 2, isSameNode: () => null },
    unexpected: new ReasonCounts(),
    measuring: context.measuring,
  });
  for (const receiver of [0, 1]) deliveries.ledger.open(receiver, 0);
  const arrival = { receivedNs: Number.NaN, clock: 'kernel' as const, uncertaintyNs: Number.NaN };
  for (let message = 0; message < REHEARSED; message++) {
    const intendedNs = message * 1e5 + 0.5;
    arrival.receivedNs = intendedNs + 1e6 + (message % 7) * 1e4;
    arrival.uncertaintyNs = message % SHARED_EVERY === 0 ? 1000 : 0;
    const seq = Math.floor(message / 2);
    const stamp = {
      stream: 0,
      seq,
      intendedNs,
      actualNs: intendedNs + 10,
      measured: message > REHEARSED / 4,
    };
    deliveries.enter(message % 2, { stamp, state: 'intact' }, receipts.at(arrival));
  }
  context.measuring = NOT_MEASURING;
}
