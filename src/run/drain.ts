import { isObserving } from '../contract/scenario.ts';
import type { SentOfStream } from '../generator/messages.ts';
import { NeverArriving } from './absences/never-arriving.ts';
import { giveUp, HUNG_AFTER_MS, Silence } from './hung-workers.ts';
import type { StartedRun } from './phases.ts';

const DRAIN_POLL_MS = 20;
/** Duplicates may follow the last expected delivery. */
const DUPLICATES_WAIT_MS = 200;
/** Workers report pushes once a second, so that a duplicate of the last push is known only then. */
const PUSHES_WAIT_MS = 1200;
/** In the drain workers report ten times a second. One that is silent for so long is held up. */
const HELD_UP_AFTER_MS = 1000;

/**
 * Waits for expected deliveries that are missing, then a moment for duplicates. Nothing more arrives from a dead server,
 * or without a receiver. Time in which a worker is held up does not count: what has arrived is read when it goes on.
 */
export async function drain(run: StartedRun): Promise<void> {
  const { plan, host, control, layout, membership, shard } = run;
  const settleMs = isObserving(layout) ? PUSHES_WAIT_MS : DUPLICATES_WAIT_MS;
  const canArrive = () =>
    !control.abortReasons.some(({ code }) => code === 'server_died') &&
    membership.lost !== 'client' &&
    membership.lost !== 'receiver';
  const elsewhere = shard === null ? [] : shard.scheduledElsewhere();
  const silence = new Silence(run);
  const gone = new NeverArriving(run);
  let untilMs = plan.drainMs;
  let completeAtMs: number | null = null;
  while (control.attendedMs < untilMs && canArrive()) {
    const beforeMs = control.attendedMs;
    await host.timers.sleep(DRAIN_POLL_MS);
    giveUp(run, silence.longerThan(HUNG_AFTER_MS), HUNG_AFTER_MS);
    if (silence.longerThan(HELD_UP_AFTER_MS).length > 0) untilMs += control.attendedMs - beforeMs;
    if (isWaiting(run, elsewhere, gone)) continue;
    completeAtMs ??= control.elapsedMs;
    if (control.elapsedMs - completeAtMs >= settleMs) break;
  }
}

/**
 * Whether a delivery is missing that a worker can still report, or an iteration may still publish. `elsewhere`: what other
 * shards send; null where only they know when they are done.
 */
function isWaiting(
  { membership, collector }: StartedRun,
  elsewhere: SentOfStream[] | null,
  gone: NeverArriving,
): boolean {
  if (elsewhere === null) return true;
  const alive = collector.workers.filter((_, worker) => !membership.lostWorkers.has(worker));
  const delivered = alive.reduce((sum, worker) => sum + worker.delivered, 0);
  const expected = membership.expected([...collector.sent(), ...elsewhere]);
  const isMissing = delivered < expected.total - expected.silent - gone.count;
  return isMissing || alive.some(({ iterating }) => iterating > 0) || collector.pushes.incomplete > 0;
}
