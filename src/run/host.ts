import { lowerOwnPriority } from '../generator/priority.ts';
import { type Clock, createClock, readOriginNs } from '../measure/clock.ts';
import { realTimers, type Timers } from '../measure/timers.ts';
import { readWallOrigin, type WallOrigin } from '../measure/wall-clock.ts';
import type { Plan, PlannedRun } from '../plan/plan.ts';
import type { Shard } from '../plan/shard.ts';
import { type Affinity, chooseAffinity, separateProcesses } from './affinity.ts';
import { explainRefusal } from './diagnose/explain.ts';
import { readEnvironment, readSystemCounters } from './environment.ts';
import { openLinks } from './links.ts';
import { connectedClients, requireOpenFiles } from './open-files.ts';
import type { Rendezvous } from './rendezvous/rendezvous.ts';
import { countSockets } from './server/port.ts';
import { type ServerStart, type ServerUnderTest, startServer } from './server/server-process.ts';
import { chooseSourceAddresses, requireOwnAddresses } from './source-ports.ts';
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
  /**
   * Checks that the system lets the processes of a run open as many connections as it needs. Resolves to the addresses
   * that they come from, none to leave the choice to the system. `spread`: the clients of each generator process.
   */
  requireLimits(planned: PlannedRun, spread: ReadonlyArray<readonly number[]>): Promise<readonly string[]>;
  startServer(plan: Plan, start: ServerStart): Promise<ServerUnderTest>;
  readonly openLinks: typeof openLinks;
  readonly explainRefusal: typeof explainRefusal;
  readonly countSockets: typeof countSockets;
  /**
   * Prepares this process and the workers for measuring. Called when all processes have started. The returned function
   * is called at the end of the run.
   */
  prepare(plan: Plan, affinity: Affinity, workerPids: readonly number[]): () => void;
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

/** Reference servers listen on this host. */
const REFERENCE_URL = 'http://127.0.0.1';

const requireLimits: RunHost['requireLimits'] = async (planned, spread) => {
  const { plan } = planned;
  const connected = connectedClients(planned, spread);
  requireOpenFiles(plan, connected);
  const url = new URL(plan.target.url ?? REFERENCE_URL);
  const addresses = chooseSourceAddresses(plan, connected.all, url);
  await requireOwnAddresses(addresses, url);
  return addresses;
};

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
    requireLimits,
    startServer: (plan, start) => startServer(plan, originNs, start),
    openLinks,
    explainRefusal,
    countSockets,
    prepare(plan, affinity, workerPids) {
      lowerOwnPriority();
      const restore = separateProcesses(affinity, workerPids);
      if (plan.warmupMaxMs > 0) rehearseTimeline();
      return restore;
    },
    readCounters: readSystemCounters,
    readEnvironment,
  };
}
