import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { endpointOf } from '../contract/address.ts';
import { fail, messageOf } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { connectionsPerClient } from '../plan/population-plan.ts';
import { loopbackAddresses } from '../plan/source-addresses.ts';
import { formatCount } from '../units.ts';

/** Local ports of one address where the system does not report them. Source: IANA's dynamic ports, 49152 to 65535. */
const USUAL_PORTS = 16_384;
/** Other programs use ports too, and those of closed connections are free again after a minute only. */
const USABLE_SHARE = 0.9;

/** How many ports the system gives to connections from one address to one address. */
export function portsPerAddress(): number {
  try {
    const [first = 0, last = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number);
    return last - first + 1;
  } catch {
    return USUAL_PORTS;
  }
}

/** Whether every address of 127.0.0.0/8 can be a source for a connection to this host. */
function isLoopback({ hostname }: URL): boolean {
  return process.platform === 'linux' && /^(localhost|127\.\d+\.\d+\.\d+)$/.test(hostname);
}

/**
 * The addresses that clients connect from, in turn; none to leave the choice to the system. Loopback addresses are taken
 * where the ports of one do not suffice. Throws PORTS_SHORT where they do not suffice and none can be taken.
 */
export function chooseSourceAddresses(
  plan: Pick<Plan, 'sourceAddresses' | 'transport' | 'populations'>,
  clients: number,
  url: URL,
  ports = portsPerAddress(),
): readonly string[] {
  const { sourceAddresses } = plan;
  const connections = clients * connectionsPerClient(plan);
  const needed = Math.ceil(connections / (ports * USABLE_SHARE));
  if (needed <= Math.max(1, sourceAddresses.length)) return sourceAddresses;
  if (sourceAddresses.length === 0 && isLoopback(url)) return loopbackAddresses(needed);
  const has =
    sourceAddresses.length === 0
      ? `one address of this machine has ${formatCount(ports)} ports`
      : `the ${sourceAddresses.length} given addresses have ${formatCount(ports)} ports each`;
  return fail(
    'PORTS_SHORT',
    `${formatCount(connections)} connections to ${url.host} need ${needed} source addresses: ${has} for connections to one server (net.ipv4.ip_local_port_range)`,
    `Give ${needed} addresses of this machine by --source-addresses, or use at most --clients ${Math.floor((clients * Math.max(1, sourceAddresses.length)) / needed)}.`,
  );
}

/**
 * Checks that connections to a URL can come from these addresses: they are addresses of this machine, and of the family of
 * the server's address where the URL has one. Throws BAD_SOURCE_ADDRESS.
 */
export async function requireOwnAddresses(addresses: readonly string[], url: URL): Promise<void> {
  const { host } = endpointOf(url);
  for (const address of addresses) {
    const family = isIP(address);
    if (isIP(host) !== 0 && isIP(host) !== family) {
      failAddress(`${address} is an address of IPv${family}, and ${host} is not`);
    }
    const problem = await bindProblem(address);
    if (problem !== null) failAddress(`${address} is not an address of this machine (${problem})`);
  }
}

function failAddress(problem: string): never {
  return fail(
    'BAD_SOURCE_ADDRESS',
    `--source-addresses: ${problem}`,
    'Give addresses of this machine; `ip address` shows them.',
  );
}

/** Why a socket cannot have this address; null when it can. */
async function bindProblem(address: string): Promise<string | null> {
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  try {
    socket.bind({ address, port: 0, exclusive: true });
    await once(socket, 'listening');
    return null;
  } catch (error) {
    return messageOf(error);
  } finally {
    socket.close();
  }
}
