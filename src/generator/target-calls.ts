import type { Awaitable } from '../contract/mapping.ts';
import type { Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { WorkerContext } from './context.ts';

/** Counts a message whose function failed after the message was begun. */
type Withdraw = (stamp: Stamp, reason: string) => void;

/**
 * Calls the functions of a target that make messages. The time of an async one is part of the latency, because the
 * payload is stamped before the call: it is recorded in the series `target_function`.
 */
export class TargetCalls {
  readonly #context: Pick<WorkerContext, 'clock' | 'recorder'>;
  readonly #withdraw: Withdraw;
  /** The last message of a connection that waits for its function; later ones are sent after it. */
  readonly #last = new WeakMap<Connection, Promise<void>>();
  /** The next number by client. */
  readonly #ids: number[] = [];

  constructor(context: Pick<WorkerContext, 'clock' | 'recorder'>, withdraw: Withdraw) {
    this.#context = context;
    this.#withdraw = withdraw;
  }

  /** A number of a message, from 1, that no other one of this client has in this process. */
  nextId(client: number): number {
    const id = this.#ids[client] ?? 1;
    this.#ids[client] = id + 1;
    return id;
  }

  /**
   * Calls `make`, and `send` with its result: at once, or when its promise resolves and the connection's earlier messages
   * are sent. Throws what both throw at once. What fails later goes to `onFailed`.
   */
  make<T>(
    connection: Connection,
    stamp: Stamp,
    make: () => Awaitable<T>,
    send: (made: T) => void,
    onFailed: (error: unknown) => void = (error) => this.#withdraw(stamp, messageOf(error)),
  ): void {
    const last = this.#last.get(connection);
    const made = make();
    if (!(made instanceof Promise) && last === undefined) {
      send(made);
      return;
    }
    const sent = this.#sendLater(last, made, stamp, send).catch(onFailed);
    this.#last.set(connection, sent);
    void sent.then(() => {
      if (this.#last.get(connection) === sent) this.#last.delete(connection);
    });
  }

  async #sendLater<T>(
    last: Promise<void> | undefined,
    making: Awaitable<T>,
    { measured, actualNs }: Stamp,
    send: (made: T) => void,
  ): Promise<void> {
    const [made] = await Promise.all([making, last]);
    const { clock, recorder } = this.#context;
    if (measured) recorder.recordDue('target_function', clock.nowNs() - actualNs, actualNs);
    send(made);
  }
}
