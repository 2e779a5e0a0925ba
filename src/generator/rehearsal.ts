import { measureWindow } from '../measure/clock.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { Receipts } from '../measure/receipts.ts';
import { Recorder } from '../measure/recorder.ts';
import type { WorkerContext } from './context.ts';
import { Deliveries } from './deliveries.ts';

/** V8 optimizes a function after some thousand calls. */
const REHEARSED = 20_000;

/**
 * Enters made-up deliveries, which count nowhere. Measured messages take another way than those of the warm-up: without a
 * rehearsal, V8 would discard the code that it optimized in the warm-up, and compile it again while the run measures.
 */
export function rehearseDeliveries(context: WorkerContext): void {
  const { clock, plan, layout } = context;
  if (layout.streams.length === 0) return;
  const ignore = () => {};
  const receipts = new Receipts({
    clock,
    window: { note: ignore, noteLatency: ignore },
    onStamped: ignore,
    onLatency: ignore,
  });
  const recorder = new Recorder();
  recorder.series(plan.headline).onValue = (valueNs) => receipts.noteLatency(valueNs);
  const deliveries = new Deliveries({
    ...context,
    receipts,
    recorder,
    audience: { local: () => 1, isSameNode: () => null },
    unexpected: new ReasonCounts(),
    measuring: measureWindow(0, plan.durationMs),
  });
  deliveries.ledger.open(0, 0);
  const arrival = { receivedNs: 0, clock: 'kernel' as const, uncertaintyNs: 0 };
  for (let seq = 0; seq < REHEARSED; seq++) {
    const intendedNs = seq * 1e5;
    arrival.receivedNs = intendedNs + 1e6;
    const stamp = { stream: 0, seq, intendedNs, actualNs: intendedNs + 10, measured: true };
    deliveries.enter(0, { stamp, state: 'intact' }, receipts.at(arrival));
  }
}
