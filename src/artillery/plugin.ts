import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { foreignLines } from '../foreign.ts';
import { readOriginNs } from '../measure/clock.ts';
import { errorText, type PluginEvents, refuseScript } from './artillery-facts.ts';
import { HANDOVER } from './channel.ts';
import { requireDeliverable } from './deliver.ts';
import { MainThread } from './main-thread.ts';
import { type ArtilleryScript, flowsOf, pluginSettings } from './settings.ts';
import { joinRun, type WorkerThread } from './worker-thread.ts';

const YOUNG_GENERATION = ['--min-semi-space-size=16', '--max-semi-space-size=32'];

/**
 * The plugin as Artillery loads it: in the main thread, where it makes the result, and in each worker thread, which it
 * joins to the run.
 */
export class SockbenchPlugin {
  readonly #main: MainThread | null = null;
  readonly #worker: WorkerThread | null = null;

  constructor(script: ArtilleryScript, events: PluginEvents) {
    if (!isMainThread) {
      this.#worker = joinRun(script);
      return;
    }
    try {
      // Artillery checks nothing of this, and would run a flow without effect.
      flowsOf(script);
      const settings = pluginSettings(script);
      requireDeliverable(settings);
      // As in a generator process: a larger young generation means fewer collections. It holds for threads to come.
      for (const flag of YOUNG_GENERATION) setFlagsFromString(flag);
      const originNs = readOriginNs();
      process.env[HANDOVER] = String(originNs);
      this.#main = new MainThread(script, settings, originNs, events);
    } catch (error) {
      refuseScript(error);
    }
  }

  /** Called by Artillery at the end of each thread. */
  cleanup(done: (error?: unknown) => void): void {
    const finished = this.#main?.finish() ?? this.#worker?.finish() ?? Promise.resolve();
    finished
      .catch((error) => void process.stderr.write(foreignLines(`error: ${errorText(error)}\n`)))
      .finally(done);
  }
}
