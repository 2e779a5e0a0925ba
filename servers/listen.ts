import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StartOptions } from '../src/contract/server.ts';

/**
 * Listens with Node.js and returns `host:port` as bound, in the form of a URL. Rejects with the system's error, such
 * as EADDRINUSE.
 */
export async function listen(server: Server, { host, port }: StartOptions): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return hostAndPort(host, bound);
}

/** IPv6 addresses stand in brackets in a URL. */
function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The part of Bun's sockets that the servers use. Declared here so that this file needs neither Bun nor its types. */
export interface BunSocket {
  send(message: string | Uint8Array, compress?: boolean): number;
  /** Sends to all other subscribers; the socket must be a subscriber itself. */
  publish(topic: string, message: string | Uint8Array, compress?: boolean): number;
  subscribe(topic: string): void;
  isSubscribed(topic: string): boolean;
  close(code: number, reason: string): void;
}

/** The part of Bun's server that the servers use. */
export interface BunServer {
  readonly port: number;
  /** Sends to all subscribers. */
  publish(topic: string, message: string | Uint8Array, compress?: boolean): number;
  /** Returns whether the request becomes a WebSocket. */
  upgrade(request: Request): boolean;
  /** Closes the listener, and with `true` all connections. */
  stop(closeActiveConnections: boolean): Promise<void>;
}

/** The options of `Bun.serve` besides the address. */
export interface BunHandlers {
  readonly fetch: (request: Request, server: BunServer) => Response | Promise<Response> | undefined;
  readonly websocket: object;
  readonly [option: string]: unknown;
}

interface BunGlobal {
  serve(options: BunHandlers & { readonly hostname: string; readonly port: number }): BunServer;
}

/** Listens with `Bun.serve` and returns its server with `host:port` as bound. Throws under any other runtime. */
export function listenOnBun(
  { host, port }: StartOptions,
  handlers: BunHandlers,
): { readonly bun: BunServer; readonly address: string } {
  const { Bun } = globalThis as { readonly Bun?: BunGlobal };
  if (Bun === undefined) throw new Error('this server needs Bun, and runs under another runtime');
  if (!(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    // The error that Node.js throws, so that both runtimes report the same.
    throw Object.assign(new RangeError(`${port} is not a port; expected 0 to 65535`), {
      code: 'ERR_SOCKET_BAD_PORT',
    });
  }
  const bun = Bun.serve({ ...handlers, hostname: host, port });
  return { bun, address: hostAndPort(host, bun.port) };
}
