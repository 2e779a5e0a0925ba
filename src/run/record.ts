import type { Scenario } from '../contract/scenario.ts';
import type { Plan } from '../plan/plan.ts';
import type { Finding, RunResult } from '../result/run-result.ts';
import type { Affinity } from './affinity.ts';
import type { Collector } from './collector.ts';
import type { SystemCounters } from './environment.ts';
import type { Membership } from './membership.ts';
import type { SampledProcess } from './server/telemetry.ts';

/** All that a run has found out when it is over, before it is judged and stored. */
export interface RunRecord {
  readonly plan: Plan;
  readonly scenario: Scenario;
  readonly membership: Membership;
  readonly startedAt: Date;
  readonly commandLine: readonly string[];
  readonly affinity: Affinity;
  readonly collector: Collector;
  readonly deadWorkers: readonly number[];
  readonly workerPids: readonly number[];
  /** The server's processes; empty when nothing is known of them. */
  readonly servers: readonly SampledProcess[];
  /** What ended the run before its plan did; the figures may hold more reasons to disbelieve it. */
  readonly abortReasons: readonly Finding[];
  readonly notes: readonly Finding[];
  readonly warmup: RunResult['warmup'];
  readonly timing: RunResult['timing'];
  readonly measureStartNs: number;
  readonly counters: { readonly before: SystemCounters; readonly after: SystemCounters };
}
