import { setTimeout as delay } from 'node:timers/promises';
import type { Plan } from '../plan/plan.ts';
import type { RunResult } from '../result/run-result.ts';
import { isStable } from './steady.ts';

const LOOK_EVERY_MS = 50;

export interface WarmUpOptions {
  readonly plan: Plan;
  /** Since the first message was due; negative before. */
  readonly elapsedMs: () => number;
  /** Medians of the seconds that are complete. */
  readonly mediansNs: () => Array<number | null>;
  /** From deciding to measure until measuring begins; part of the warm-up. */
  readonly leadMs: number;
  /** Settles when the run is cut short. */
  readonly cut: Promise<unknown>;
}

/** Waits until the warm-up has lasted its least time and is steady, or has lasted its most, or the run is cut. */
export async function warmUp(options: WarmUpOptions): Promise<RunResult['warmup']> {
  const { plan, elapsedMs, mediansNs, leadMs, cut } = options;
  let isCut = false;
  void cut.then(() => {
    isCut = true;
  });
  const isFixed = plan.warmupMs === plan.warmupMaxMs;
  const untilMs = plan.warmupMaxMs - (isFixed ? leadMs : 0);
  const isDone = () => !isFixed && elapsedMs() >= plan.warmupMs && isStable(mediansNs());
  while (elapsedMs() < untilMs && !isDone() && !isCut) {
    const waitMs = Math.max(1, Math.min(LOOK_EVERY_MS, untilMs - elapsedMs()));
    await Promise.race([delay(waitMs, undefined, { ref: false }), cut]);
  }
  const windowMediansNs = mediansNs();
  const stable = windowMediansNs.length < 3 ? null : isStable(windowMediansNs);
  return { durationMs: elapsedMs() + leadMs, stable, windowMediansNs };
}
