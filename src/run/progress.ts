import type { Plan } from '../plan/plan.ts';

export type Phase = 'start' | 'connect' | 'warm-up' | 'measure' | 'drain' | 'collect';

/** Where a run is, four times a second and at the start of each phase. */
export interface Progress {
  readonly phase: Phase;
  /** Since the start of the phase. */
  readonly elapsedMs: number;
  readonly plan: Plan;
  readonly connected: number;
  /** Of the measured schedule so far, up to a second old. */
  readonly counts: {
    readonly intended: number;
    readonly sent: number;
    readonly expected: number;
    readonly delivered: number;
  };
  /** Owed for two seconds or longer and not there yet. */
  readonly missing: number;
  /** Of the headline series so far; null before its first value. */
  readonly p50Ns: number | null;
  readonly p99Ns: number | null;
}
