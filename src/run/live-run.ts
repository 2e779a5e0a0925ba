import { seriesNamed } from '../measure/series.ts';
import type { Plan } from '../plan/plan.ts';
import { testedFromMs } from '../plan/tested-windows.ts';
import type { PlannedPhase, RunPhase, RunProgress } from '../result/progress.ts';
import { type LiveSecond, quantilesOf } from './live-seconds.ts';
import type { RunParts } from './phases.ts';
import type { ScheduleCounts } from './timeline.ts';

/** Workers report once a second, so that a message of the last two seconds may have arrived without being known. */
export const LOST_AFTER_S = 2;

/** What phases without a length of their own usually take, in milliseconds. */
const USUAL_START_MS = 1000;
const USUAL_DRAIN_MS = 300;
const USUAL_COLLECT_MS = 300;

/** The phases of a run, or of a shard of it, with their times. */
export function plannedPhases(plan: Plan, part: 'whole' | 'shard' = 'whole'): PlannedPhase[] {
  const isShard = part === 'shard';
  const { warmupMaxMs, durationMs, drainMs, connectTimeoutMs } = plan;
  // Shards share the connect rate.
  const connectMs = Math.round((plan.clients / plan.connectRateHz) * 1000);
  const rendezvous: PlannedPhase = { phase: 'rendezvous', expectedMs: 0, maxMs: null };
  return [
    { phase: 'start', expectedMs: USUAL_START_MS, maxMs: null },
    { phase: 'connect', expectedMs: connectMs, maxMs: connectMs + connectTimeoutMs },
    ...(isShard ? [rendezvous] : []),
    { phase: 'warm-up', expectedMs: isShard ? warmupMaxMs : testedFromMs(plan), maxMs: warmupMaxMs },
    { phase: 'measure', expectedMs: durationMs, maxMs: durationMs },
    { phase: 'drain', expectedMs: Math.min(USUAL_DRAIN_MS, drainMs), maxMs: drainMs },
    { phase: 'collect', expectedMs: USUAL_COLLECT_MS, maxMs: null },
  ];
}

/** The series of the slowest receiver of a message; null where the headline series has none. */
export function slowestSeries({ headline }: Pick<Plan, 'headline'>): string | null {
  const samples = seriesNamed(headline)?.sampledBy ?? null;
  return samples === 'fanout_last' || samples === 'reply_last' ? samples : null;
}

/** Reports where a run is: at the start of each phase, and once for every second. The coordinator computes it alone. */
export class LiveRun {
  readonly #run: RunParts;
  readonly #report: (progress: RunProgress) => void;
  readonly #phases: readonly PlannedPhase[];
  readonly #slowest: string | null;
  #phase: RunPhase | null = null;
  /** Full seconds of the phase that were reported. */
  #phaseSeconds = 0;
  #reported: Readonly<ScheduleCounts> = { intended: 0, sent: 0, expected: 0, delivered: 0, missed: 0 };

  constructor(run: RunParts, report: (progress: RunProgress) => void) {
    this.#run = run;
    this.#report = report;
    this.#phases = plannedPhases(run.plan, run.shard === null ? 'whole' : 'shard');
    this.#slowest = slowestSeries(run.plan);
  }

  /** Reports what has changed; to be called a few times a second and at the start of each phase. */
  update(): void {
    const { control, collector, membership } = this.#run;
    if (control.phase !== this.#phase) this.#begin(control.phase);
    const workers = membership.spread.length - membership.lostWorkers.size;
    const overdue = this.#measuredS() - LOST_AFTER_S;
    const { live } = collector;
    for (let next = live.takeNext(workers, overdue); next !== null; next = live.takeNext(workers, overdue)) {
      this.#reportMeasured(next);
    }
    const seconds = Math.floor(control.elapsedMs / 1000);
    if (control.phase === 'measure' || seconds <= this.#phaseSeconds) return;
    this.#phaseSeconds = seconds;
    this.#report({ ...this.#figures(), measured: null });
  }

  /** Reports the seconds that are left when the run is over. */
  end(): void {
    const { live } = this.#run.collector;
    while (live.hasMore) {
      const next = live.takeNext(0, Number.POSITIVE_INFINITY);
      if (next !== null) this.#reportMeasured(next);
    }
  }

  #begin(phase: RunPhase): void {
    this.#phase = phase;
    this.#phaseSeconds = 0;
    const planned = this.#phases.find((each) => each.phase === phase);
    const { expectedMs = 0, maxMs = null } = planned ?? {};
    this.#report({ type: 'phase', phase, expectedMs, maxMs });
  }

  #reportMeasured({ second, latency }: LiveSecond): void {
    const { plan } = this.#run;
    const figures = this.#figures();
    const before = this.#reported;
    const { intended, sent, expected, delivered } = figures;
    this.#reported = { intended, sent, expected, delivered, missed: 0 };
    this.#report({
      ...figures,
      measured: {
        second,
        latency: latency(plan.headline),
        slowest: this.#slowest === null ? null : latency(this.#slowest),
        intended: intended - before.intended,
        sent: sent - before.sent,
        expected: expected - before.expected,
        delivered: delivered - before.delivered,
      },
    });
  }

  /** The figures of the run so far. */
  #figures(): Omit<Extract<RunProgress, { type: 'second' }>, 'measured'> {
    const { plan, control, collector, membership } = this.#run;
    const { timeline, workers } = collector;
    return {
      type: 'second',
      phase: control.phase,
      phaseMs: Math.round(control.elapsedMs),
      connected: workers.reduce((sum, { connected }) => sum + connected, 0),
      ...timeline.counts(),
      // Receivers of other shards are not known here.
      lost: membership.crosses ? 0 : timeline.missingBefore(this.#measuredS() - LOST_AFTER_S),
      latency: quantilesOf(timeline.series.get(plan.headline)),
      slowest: this.#slowest === null ? null : quantilesOf(timeline.series.get(this.#slowest)),
    };
  }

  /** Full seconds since the start of measuring; negative before it. */
  #measuredS(): number {
    const { host, collector } = this.#run;
    return Math.floor((host.clock.nowNs() - collector.measureStartNs) / 1e9);
  }
}
