import type { CloseOutcome, Connection, ConnectOptions, Driver } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { Clock } from '../measure/clock.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';

export interface PoolOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly connectOptions: (client: number) => ConnectOptions;
  /** Called for every connection that is ready for use, before anything is sent over it. */
  readonly onOpened: (client: number, connection: Connection, connectNs: number) => void;
  /** Called when a connection that began by polling is on WebSocket. */
  readonly onUpgraded: (upgradeNs: number) => void;
}

/** A connection beside those of the pool. */
export interface OpenedConnection {
  readonly connection: Connection;
  /** Resolves when a connection that began by polling is on WebSocket; at once for any other. */
  readonly upgraded: Promise<void>;
}

/** The connections of one worker, by client number. */
export class ClientPool {
  readonly #options: PoolOptions;
  readonly #connections = new Map<number, Connection>();
  readonly failures = new ReasonCounts();
  readonly dropped = new ReasonCounts();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Opens one connection per client number, `rateHz` of them a second; resolves when all have ended either way. */
  async connectAll(clients: readonly number[], rateHz: number): Promise<void> {
    const startedMs = performance.now();
    const attempts = clients.map(async (client, place) => {
      const waitMs = startedMs + (place / rateHz) * 1000 - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
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
      onOpened(client, connection, clock.nowNs() - startNs);
      this.#connections.set(client, connection);
      connection.onDropped((reason) => {
        if (this.#connections.get(client) === connection) this.#connections.delete(client);
        this.dropped.add(reason);
      });
    } catch (error) {
      onFailed(messageOf(error));
    }
  }

  /**
   * Closes a client's connection and opens another in its place. `onClosed` is called in between. Until the other
   * is open the client is not connected; when it cannot be opened the client counts as dropped.
   */
  async reopen(client: number, onClosed: (outcome: CloseOutcome | null) => void): Promise<void> {
    const connection = this.#connections.get(client);
    if (connection === undefined) return;
    this.#connections.delete(client);
    onClosed(await connection.close());
    await this.#connect(client, (reason) => this.dropped.add(`could not connect again: ${reason}`));
  }

  /** Opens a connection of its own for one visit of a client; who asks for it closes it. */
  async openAnother(client: number): Promise<OpenedConnection> {
    const { driver, connectOptions } = this.#options;
    const options = connectOptions(client);
    const upgraded = Promise.withResolvers<void>();
    const connection = await driver.connect({ ...options, onUpgraded: upgraded.resolve });
    if (options.transport !== 'upgrade') upgraded.resolve();
    return { connection, upgraded: upgraded.promise };
  }

  get connected(): number {
    return this.#connections.size;
  }

  /** Null when the client never connected or was dropped. */
  connection(client: number): Connection | null {
    return this.#connections.get(client) ?? null;
  }

  entries(): ReadonlyMap<number, Connection> {
    return this.#connections;
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
  }
}
