import { lowerOwnPriority } from '../generator/priority.ts';
import { type Clock, createClock, readOriginNs } from '../measure/clock.ts';
import { realTimers, type Timers } from '../measure/timers.ts';
import { readWallOrigin, type WallOrigin } from '../measure/wall-clock.ts';
import type { Plan } from '../plan/plan.ts';
import type { Shard } from '../plan/shard.ts';
import { type Affinity, chooseAffinity, separateGenerator } from './affinity.ts';
import { explainRefusal } from './diagnose/explain.ts';
import { readEnvironment, readSystemCounters } from './environment.ts';
import type { Rendezvous } from './rendezvous/rendezvous.ts';
import { type ServerStart, type ServerUnderTest, startServer } from './server/server-process.ts';
import { rehearseTimeline } from './timeline.ts';
import { type StartWorker, startWorkerProcess } from './workers.ts';

/** Everything outside the coordinator that a run uses. A test gives one in virtual time, without processes. */
export interface RunHost {
  /** The shard that this host carries out; null for a whole run. */
  readonly shard: ShardHost | null;
  /** Origin of {@link clock}, from which the clocks of the other processes count too. */
  readonly originNs: bigint;
  readonly clock: Clock;
  /** Reads the wall time of the origin. */
  readonly readWall: () => WallOrigin;
  readonly timers: Timers;
  readonly chooseAffinity: typeof chooseAffinity;
  readonly startWorker: StartWorker;
  startServer(plan: Plan, start: ServerStart): Promise<ServerUnderTest>;
  readonly explainRefusal: typeof explainRefusal;
  /**
   * Prepares this process and the workers for measuring. Called when all processes have started. The returned function
   * is called at the end of the run.
   */
  prepare(affinity: Affinity, workerPids: readonly number[]): () => void;
  readonly readCounters: typeof readSystemCounters;
  readonly readEnvironment: typeof readEnvironment;
}

/** The shard of a run on one machine, and where it meets the others. */
export interface ShardHost {
  readonly shard: Shard;
  readonly rendezvous: Rendezvous;
  readonly hostname: string;
  /** The time on the wall, in milliseconds since 1970. */
  readonly wallMs: () => number;
}

/** The host of one run: processes of this machine, its clock and its timers. */
export function createHost(originNs = readOriginNs()): RunHost {
  return {
    shard: null,
    originNs,
    clock: createClock(originNs),
    readWall: () => readWallOrigin(originNs),
    timers: realTimers,
    chooseAffinity,
    startWorker: startWorkerProcess,
    startServer: (plan, start) => startServer(plan, originNs, start),
    explainRefusal,
    prepare(affinity, workerPids) {
      lowerOwnPriority();
      const restore = separateGenerator(affinity, workerPids);
      rehearseTimeline();
      return restore;
    },
    readCounters: readSystemCounters,
    readEnvironment,
  };
}
