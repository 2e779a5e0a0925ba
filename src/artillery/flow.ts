import type { Scope } from '../contract/protocol.ts';
import type { ArrivalProcess } from '../plan/arrivals.ts';
import type { Profile } from '../plan/profile.ts';
import { parseDurationMs } from '../units.ts';

/** A schedule that never waits for replies. Without one, a step happens once, when the step before it is over. */
export interface FlowPace {
  readonly profile: Profile;
  readonly durationMs: number;
  /** Before the schedule: messages at its first rate that are not measured. */
  readonly warmupMs: number;
  readonly arrival: ArrivalProcess;
  /** How many users of the rendezvous before this step share the rate; `own` where each user has the rate for itself. */
  readonly users: number | 'all' | 'own';
}

/** One step of a flow. Texts may hold Artillery's templates, `{{ name }}`. */
export type FlowStep =
  | { readonly kind: 'join'; readonly rooms: readonly string[] }
  | {
      readonly kind: 'publish';
      readonly scope: Scope;
      readonly room: string | null;
      readonly pace: FlowPace | null;
    }
  | { readonly kind: 'request'; readonly pace: FlowPace | null }
  | { readonly kind: 'emit'; readonly event: string; readonly data: unknown }
  /** In milliseconds; a text is a template. */
  | { readonly kind: 'think'; readonly time: string | number }
  | { readonly kind: 'loop'; readonly steps: readonly FlowStep[]; readonly count: string | number }
  | { readonly kind: 'log'; readonly text: string }
  | {
      readonly kind: 'rendezvous';
      readonly users: number;
      readonly timeoutMs: number;
      readonly place: string;
    }
  | { readonly kind: 'stay' };

/** Reads a time in seconds without a unit, or with one: `2`, `500ms`. In milliseconds. */
export function thinkMs(text: string): number {
  return /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) * 1000 : parseDurationMs(text);
}

/** Every step of a flow, also those in loops. */
export function* stepsIn(flow: Iterable<FlowStep>): Generator<FlowStep> {
  for (const step of flow) {
    yield step;
    if (step.kind === 'loop') yield* stepsIn(step.steps);
  }
}
