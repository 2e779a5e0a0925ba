import type { OwnConnection } from '../contract/scenario.ts';
import type { Connection, ConnectOptions, Driver } from '../drivers/driver.ts';
import type { Clock } from '../measure/clock.ts';
import type { Timers } from '../measure/timers.ts';
import type { ClientLives } from './client-life.ts';

/** What a pool of connections needs of its worker. */
export interface PoolOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly timers: Timers;
  /** How many workers connect to the server at the same time; 1 by default. */
  readonly workers?: number;
  readonly connectOptions: (client: number) => Promise<ConnectOptions>;
  /** The hooks of the target; none by default. */
  readonly lives?: Pick<ClientLives, 'prepare' | 'prepares' | 'begin'>;
  /** Called for every connection that is ready for use, before anything is sent or received over it. */
  readonly onOpened: (client: number, connection: Connection, connectNs: number) => void;
  /** Called when a connection that began by polling is on WebSocket. */
  readonly onUpgraded: (upgradeNs: number) => void;
  /** Called when a client has lost its connection for the rest of the run; `ageNs` is that of the connection. */
  readonly onDropped: (client: number, reason: string, ageNs: number) => void;
}

/** A connection beside those of the pool. */
export interface OpenedConnection {
  readonly connection: Connection;
  /** Resolves when a connection that began by polling is on WebSocket; at once for any other. */
  readonly upgraded: Promise<void>;
  /** As {@link OwnConnection.stages}. */
  readonly stages: OwnConnection['stages'];
  /** Time for the options of the connection, which functions of the target may fetch. */
  readonly preparedNs: number;
  /** When it was ready for use. */
  readonly openedNs: number;
}

/** A connection that is disturbed. */
export interface Disturbed {
  /** Ends the disturbance, where it is one that ends. */
  readonly end: () => void;
  /** Resolves when a client that leaves has closed it, until when messages may arrive over it; null for any other. */
  readonly closed: Promise<unknown> | null;
}

/** How a client opens its next connection. */
export interface Reconnection {
  readonly takenAlong: Partial<ConnectOptions>;
  /** Called with the connection when it is ready for use, before anything is received over it. */
  readonly onReady: (connection: Connection) => void;
  /** What the client does first over it. */
  readonly enter: (connection: Connection) => Promise<void>;
}
