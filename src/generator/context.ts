import type { Layout, Scenario } from '../contract/scenario.ts';
import { type Clock, type MeasureWindow, NOT_MEASURING } from '../measure/clock.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { ReceiveWindow, Recorder } from '../measure/recorder.ts';
import type { Timers } from '../measure/timers.ts';
import type { Plan } from '../plan/plan.ts';
import { Audience } from './audience.ts';
import type { Assignment } from './messages.ts';
import type { Target } from './target.ts';

export interface ContextOptions {
  readonly assignment: Assignment;
  readonly scenario: Scenario;
  readonly target: Target;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** What all parts of a worker share. */
export class WorkerContext {
  readonly assignment: Assignment;
  readonly plan: Plan;
  readonly layout: Layout;
  /** Client numbers of this worker. */
  readonly clients: ReadonlySet<number>;
  readonly scenario: Scenario;
  readonly target: Target;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly audience: Audience;
  readonly recorder = new Recorder();
  readonly window: ReceiveWindow;
  /** Measured work that failed, and functions of the target that threw. */
  readonly failed = new ReasonCounts();
  /** How connections ended that the scenario closed. */
  readonly closed = new ReasonCounts();
  /** Set once, when measuring is scheduled. */
  measuring: MeasureWindow = NOT_MEASURING;

  constructor({ assignment, scenario, target, clock, timers }: ContextOptions) {
    this.assignment = assignment;
    this.plan = assignment.plan;
    this.layout = assignment.layout;
    this.clients = new Set(assignment.clients);
    this.scenario = scenario;
    this.target = target;
    this.clock = clock;
    this.timers = timers;
    this.audience = new Audience(assignment.layout);
    this.window = new ReceiveWindow(clock, timers, (lengthNs, messages) => {
      if (clock.nowNs() < this.measuring.startNs) return;
      this.recorder.recordMany('receive_uncertainty', lengthNs, messages);
    });
  }
}
