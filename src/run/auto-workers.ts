import { everyClient, type Layout } from '../contract/scenario.ts';
import { copiesOf } from '../generator/operations/index.ts';
import { spreadClients } from '../plan/layout.ts';
import { DEFAULT_WORKERS } from '../plan/options.ts';
import type { Plan, PlannedRun } from '../plan/plan.ts';
import type { Calibration } from '../result/calibration.ts';
import { formatCount } from '../units.ts';

/** The part of its capacity that a worker is given: the rest is for a machine that is less quiet. */
const USED_CAPACITY = 0.7;
const MAX_WORKERS = 256;

/** How many deliveries each message of a layout has on average; a request has one reply, an iteration counts as one. */
export function deliveriesPerMessage({ streams }: Layout): number {
  const copies = streams.map((stream) => Math.max(1, stream.receivers.length * copiesOf(stream)));
  return copies.length === 0 ? 0 : copies.reduce((sum, each) => sum + each, 0) / copies.length;
}

/** Deliveries per second of a plan, at the highest rate of its profile. */
export function deliveriesHz({ profile }: Pick<Plan, 'profile'>, layout: Layout): number {
  const peakHz = Math.max(0, ...profile.flatMap(({ fromHz, toHz }) => [fromHz, toHz]));
  return peakHz * deliveriesPerMessage(layout);
}

/** How much each client receives for one message of every stream. */
function weightsOf({ streams }: Layout, clients: number): Float64Array {
  const weights = new Float64Array(clients);
  for (const stream of streams) {
    const copies = Math.max(1, copiesOf(stream));
    for (const receiver of stream.receivers) weights[receiver] = (weights[receiver] ?? 0) + copies;
  }
  return weights;
}

/** The largest share of all deliveries that one of so many workers would receive. */
function largestShare(layout: Layout, weights: Float64Array, workers: number): number {
  const received = spreadClients(layout, everyClient(weights.length), workers).map((clients) =>
    clients.reduce((sum, client) => sum + (weights[client] ?? 0), 0),
  );
  const total = received.reduce((sum, each) => sum + each, 0);
  return total === 0 ? 1 : Math.max(...received) / total;
}

/** The highest number of workers that is of use: the server needs a CPU too, and each worker a client. */
export function mostWorkers(clients: number, cpus: number): number {
  return Math.max(1, Math.min(cpus - 1, clients, MAX_WORKERS));
}

function withWorkers(run: PlannedRun, workers: number, workersReason: string): PlannedRun {
  return { ...run, plan: Object.freeze({ ...run.plan, workers, workersReason }) };
}

/**
 * Chooses the smallest number of workers of which none receives more than 70 % of what one worker carries, or more than
 * what it carried where its limit was not found; the number with the least load for each where that is not possible. It
 * is at most one less than the CPUs, since the server needs one, and at most the clients. The same plan and calibration
 * give the same number. Without a calibration it is the default. Returns the run with that number and the reason; a run
 * whose number was given is unchanged.
 */
export function chooseWorkers(
  planned: PlannedRun,
  calibration: Pick<Calibration, 'capacity' | 'calibratedAt'> | null,
  cpus: number,
): PlannedRun {
  const { plan, layout } = planned;
  if (plan.workersReason === null) return planned;
  if (calibration === null || calibration.capacity === null) {
    return withWorkers(planned, DEFAULT_WORKERS, 'the default, because there is no calibration of this plan');
  }
  const day = calibration.calibratedAt.slice(0, 10);
  const { deliveriesHz: carriedHz, limit } = calibration.capacity;
  const usableHz = limit === 'generator' ? carriedHz * USED_CAPACITY : carriedHz;
  const loadHz = deliveriesHz(plan, layout);
  const basis = `the plan has ${formatCount(Math.round(loadHz))} deliveries/s, and one worker carried ${formatCount(Math.round(carriedHz))}/s in the calibration of ${day}`;
  const weights = weightsOf(layout, plan.clients);
  const most = mostWorkers(plan.clients, cpus);
  let best = { workers: 1, share: 1 };
  for (let workers = 1; workers <= most; workers++) {
    const share = largestShare(layout, weights, workers);
    if (share < best.share) best = { workers, share };
    if (loadHz * share <= usableHz) return withWorkers(planned, workers, basis);
  }
  return withWorkers(planned, best.workers, `${basis}; more CPUs would allow more workers`);
}
