import { isIPv4 } from 'node:net';
import { FAMILY } from './layout.ts';

/** An address as connect(2) and bind(2) read it. */
export interface SocketAddress {
  readonly family: number;
  /** struct sockaddr_in or sockaddr_in6. */
  readonly bytes: Buffer;
}

/** Writes an IPv4 or IPv6 address and a port; port 0 leaves the port to the kernel. */
export function socketAddress(ip: string, port: number): SocketAddress {
  return isIPv4(ip) ? inet(ip, port) : inet6(ip, port);
}

function inet(ip: string, port: number): SocketAddress {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(FAMILY.inet, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(ip.split('.').map(Number), 4);
  return { family: FAMILY.inet, bytes };
}

function inet6(ip: string, port: number): SocketAddress {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(FAMILY.inet6, 0);
  bytes.writeUInt16BE(port, 2);
  const [address = '', zone] = ip.split('%');
  bytes.set(
    inet6Groups(address).flatMap((group) => [group >> 8, group & 0xff]),
    8,
  );
  if (zone !== undefined && /^\d+$/.test(zone)) bytes.writeUInt32LE(Number(zone), 24);
  return { family: FAMILY.inet6, bytes };
}

/** The eight groups of an IPv6 address (RFC 4291, section 2.2). */
function inet6Groups(address: string): number[] {
  const [before = '', after] = withoutDots(address).split('::');
  const read = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [read(before), read(after ?? '')];
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}

/** `::ffff:127.0.0.1` becomes `::ffff:7f00:1`. */
function withoutDots(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...found: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = found.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
}
