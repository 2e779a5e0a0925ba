import { messageOf } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { transportsText } from '../../result/population-text.ts';
import type { ProgressEvent, ProgressOf, RunProgress, Unstamped } from '../../result/progress.ts';
import type { RunResult } from '../../result/run-result.ts';
import { plannedPhases, slowestSeries } from '../../run/live-run.ts';

export type ProgressListener = (event: ProgressEvent) => void;

/** What the command says of itself at its beginning. */
export type Beginning = Omit<ProgressOf<'begin'>, 'type' | 'atMs' | 'version' | 'startedAt'>;

/** The place of a run in its command. */
export interface RunPlace extends Pick<ProgressOf<'run'>, 'title' | 'round' | 'arm'> {
  /** How many clients this machine connects, where it carries out a shard of the run; null for the whole run. */
  readonly shardClients: number | null;
}

/** Adds the time to the events of a command, and hands them to everyone who subscribed. */
export class ProgressFeed {
  readonly #nowMs: () => number;
  readonly #listeners = new Set<ProgressListener>();
  #startMs: number;
  #runs = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  /** Calls the listener with every event from now on. The returned function ends that. */
  subscribe(listener: ProgressListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  report(event: Unstamped): void {
    const { type, ...rest } = event;
    const stamped = { type, atMs: Math.round(this.#nowMs() - this.#startMs), ...rest } as ProgressEvent;
    for (const listener of this.#listeners) listener(stamped);
  }

  /** Carries out a command by `work`, and reports its beginning and its end, however it ends. */
  async carryOut<Value>(
    beginning: Beginning,
    work: () => Promise<Value>,
    isComplete: (value: Value) => boolean,
  ): Promise<Value> {
    this.#startMs = this.#nowMs();
    this.report({ type: 'begin', version: 1, startedAt: new Date().toISOString(), ...beginning });
    let status: ProgressOf<'end'>['status'] = 'failed';
    try {
      const value = await work();
      status = isComplete(value) ? 'complete' : 'partial';
      return value;
    } finally {
      this.report({ type: 'end', status });
    }
  }

  /** Carries out a run by `work`, which gets what the run reports its progress to, and reports its start and its end. */
  async measure(
    plan: Plan,
    { shardClients, ...place }: RunPlace,
    work: (onProgress: (progress: RunProgress) => void) => Promise<RunResult>,
  ): Promise<RunResult> {
    this.#runs += 1;
    const run = this.#runs;
    const clients = shardClients ?? plan.clients;
    const { scenario, target, headline } = plan;
    const phases = plannedPhases(plan, shardClients === null ? 'whole' : 'shard');
    const load = { scenario, target: target.name, transport: transportsText(plan), clients };
    this.report({ type: 'run', run, ...place, ...load, headline, slowest: slowestSeries(plan), phases });
    try {
      const result = await work((progress) => this.report({ run, ...progress }));
      const invalid = result.invalid.map(({ code }) => code);
      this.report({ type: 'run-end', run, invalid, error: null });
      return result;
    } catch (error) {
      this.report({ type: 'run-end', run, invalid: [], error: messageOf(error) });
      throw error;
    }
  }
}

/** How long one run is expected to take, in milliseconds. */
export function expectedRunMs(plan: Plan): number {
  return plannedPhases(plan).reduce((sum, { expectedMs }) => sum + expectedMs, 0);
}
