/** Where load may go. Every address that sockbench connects to is parsed, checked and resolved here. */
import dns, { type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { fail } from '../errors.ts';
import { shellWord } from '../text.ts';

/** The loopback addresses of this machine, IPv4 addresses within IPv6 included. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** A backslash, white space or a control character, which parsers of URLs read in different ways. */
const AMBIGUOUS = /[\\\s\p{Cc}]/u;

/** Parses an address; null for a text that is not a URL, or one that parsers read in different ways. */
export function parseAddress(text: string, base?: string): URL | null {
  return AMBIGUOUS.test(text) ? null : URL.parse(text, base);
}

/**
 * The URL as it is handed on to clients, which parse it once more. Brackets stand around an IPv6 address only:
 * socket.io-client takes others, even in a path, for those. Without the slash that the URL standard adds to a bare host.
 */
export function addressText({ protocol, username, password, host, pathname, search, hash }: URL): string {
  const user =
    username === '' && password === '' ? '' : `${username}${password === '' ? '' : ':'}${password}@`;
  const path = `${pathname}${search}${hash}`.replaceAll('[', '%5B').replaceAll(']', '%5D');
  return `${protocol}//${user}${host}${path === '/' ? '' : path}`;
}

/** Whether clients of a URL use TLS. */
export function isSecure({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'wss:';
}

/** The host of a URL without the brackets of an IPv6 address, and its port or that of its scheme. */
export function endpointOf(url: URL): { readonly host: string; readonly port: number } {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(url.port) || (isSecure(url) ? 443 : 80) };
}

/** Where a connection goes in place of the host and port of its URL. Names in headers and TLS stay those of the URL. */
export interface DialAddress {
  readonly host: string;
  readonly port: number;
}

const LOCALHOST = 'localhost';

/** Whether a URL leads to this machine, by its name or address. No name is resolved. */
export function isThisMachine(url: URL): boolean {
  const { host } = endpointOf(url);
  if (host === LOCALHOST) return true;
  const version = isIP(host);
  return version !== 0 && LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Checks that load may be sent to the host of a URL: this machine, or the host that --allow-remote names. No name is
 * resolved. Throws REMOTE_TARGET.
 */
export function requireAllowedHost(url: URL, allowRemote: string | null): void {
  const { hostname } = url;
  if (isThisMachine(url) || hostname === allowRemote) return;
  fail(
    'REMOTE_TARGET',
    `${hostname} is not this machine; load on a machine without the consent of its owner is an attack`,
    `If the owner agrees, add --allow-remote ${shellWord(hostname)}.`,
  );
}

const LOCALHOST_ADDRESSES: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * Resolves a name for a connection, as the option `lookup` of Node's connections. `localhost` is always this
 * machine; the files and name servers of the system are not asked (RFC 6761, 6.3). All connections to the server under
 * test use it.
 */
export const resolveName: LookupFunction = (hostname, options, callback) => {
  if (hostname !== LOCALHOST) {
    dns.lookup(hostname, options, callback);
    return;
  }
  const { family, all } = options;
  const wanted = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family;
  const fitting = LOCALHOST_ADDRESSES.filter((each) => !wanted || each.family === wanted);
  const [first = LOCALHOST_ADDRESSES[0]] = fitting;
  process.nextTick(() => {
    if (all === true) callback(null, [...fitting]);
    else callback(null, first?.address ?? '', first?.family);
  });
};
