import type { ConnectionDisturbance } from '../drivers/disturbance.ts';
import type { CloseOutcome, Connection, ConnectOptions } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { cutsConnections } from '../plan/disruptions.ts';
import { type Life, NO_HOOKS } from './client-life.ts';
import { ConnectLimit, MAX_UNACCEPTED } from './connect-limit.ts';
import { NO_CONNECTION } from './own-connection.ts';
import type { Disturbed, OpenedConnection, PoolOptions, Reconnection } from './pool-contract.ts';
import { TimedHandshake } from './timed-handshake.ts';

/** The connections of one worker, by client number. */
export class ClientPool {
  readonly #options: PoolOptions;
  readonly #connections = new Map<number, Connection>();
  /** Without clients that never connected, were dropped or are between two connections. */
  readonly connections: ReadonlyMap<number, Connection> = this.#connections;
  readonly #opened = new Map<number, number>();
  /** When each client connected, including those that were dropped. */
  readonly opened: ReadonlyMap<number, number> = this.#opened;
  /** Connections of iterations that stay open. */
  readonly #held = new Set<Connection>();
  readonly failures = new ReasonCounts();
  #isClosed = false;
  /** Callbacks that wait for the drop of a client, by client number. */
  readonly #waiting = new Map<number, () => void>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Opens one connection per client number, `rateHz` per second; resolves when all have connected or failed. */
  connectAll(clients: readonly number[], rateHz: number): Promise<void> {
    return this.#each(clients, rateHz, (client) =>
      this.#connect(client, (reason) => this.failures.add(reason)),
    );
  }

  /** Carries out the same for each client, `rateHz` of them per second. */
  async #each(
    clients: readonly number[],
    rateHz: number,
    attempt: (client: number) => Promise<void>,
  ): Promise<void> {
    const { clock, timers, workers = 1 } = this.#options;
    const startedNs = clock.nowNs();
    const limit = new ConnectLimit(timers, Math.max(1, Math.floor(MAX_UNACCEPTED / workers)));
    const attempts: Array<Promise<void>> = [];
    for (const [place, client] of clients.entries()) {
      const waitNs = startedNs + (place / rateHz) * 1e9 - clock.nowNs();
      if (waitNs > 0) await timers.sleep(waitNs / 1e6);
      await limit.free();
      attempts.push(limit.hold(attempt(client)));
    }
    await Promise.all(attempts);
  }

  async #connect(client: number, onFailed: (reason: string) => void): Promise<void> {
    try {
      this.#adopt(client, await this.#open(client));
    } catch (error) {
      onFailed(messageOf(error));
    }
  }

  async #open(
    client: number,
    change: Partial<ConnectOptions> = {},
    onReady: (connection: Connection) => void = () => {},
  ): Promise<Connection> {
    const { driver, clock, connectOptions, onOpened, onUpgraded } = this.#options;
    const options = await connectOptions(client);
    const life = this.#beginLife(client);
    const startNs = clock.nowNs();
    const opened = await driver.connect({
      ...options,
      ...change,
      onReady: (ready) => {
        const attached = life.attach(ready);
        onReady(attached);
        onOpened(client, attached, clock.nowNs() - startNs);
      },
      onUpgraded: () => onUpgraded(clock.nowNs() - startNs),
    });
    return await life.begin(opened);
  }

  #adopt(client: number, connection: Connection): void {
    this.#connections.set(client, connection);
    this.#opened.set(client, this.#options.clock.nowNs());
    connection.onDropped((reason) => {
      // The end of a connection that was replaced loses no client.
      if (this.#connections.get(client) === connection) this.#drop(client, reason);
    });
  }

  /**
   * Opens the next connection of a client that has none, which counts once `enter` is over. Rejects when one of them fails,
   * or the connection is dropped meanwhile.
   */
  async reconnect(client: number, { takenAlong, onReady, enter }: Reconnection): Promise<void> {
    const connection = await this.#open(client, takenAlong, onReady);
    const dropped = Promise.withResolvers<never>();
    connection.onDropped((reason) => dropped.reject(new Error(reason)));
    try {
      await Promise.race([enter(connection), dropped.promise]);
      if (this.#isClosed) throw new Error('the run is over');
    } catch (error) {
      void connection.close();
      throw error;
    }
    this.#adopt(client, connection);
  }

  /** Disturbs the connection of a client; one that is cut has none afterwards. Null for a client without a connection. */
  disturb(client: number, disturbance: ConnectionDisturbance): Disturbed | null {
    const connection = this.#connections.get(client);
    if (connection?.disturb === undefined) return null;
    if (cutsConnections(disturbance)) this.#connections.delete(client);
    const end = connection.disturb(disturbance);
    return { end, closed: disturbance.kind === 'leave' ? connection.close() : null };
  }

  #beginLife(client: number): Life {
    return this.#options.lives?.begin(client) ?? NO_HOOKS;
  }

  #drop(client: number, reason: string): void {
    this.#connections.delete(client);
    this.#waiting.get(client)?.();
    const ageNs = this.#options.clock.nowNs() - (this.#opened.get(client) ?? Number.NaN);
    this.#options.onDropped(client, reason, ageNs);
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

  /**
   * Prepares clients and counts them as connected. They hold no connection, because each iteration opens its own.
   * Resolves when all are prepared or have failed.
   */
  holdNone(clients: readonly number[], rateHz: number): Promise<void> {
    const { lives, clock } = this.#options;
    const pacedHz = lives?.prepares === true ? rateHz : Number.POSITIVE_INFINITY;
    return this.#each(clients, pacedHz, async (client) => {
      try {
        await lives?.prepare(client);
        this.#connections.set(client, NO_CONNECTION);
        this.#opened.set(client, clock.nowNs());
      } catch (error) {
        this.failures.add(messageOf(error));
      }
    });
  }

  /** Opens an extra connection for one iteration of a client; the caller closes it. `onReady` as of a driver. */
  async openAnother(
    client: number,
    change: (options: ConnectOptions) => ConnectOptions = (options) => options,
    onReady: (connection: Connection) => void = () => {},
  ): Promise<OpenedConnection> {
    const { driver, clock, connectOptions } = this.#options;
    const beganNs = clock.nowNs();
    const options = change(await connectOptions(client));
    const preparedNs = clock.nowNs() - beganNs;
    const life = this.#beginLife(client);
    const upgraded = Promise.withResolvers<void>();
    const handshake = new TimedHandshake(clock);
    const { note: onStage, stages } = handshake;
    const opened = await driver.connect({
      ...options,
      onReady: (ready) => onReady(life.attach(ready)),
      onUpgraded: upgraded.resolve,
      onStage,
    });
    const openedNs = handshake.endedNs;
    if (options.transport !== 'upgrade') upgraded.resolve();
    const connection = await life.begin(opened);
    return { connection, upgraded: upgraded.promise, stages, preparedNs, openedNs };
  }

  /** Keeps a connection of an iteration open until {@link closeAll}. */
  hold(connection: Connection, onDropped: (reason: string) => void): void {
    this.#held.add(connection);
    connection.onDropped((reason) => {
      this.#held.delete(connection);
      onDropped(reason);
    });
  }

  async closeAll(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#connections.values(), ...this.#held];
    await Promise.all(all.map((connection) => connection.close()));
  }
}
