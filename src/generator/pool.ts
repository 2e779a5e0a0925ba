import type { CloseOutcome, Connection, ConnectOptions, Driver } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { Clock } from '../measure/clock.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import type { Timers } from '../measure/timers.ts';

export interface PoolOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly connectOptions: (client: number) => ConnectOptions;
  /** Called for every connection that is ready for use, before anything is sent over it. */
  readonly onOpened: (client: number, connection: Connection, connectNs: number) => void;
  /** Called when a connection that began by polling is on WebSocket. */
  readonly onUpgraded: (upgradeNs: number) => void;
  /** Called when a client has lost its connection for the rest of the run. */
  readonly onDropped: (client: number, reason: string) => void;
}

/** A connection beside those of the pool. */
export interface OpenedConnection {
  readonly connection: Connection;
  /** Resolves when a connection that began by polling is on WebSocket; at once for any other. */
  readonly upgraded: Promise<void>;
}

function refuseUse(): never {
  throw new Error('the clients of this scenario have no connection: use one that user.open() opened');
}

/** The connection of a client that has none. */
const NO_CONNECTION: Connection = {
  emit: refuseUse,
  request: refuseUse,
  on: refuseUse,
  answer: refuseUse,
  onDropped: () => {},
  close: async () => null,
};

/** The connections of one worker, by client number. */
export class ClientPool {
  readonly #options: PoolOptions;
  readonly #connections = new Map<number, Connection>();
  /** Without clients that never connected, were dropped or are between two connections. */
  readonly connections: ReadonlyMap<number, Connection> = this.#connections;
  readonly #opened = new Set<number>();
  /** All clients that have connected, including those that were dropped. */
  readonly opened: ReadonlySet<number> = this.#opened;
  readonly failures = new ReasonCounts();
  /** Callbacks that wait for the drop of a client, by client number. */
  readonly #waiting = new Map<number, () => void>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Opens one connection per client number, `rateHz` per second; resolves when all have connected or failed. */
  async connectAll(clients: readonly number[], rateHz: number): Promise<void> {
    const { clock, timers } = this.#options;
    const startedNs = clock.nowNs();
    const attempts = clients.map(async (client, place) => {
      const waitNs = startedNs + (place / rateHz) * 1e9 - clock.nowNs();
      if (waitNs > 0) await timers.sleep(waitNs / 1e6);
      await this.#connect(client, (reason) => this.failures.add(reason));
    });
    await Promise.all(attempts);
  }

  async #connect(client: number, onFailed: (reason: string) => void): Promise<void> {
    const { driver, clock, connectOptions, onOpened, onUpgraded } = this.#options;
    const startNs = clock.nowNs();
    try {
      const connection = await driver.connect({
        ...connectOptions(client),
        onUpgraded: () => onUpgraded(clock.nowNs() - startNs),
      });
      try {
        onOpened(client, connection, clock.nowNs() - startNs);
      } catch (error) {
        void connection.close();
        throw error;
      }
      this.#connections.set(client, connection);
      this.#opened.add(client);
      connection.onDropped((reason) => {
        // The end of a connection that was replaced loses no client.
        if (this.#connections.get(client) === connection) this.#drop(client, reason);
      });
    } catch (error) {
      onFailed(messageOf(error));
    }
  }

  #drop(client: number, reason: string): void {
    this.#connections.delete(client);
    this.#waiting.get(client)?.();
    this.#options.onDropped(client, reason);
  }

  /** Resolves to null when a client is dropped. */
  dropOf(client: number): Promise<null> {
    return new Promise((resolve) => this.#waiting.set(client, () => resolve(null)));
  }

  /** Replaces a client's connection. If the new one cannot be opened, the client counts as dropped. */
  async reopen(client: number, onClosed: (outcome: CloseOutcome | null) => void): Promise<void> {
    const connection = this.#connections.get(client);
    if (connection === undefined) return;
    this.#connections.delete(client);
    onClosed(await connection.close());
    await this.#connect(client, (reason) => this.#drop(client, `could not reconnect: ${reason}`));
  }

  /** Counts clients as connected that hold no connection, because each iteration opens its own. */
  holdNone(clients: readonly number[]): void {
    for (const client of clients) {
      this.#connections.set(client, NO_CONNECTION);
      this.#opened.add(client);
    }
  }

  /** Opens an extra connection for one iteration of a client; the caller closes it. */
  async openAnother(
    client: number,
    change: (options: ConnectOptions) => ConnectOptions = (options) => options,
  ): Promise<OpenedConnection> {
    const { driver, connectOptions } = this.#options;
    const options = change(connectOptions(client));
    const upgraded = Promise.withResolvers<void>();
    const connection = await driver.connect({ ...options, onUpgraded: upgraded.resolve });
    if (options.transport !== 'upgrade') upgraded.resolve();
    return { connection, upgraded: upgraded.promise };
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
  }
}
