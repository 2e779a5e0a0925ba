import { messageOf } from '../errors.ts';
import type { Connection, ConnectOptions } from './driver.ts';

/** What can be ended at once. */
interface Abandonable {
  abandon(): void;
}

/** How a connection ends: once, by its own client or because the client is dropped for a reason. */
export class ConnectionEnding {
  readonly #connection: Abandonable;
  #state: 'open' | 'closing' | { readonly reason: string } = 'open';
  #onDropped: ((reason: string) => void) | null = null;

  /** `connection` is abandoned when the client is dropped. */
  constructor(connection: Abandonable) {
    this.#connection = connection;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** The client ends the connection itself. False when that was done before, or the client was dropped. */
  close(): boolean {
    if (!this.isOpen) return false;
    this.#state = 'closing';
    return true;
  }

  /** Drops the client, unless its connection has ended. */
  drop(reason: string): void {
    if (!this.isOpen) return;
    this.#state = { reason };
    this.#onDropped?.(reason);
    this.#connection.abandon();
  }

  /** Replaces the handler of the drop. A client that was dropped already is reported at once. */
  onDropped(handler: (reason: string) => void): void {
    this.#onDropped = handler;
    if (typeof this.#state === 'object') handler(this.#state.reason);
  }

  /** Handles what the server sent, unless the client was dropped. What `work` throws drops this client, and no other. */
  guard(work: () => void): void {
    if (typeof this.#state === 'object') return;
    try {
      work();
    } catch (error) {
      this.drop(`a message could not be handled: ${messageOf(error)}`);
    }
  }
}

/** An attempt to connect that has begun. */
interface Attempt extends Abandonable {
  /** What the attempt waits for, as `no answer`; read when the time is over. */
  readonly missing?: () => string;
}

/**
 * Opens a connection. The limit counts from now, however much of an answer has arrived by then: a server that sends a byte
 * at a time, or one interim response after the other, is given up as well. What `onReady` throws rejects the attempt.
 */
export async function connectWithin(
  { timeoutMs, onReady }: Pick<ConnectOptions, 'timeoutMs' | 'onReady'>,
  open: (resolve: (connection: Connection) => void, reject: (reason: string) => void) => Attempt,
): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const fail = (reason: string) => reject(new Error(reason));
  const ready = (connection: Connection) => {
    try {
      onReady?.(connection);
      resolve(connection);
    } catch (error) {
      reject(error);
    }
  };
  const attempt = open(ready, fail);
  const missing = () => attempt.missing?.() ?? 'no complete answer';
  const timer = setTimeout(() => fail(`${missing()} within ${timeoutMs} ms`), timeoutMs);
  try {
    return await promise;
  } catch (error) {
    attempt.abandon();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
