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
  const { control, workers } = run;
  let end = await control[wait](workers.all(type), timeoutMs - HUNG_AFTER_MS);
  for (let afterMs = timeoutMs; end === 'timeout'; afterMs += HUNG_AFTER_MS) {
    const silence = new Silence(run);
    end = await control[wait](workers.all(type), HUNG_AFTER_MS);
    if (end !== 'timeout') return;
    const missing = workers.missing(type);
    const silent = silence.longerThan(0);
    const isOver = afterMs >= timeoutMs + BUSY_MS;
    giveUp(run, isOver ? missing : missing.filter((worker) => silent.includes(worker)), afterMs);
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

/** How long each worker has posted nothing, in the time that the coordinator attended to it. */
export class Silence {
  readonly #run: Omit<WatchedRun, 'workers'>;
  readonly #heard: Array<{ messages: number; atMs: number }>;

  constructor(run: Omit<WatchedRun, 'workers'>) {
    this.#run = run;
    const atMs = run.control.attendedMs;
    this.#heard = run.collector.workers.map(({ messages }) => ({ messages, atMs }));
  }

  /** Workers that are not lost and have posted nothing for longer than this. */
  longerThan(limitMs: number): number[] {
    const { collector, control, membership } = this.#run;
    const nowMs = control.attendedMs;
    return [...this.#heard.keys()].filter((worker) => {
      const heard = this.#heard[worker];
      const messages = collector.workers[worker]?.messages;
      if (heard === undefined || messages === undefined || membership.lostWorkers.has(worker)) return false;
      if (heard.messages !== messages) Object.assign(heard, { messages, atMs: nowMs });
      return nowMs - heard.atMs > limitMs;
    });
  }
}
