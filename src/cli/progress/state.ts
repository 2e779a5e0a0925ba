import type { ProgressEvent, ProgressOf } from '../../result/progress.ts';

type MeasuredSecond = NonNullable<ProgressOf<'second'>['measured']>;

/** Seconds of which figures are kept, for a line of the last seconds. */
const RECENT_SECONDS = 60;

/** What is known of a command from its events so far. */
export interface LiveState {
  readonly begin: ProgressOf<'begin'>;
  /** The run that goes on; null between runs. */
  readonly run: ProgressOf<'run'> | null;
  readonly phase: ProgressOf<'phase'> | null;
  /** The newest figures of the run; null before its first second is over. */
  readonly second: ProgressOf<'second'> | null;
  /** The last measured seconds of the run, in order. */
  readonly recent: readonly MeasuredSecond[];
  readonly round: ProgressOf<'round'> | null;
  readonly runsDone: number;
  /** Time that these runs took in all. */
  readonly runsMs: number;
}

/** The state after an event; null before the first one. Pure. */
export function nextState(state: LiveState | null, event: ProgressEvent): LiveState | null {
  if (event.type === 'begin') {
    const nothing = { run: null, phase: null, second: null, recent: [], round: null };
    return { begin: event, ...nothing, runsDone: 0, runsMs: 0 };
  }
  if (state === null) return null;
  switch (event.type) {
    case 'run':
      return { ...state, run: event, phase: null, second: null, recent: [] };
    case 'phase':
      return { ...state, phase: event };
    case 'second': {
      const measured = event.measured === null ? [] : [event.measured];
      return { ...state, second: event, recent: [...state.recent, ...measured].slice(-RECENT_SECONDS) };
    }
    case 'run-end': {
      const ranMs = event.atMs - (state.run?.atMs ?? event.atMs);
      return {
        ...state,
        run: null,
        phase: null,
        second: null,
        recent: [],
        runsDone: event.run,
        runsMs: state.runsMs + ranMs,
      };
    }
    case 'round':
      return { ...state, round: event };
    case 'step':
    case 'end':
      return state;
  }
}

/**
 * How long the whole command is expected to take from now, in milliseconds. The current phase, then the phases after it,
 * then the other runs, which take as long as those before them. A phase that takes longer than expected is about to end.
 */
export function timeLeftMs({ begin, run, phase, runsDone, runsMs }: LiveState, nowMs: number): number {
  const perRunMs = runsDone > 0 ? runsMs / runsDone : begin.expectedMs / Math.max(1, begin.runs);
  const otherMs = Math.max(0, begin.runs - (run?.run ?? runsDone)) * perRunMs;
  if (run === null) return otherMs;
  const index = run.phases.findIndex((each) => each.phase === phase?.phase);
  const laterMs = run.phases.slice(index + 1).reduce((sum, { expectedMs }) => sum + expectedMs, 0);
  const phaseMs = phase === null ? 0 : Math.max(0, phase.expectedMs - (nowMs - phase.atMs));
  return phaseMs + laterMs + otherMs;
}
