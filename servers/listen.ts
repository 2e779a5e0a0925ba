import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StartOptions } from '../src/contract/server.ts';

/** Listens and returns `host:port` as bound, in the form of a URL; rejects with the system's error, such as EADDRINUSE. */
export async function listen(server: Server, { host, port }: StartOptions): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return `${urlHost(host)}:${bound}`;
}

/** A host name or address as a URL has it: IPv6 in brackets. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
