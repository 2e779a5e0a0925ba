import type { StartOptions } from '../src/contract/server.ts';
import { urlHost } from './listen.ts';

/** What is used of Bun's own API, so that neither its types nor Bun itself are needed to read this. */
export interface BunSocket {
  send(message: string | Uint8Array, compress?: boolean): number;
  /** To all subscribers but this socket, which has to be one itself. */
  publish(topic: string, message: string | Uint8Array, compress?: boolean): number;
  subscribe(topic: string): void;
  isSubscribed(topic: string): boolean;
  close(code: number, reason: string): void;
}

export interface BunServer {
  readonly port: number;
  /** To all subscribers. */
  publish(topic: string, message: string | Uint8Array, compress?: boolean): number;
  /** Whether the request becomes a WebSocket. */
  upgrade(request: Request): boolean;
  /** Ends the listener, and with `true` all connections. */
  stop(closeActiveConnections: boolean): Promise<void>;
}

/** What `Bun.serve` takes beside the address. */
export interface BunHandlers {
  readonly fetch: (request: Request, server: BunServer) => Response | Promise<Response> | undefined;
  readonly websocket: object;
  readonly [option: string]: unknown;
}

interface Bun {
  serve(options: BunHandlers & { readonly hostname: string; readonly port: number }): BunServer;
}

/** Listens with `Bun.serve` and returns its server with `host:port` as bound; throws under any other runtime. */
export function serveBun(
  { host, port }: StartOptions,
  handlers: BunHandlers,
): { readonly bun: BunServer; readonly address: string } {
  const { Bun } = globalThis as { readonly Bun?: Bun };
  if (Bun === undefined) throw new Error('this server runs on Bun only');
  if (!(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    // As Node.js calls it.
    throw Object.assign(new RangeError(`${port} is no port`), { code: 'ERR_SOCKET_BAD_PORT' });
  }
  const bun = Bun.serve({ ...handlers, hostname: host, port });
  return { bun, address: `${urlHost(host)}:${bun.port}` };
}
