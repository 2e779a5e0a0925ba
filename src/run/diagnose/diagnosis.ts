import type { Protocol } from '../../contract/target.ts';
import type { ConnectOptions } from '../../drivers/driver.ts';

/** What is the matter, as the end of a sentence, and what to do about it, as a sentence of its own. */
export interface Diagnosis {
  readonly found: string;
  readonly hint: string;
}

/** What is known of a run of which no client could connect. */
export interface Refused {
  readonly protocol: Protocol;
  readonly clients: number;
  /** As the clients connected. */
  readonly connect: ConnectOptions;
  /** In the driver's words; the most frequent one. */
  readonly reason: string;
  /** What is left of the connect timeout; looking may take longer by half a second. */
  readonly leftMs: number;
}

export const GIVE_CREDENTIALS =
  'Give auth, headers or query, as the clients of this server send them, in a target file: docs/your-own-server.md.';

/** Where the clients' first request goes: to the path of Socket.IO, or where the URL says. */
export function requestUrl({ url, query = {} }: ConnectOptions): URL {
  const address = new URL(url.replace(/^ws/, 'http'));
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return address;
}

/** Where Socket.IO's clients begin to poll (github.com/socketio/engine.io-protocol). */
export function engineIoUrl(connect: ConnectOptions): URL {
  const address = requestUrl(connect);
  address.pathname = `${(connect.path ?? '/socket.io').replace(/\/$/, '')}/`;
  address.searchParams.set('EIO', '4');
  address.searchParams.set('transport', 'polling');
  return address;
}

/** The address of the same server for another protocol; a path means something else there. */
export function addressFor(protocol: Protocol, { url }: ConnectOptions): string {
  const isSecure = /^(https|wss):/.test(url);
  return `${protocol === 'ws' ? 'ws' : 'http'}${isSecure ? 's' : ''}://${new URL(url).host}`;
}
