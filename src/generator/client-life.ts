import { basename } from 'node:path';
import { clientProblem } from '../contract/hooks.ts';
import type { Client } from '../contract/target.ts';
import type { Connection, ConnectOptions } from '../drivers/driver.ts';
import { messageOf, SockbenchError } from '../errors.ts';
import type { ReasonCounts } from '../measure/reason-counts.ts';
import type { Timers } from '../measure/timers.ts';
import type { Plan } from '../plan/plan.ts';
import { formatDurationMs } from '../units.ts';
import { LivingConnection, type RunHook } from './living-connection.ts';
import type { Limit, Target } from './target.ts';

/** What surrounds one connection of a client. */
export interface Life {
  /** Takes the connection when it is ready, before it hands over anything; returns the one to use. */
  attach(connection: Connection): Connection;
  /** Does what the client does first, and resolves to the connection to use. Closes it and rejects when that fails. */
  begin(connection: Connection): Promise<Connection>;
}

/** The life of connections without hooks. */
export const NO_HOOKS: Life = {
  attach: (connection) => connection,
  begin: async (connection) => connection,
};

export interface ClientLivesOptions {
  readonly target: Target;
  readonly plan: Pick<Plan, 'connectTimeoutMs' | 'target'>;
  readonly timers: Timers;
  /** Gets the reason when something that a client sends on its own could not be sent. */
  readonly failed: ReasonCounts;
  /** Gets the reason when a client could not leave. */
  readonly notLeft: ReasonCounts;
}

/** Errors of clients that are remembered, to name the first client of each. */
const MAX_NAMED_ERRORS = 100;

/** Calls the hooks of a target, each within the connect timeout. Errors name the hook, the file and a client. */
export class ClientLives {
  readonly #options: ClientLivesOptions;
  readonly #firstClients = new Map<string, number>();
  readonly #prepared = new Map<number, Promise<Client>>();

  constructor(options: ClientLivesOptions) {
    this.#options = options;
  }

  /** Whether clients have to be prepared at the rate at which they connect. */
  get prepares(): boolean {
    return this.#options.target.prepares;
  }

  /** Prepares a client, once. */
  prepare(number: number): Promise<Client> {
    const begun =
      this.#prepared.get(number) ?? this.#naming(number, this.#options.target.prepare(number, this.#limit));
    this.#prepared.set(number, begun);
    return begun;
  }

  /** How the next connection of a client connects to the server at `url`. */
  async optionsOf(number: number, url: string): Promise<ConnectOptions> {
    const client = await this.prepare(number);
    return this.#naming(number, this.#options.target.connectOptions(client, url, this.#limit));
  }

  /** Begins the life of a connection that is about to be opened. */
  begin(number: number): Life {
    const { target, timers, failed, notLeft } = this.#options;
    const { hooks } = target;
    if (Object.keys(hooks).length === 0) return NO_HOOKS;
    const parts = { hooks, timers, run: this.#run, failed, notLeft };
    let living: LivingConnection | null = null;
    return {
      attach(connection) {
        living = new LivingConnection(parts, target.clientOf(number), connection);
        return living;
      },
      async begin(connection) {
        try {
          await living?.begin();
        } catch (error) {
          void living?.close();
          throw error;
        }
        return living ?? connection;
      },
    };
  }

  readonly #limit: Limit = (name, result) =>
    result instanceof Promise ? this.#within(name, result, this.#options.plan.connectTimeoutMs) : result;

  readonly #run: RunHook = async (name, { number }, work, limit = {}) => {
    const { withinMs = this.#options.plan.connectTimeoutMs, waitsFor } = limit;
    await this.#naming(
      number,
      this.#within(name, Promise.resolve().then(work), withinMs, waitsFor).catch((error: unknown) => {
        if (error instanceof SockbenchError || error instanceof LateHook) throw error;
        throw new Error(`${name} of ${this.#file} failed: ${messageOf(error)}`, { cause: error });
      }),
    );
  };

  get #file(): string {
    return basename(this.#options.plan.target.file ?? 'the target');
  }

  /** Rejects when a function of the target is not over in time. */
  async #within<T>(name: string, work: Promise<T>, limitMs: number, waitsFor = () => ''): Promise<T> {
    const late = Promise.withResolvers<never>();
    const cancel = this.#options.timers.after(limitMs, () => {
      const within = formatDurationMs(limitMs);
      late.reject(new LateHook(`${name} of ${this.#file} did not end within ${within}${waitsFor()}`));
    });
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      cancel();
    }
  }

  /** Adds to an error which client was the first that had it: the others share the reason. */
  async #naming<T>(number: number, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const reason = messageOf(error);
      const first = this.#firstClients.get(reason) ?? number;
      if (this.#firstClients.size < MAX_NAMED_ERRORS) this.#firstClients.set(reason, first);
      throw new Error(clientProblem(first, reason), { cause: error });
    }
  }
}

/** A hook that was not over in time. */
class LateHook extends Error {}
