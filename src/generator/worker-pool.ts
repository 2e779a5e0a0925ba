import { isHolding } from '../contract/scenario.ts';
import { type Connection, type Driver, given, type OnRead, type Recognizer } from '../drivers/driver.ts';
import type { ReasonCounts } from '../measure/reason-counts.ts';
import { ofPopulation } from '../measure/series.ts';
import { ClientLives } from './client-life.ts';
import type { WorkerContext } from './context.ts';
import { connectOptionsFor } from './joining.ts';
import { ClientPool } from './pool.ts';
import type { OwnSockets } from './sockets.ts';

/** What the connections of a worker are made of. */
interface PoolMeans {
  readonly driver: Driver;
  /** Null for a driver that has its own. */
  readonly sockets: OwnSockets | null;
  readonly traffic: { readonly notePoll: (isEmpty: boolean) => void };
}

/** What the rest of a worker does with its connections. */
interface PoolUse {
  readonly known: Recognizer;
  readonly onRead: OnRead;
  /** Gets the reason when a client could not leave. */
  readonly notLeft: ReasonCounts;
  /** Called for every connection that is ready for use, before anything is sent or received over it. */
  readonly onOpened: (client: number, connection: Connection) => void;
  /** Called when a client has lost its connection of that age. */
  readonly onDropped: (client: number, reason: string, ageNs: number) => void;
}

/** The connections of a worker, with the hooks of the target. Records how long they take to open. */
export function createPool(
  context: WorkerContext,
  { driver, sockets, traffic }: PoolMeans,
  { known, onRead, notLeft, onOpened, onDropped }: PoolUse,
): ClientPool {
  const { clock, timers, recorder, layout, plan, target, failed } = context;
  const lives = new ClientLives({ target, plan, timers, failed, notLeft });
  return new ClientPool({
    ...{ driver, clock, timers, workers: plan.workers, lives },
    connectOptions: connectOptionsFor(context, lives, {
      ...{ onPolled: traffic.notePoll, recognizer: known, onRead },
      ...given({ openStream: sockets?.openStream }),
    }),
    onOpened: (client, connection, connectNs) => {
      recorder.record('connect', connectNs);
      const population = plan.populations[context.populationOf[client] ?? -1];
      if (population !== undefined) recorder.record(ofPopulation('connect', population.name), connectNs);
      onOpened(client, connection);
    },
    onUpgraded: (upgradeNs) => recorder.record('connect_upgraded', upgradeNs),
    onDropped: (client, reason, ageNs) => {
      if (isHolding(layout)) recorder.record('connection_age', ageNs);
      onDropped(client, reason, ageNs);
    },
  });
}
