import { testedFromMs, WARMUP_WINDOWS } from '../plan/tested-windows.ts';
import { findUnsettled } from '../result/level-change.ts';
import type { RunResult } from '../result/run-result.ts';
import type { StartedRun } from './phases.ts';
import { scheduleRestarts } from './restarts.ts';

/** Time for a command to reach every worker before the time that it names. */
const LEAD_MS = 150;
const WARMUP_POLL_MS = 50;

/** A smaller change of the median, as a share of it, does not keep a warm-up going. */
const SETTLED_WITHIN = 0.05;

/**
 * Whether latency is stable: the medians of the last sixteen windows show no trend and no shift by more than 5 %. Null
 * for fewer windows. A window without values (null) is not stable.
 */
export function isStable(windowMedians: ReadonlyArray<number | null>): boolean | null {
  if (windowMedians.length < WARMUP_WINDOWS) return null;
  const last = windowMedians.slice(-WARMUP_WINDOWS).filter((median) => median !== null);
  if (last.length < WARMUP_WINDOWS) return false;
  const change = findUnsettled(last);
  return change === null || Math.abs(change.to - change.from) <= SETTLED_WITHIN * change.from;
}

/**
 * Sends at the initial rate until enough messages were sent and the windows of latency are stable, for the maximum time, or
 * until the run is aborted. Ends when the measured schedule begins.
 */
export async function warmUp(run: StartedRun): Promise<RunResult['warmup']> {
  const { plan, host, control, workers, collector, shard } = run;
  const startNs = shard?.startNs ?? host.clock.nowNs() + LEAD_MS * 1e6;
  collector.warmupStartNs = startNs;
  if (plan.warmupMaxMs > 0) workers.postAll({ type: 'warm-up', startNs });
  const elapsedMs = () => (host.clock.nowNs() - startNs) / 1e6;
  const mediansNs = () => collector.windows.warmup.mediansNs(workers.aliveCount);
  const isFixed = shard !== null || plan.warmupMs === plan.warmupMaxMs;
  const untilMs = plan.warmupMaxMs - (shard !== null ? 2 * LEAD_MS : isFixed ? LEAD_MS : 0);
  const fromMs = testedFromMs(plan);
  const isDone = () => !isFixed && elapsedMs() >= fromMs && isStable(mediansNs()) === true;
  let isSettled = isDone();
  while (elapsedMs() < untilMs && !isSettled && !control.isAborted) {
    await control.pause(Math.max(1, Math.min(WARMUP_POLL_MS, untilMs - elapsedMs())));
    isSettled = isDone();
  }
  control.requireNotAborted();
  const windowMediansNs = mediansNs();
  const measureStartNs = measureStart(run);
  const durationMs = (measureStartNs - startNs) / 1e6;
  collector.measureFrom(measureStartNs);
  workers.postAll({ type: 'measure', startNs: measureStartNs });
  scheduleRestarts(run, measureStartNs);
  await control.pause((measureStartNs - host.clock.nowNs()) / 1e6);
  control.requireNotAborted();
  return {
    durationMs,
    stable: isStable(windowMediansNs),
    endedBy: isSettled ? 'test' : isFixed ? 'plan' : 'maximum',
    windowMs: collector.windows.warmup.windowMs,
    windowMediansNs,
  };
}

/** When measuring begins. All shards of a run begin at the same time, unless this one is late. */
function measureStart({ plan, host, shard }: StartedRun): number {
  const nowNs = host.clock.nowNs();
  const soonestNs = nowNs + LEAD_MS * 1e6;
  if (shard === null) return soonestNs;
  const agreedNs = shard.agreedStartNs + plan.warmupMaxMs * 1e6;
  const startNs = Math.max(agreedNs, soonestNs);
  shard.measureFrom(startNs, agreedNs, nowNs);
  return startNs;
}
