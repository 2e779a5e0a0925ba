import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StartOptions } from './server.ts';

/** Listens and returns `host:port` as bound; rejects with the system's error, such as EADDRINUSE. */
export async function listen(server: Server, { host, port }: StartOptions): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  return `${host}:${(server.address() as AddressInfo).port}`;
}
