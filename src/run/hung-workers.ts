import type { FromWorker } from '../generator/messages.ts';
import { formatDurationMs } from '../units.ts';
import type { RunControl } from './control.ts';
import type { Membership } from './membership.ts';
import type { Workers } from './workers.ts';

interface WatchedRun {
  readonly control: RunControl;
  readonly workers: Workers;
  readonly membership: Membership;
}

/** A worker that has not answered so long after it should have is treated as hung. */
export const HUNG_AFTER_MS = 8000;

/**
 * Waits until every worker that is alive has posted a message. Workers that do not in time are given up, and the run is
 * aborted.
 */
export async function untilAll(run: WatchedRun, type: FromWorker['type'], timeoutMs: number): Promise<void> {
  const { control, workers } = run;
  if ((await control.until(workers.all(type), timeoutMs)) !== 'timeout') return;
  giveUp(run, workers.missing(type), timeoutMs);
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
