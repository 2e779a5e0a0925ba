import type { Protocol, Transport } from '../contract/target.ts';
import type { Driver } from '../drivers/driver.ts';
import type { Plan } from '../plan/plan.ts';

/** What the clients of a plan speak: the transport of each, and the driver for it. */
function speechesOf({ transport, driver, populations }: Plan): ReadonlyMap<Transport, string> {
  const ofPopulations = populations.map((each) => [each.transport, each.driver] as const);
  return new Map(populations.length === 0 ? [[transport, driver] as const] : ofPopulations);
}

/**
 * The driver of a plan as one: where populations have several transports, each connection goes by the driver of its own.
 * Loads them. Throws for a driver that is not among `drivers`.
 */
export async function loadDrivers(plan: Plan, drivers: readonly Driver[]): Promise<Driver> {
  const byTransport = new Map<Transport, Driver>();
  for (const [transport, name] of speechesOf(plan))
    byTransport.set(transport, driverNamed(name, plan.target.protocol, drivers));
  const used = [...new Set(byTransport.values())];
  await Promise.all(used.map((driver) => driver.load?.()));
  const [first] = used;
  if (first === undefined) throw new Error('a plan has a driver');
  if (used.length === 1) return first;
  return {
    ...first,
    transports: [...byTransport.keys()],
    ...(used.some(({ opensStreams }) => opensStreams === true) ? { opensStreams: true } : {}),
    connect: (options) => (byTransport.get(options.transport) ?? first).connect(options),
  };
}

function driverNamed(name: string, protocol: Protocol, drivers: readonly Driver[]): Driver {
  const driver = drivers.find((each) => each.name === name && each.protocol === protocol);
  if (driver === undefined) throw new Error(`there is no driver ${name} for ${protocol}`);
  return driver;
}

/** Whether only some of the connections of a plan are opened by the sockets of a worker. */
export function mixesSockets(plan: Plan, drivers: readonly Driver[]): boolean {
  const { protocol } = plan.target;
  const isOpened = [...speechesOf(plan).values()].map(
    (name) => driverNamed(name, protocol, drivers).opensStreams === true,
  );
  return isOpened.includes(true) && isOpened.includes(false);
}
