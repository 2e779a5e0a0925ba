import { requireAllowedHost } from '../contract/address.ts';
import type { OwnConnectionOptions } from '../contract/scenario.ts';
import type { Connection, ConnectOptions } from '../drivers/driver.ts';

/** Applies what an iteration changes about its connection. Throws when the URL is not on a permitted host. */
export function changeConnection(
  options: ConnectOptions,
  { url, namespace, auth, headers, query }: OwnConnectionOptions,
  allowRemote: string | null,
): ConnectOptions {
  return {
    ...options,
    ...(url === undefined ? {} : { url: allowedUrl(url, options.url, allowRemote) }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(auth === undefined ? {} : { auth: { ...options.auth, ...auth } }),
    ...(headers === undefined ? {} : { headers: { ...options.headers, ...headers } }),
    ...(query === undefined ? {} : { query: { ...options.query, ...query } }),
  };
}

function allowedUrl(url: string, base: string, allowRemote: string | null): string {
  const resolved = new URL(url, base);
  requireAllowedHost(resolved, allowRemote);
  return resolved.href;
}

/** The end of a connection that an iteration opened. */
export class OwnEnd {
  readonly #connection: Connection;
  readonly #dropped = Promise.withResolvers<never>();
  #reason: string | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#dropped.promise.catch(() => {});
    connection.onDropped((reason) => this.#end(`the connection was dropped: ${reason}`));
  }

  /** Throws after the end: what is sent then would be lost without a trace. */
  requireOpen(): void {
    if (this.#reason !== null) throw new Error(this.#reason);
  }

  /** Begins work over the connection. Rejects at once when the connection has ended or ends meanwhile. */
  orDropped<T>(work: () => Promise<T>): Promise<T> {
    return mayBeLeft(async () => {
      this.requireOpen();
      return await Promise.race([work(), this.#dropped.promise]);
    });
  }

  async close(): Promise<void> {
    this.#end('the scenario has closed the connection');
    await this.#connection.close();
  }

  #end(reason: string): void {
    this.#reason ??= reason;
    this.#dropped.reject(new Error(reason));
  }
}

/** Begins work that may be abandoned when another step fails; its rejection must not end the process. */
export function mayBeLeft<T>(work: () => Promise<T>): Promise<T> {
  const promise = work();
  promise.catch(() => {});
  return promise;
}

export function refuseUse(): never {
  throw new Error('the clients of this scenario have no connection: use one that user.open() opened');
}

/** The connection of a client that has none. */
export const NO_CONNECTION: Connection = {
  emit: refuseUse,
  request: refuseUse,
  on: refuseUse,
  onAny: refuseUse,
  answer: refuseUse,
  onDropped: () => {},
  close: async () => null,
};
