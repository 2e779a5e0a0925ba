import { servers } from '../../servers/index.ts';
import { NULL_SERVERS, type ReferenceServer } from '../../src/contract/server.ts';
import type { Transport } from '../../src/contract/target.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { drivers } from '../../src/drivers/index.ts';

/** A driver, a reference server that speaks the same protocol, and a transport that both know. */
export interface Pair {
  readonly driver: Driver;
  readonly serverName: string;
  readonly transport: Transport;
}

/** The driver, entering the namespace where a server's sockets are when it was asked for none. */
export function inNamespaceOf({ namespace }: ReferenceServer, driver: Driver): Driver {
  if (namespace === undefined) return driver;
  return { ...driver, connect: (options) => driver.connect({ namespace, ...options }) };
}

/** The null server and every driver that it can serve: it knows WebSocket only. */
export function nullPairs(): Pair[] {
  return Object.entries(NULL_SERVERS).flatMap(([protocol, serverName]) =>
    drivers
      .filter((driver) => driver.protocol === protocol && driver.transports.includes('websocket'))
      .map((driver): Pair => ({ driver, serverName, transport: 'websocket' })),
  );
}

/** Every pair of the registries. */
export async function everyPair(): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const [serverName, load] of Object.entries(servers)) {
    const { server } = await load();
    for (const driver of drivers.filter(({ protocol }) => protocol === server.protocol)) {
      for (const transport of driver.transports.filter((name) => server.transports.includes(name))) {
        pairs.push({ driver: inNamespaceOf(server, driver), serverName, transport });
      }
    }
  }
  return pairs;
}
