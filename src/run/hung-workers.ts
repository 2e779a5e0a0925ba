import type { FromWorker } from '../generator/messages.ts';
import { formatDurationMs } from '../units.ts';
import type { Collector } from './collector.ts';
import type { RunControl } from './control.ts';
import type { Membership } from './membership.ts';
import type { Workers } from './workers.ts';

interface WatchedRun {
  readonly control: RunControl;
  readonly workers: Workers;
  readonly membership: Membership;
  readonly collector: Collector;
}

/** A worker that has not answered so long after it should have, and has posted nothing, is treated as hung. */
export const HUNG_AFTER_MS = 8000;
/** A worker that is too busy to answer posts its counts once a second. It gets this much longer. */
const BUSY_MS = 32_000;

/**
 * Waits until every worker that is alive has posted a message. Workers that do not in time are given up, and the run is
 * aborted.
 *
 * @param wait how to wait: `until` ends with the run, `within` does not.
 */
export async function untilAll(
  run: WatchedRun,
  type: FromWorker['type'],
  timeoutMs: number,
  wait: 'until' | 'within' = 'until',
): Promise<void> {
  const { control, workers, collector } = run;
  let end = await control[wait](workers.all(type), timeoutMs - HUNG_AFTER_MS);
  for (let afterMs = timeoutMs; end === 'timeout'; afterMs += HUNG_AFTER_MS) {
    const before = collector.workers.map(({ messages }) => messages);
    end = await control[wait](workers.all(type), HUNG_AFTER_MS);
    if (end !== 'timeout') return;
    const isSilent = (worker: number) => collector.workers[worker]?.messages === before[worker];
    const hung = workers.missing(type).filter((worker) => isSilent(worker) || afterMs >= timeoutMs + BUSY_MS);
    giveUp(run, hung, afterMs);
  }
}

/** Ends workers that have not answered within `afterMs`. What they did not report remains unknown. */
export function giveUp(
  { control, workers, membership }: WatchedRun,
  hung: readonly number[],
  afterMs: number,
): void {
  for (const worker of hung) {
    workers.giveUp(worker);
    membership.loseWorker(worker);
    control.abort(
      'worker_hung',
      `generator process ${worker + 1} did not answer within ${formatDurationMs(afterMs)}`,
    );
  }
}
