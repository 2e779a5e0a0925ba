import { isIP, isIPv4 } from 'node:net';
import { fail } from '../errors.ts';

/** More addresses than connections need at most: 256 of them have seven million ports. */
const MAX_ADDRESSES = 256;

/**
 * Reads source addresses: addresses and ranges of IPv4 addresses, both ends included, separated by commas.
 *
 *     LIST  = ITEM { "," ITEM }
 *     ITEM  = IP | IPV4 "-" IPV4
 *
 * Throws BAD_OPTION.
 */
export function parseSourceAddresses(text: string): readonly string[] {
  const addresses = [...new Set(text.split(',').flatMap((item) => readItem(item.trim())))];
  if (addresses.length <= MAX_ADDRESSES) return addresses;
  return fail(
    'BAD_OPTION',
    `"${text}" has ${addresses.length} addresses`,
    `The maximum is ${MAX_ADDRESSES}.`,
  );
}

function readItem(item: string): string[] {
  if (isIP(item) !== 0) return [item];
  const [first = '', last = '', ...more] = item.split('-');
  const isRange = isIPv4(first) && isIPv4(last) && more.length === 0;
  const [from, to] = isRange ? [ipv4Number(first), ipv4Number(last)] : [1, 0];
  if (to < from) {
    fail(
      'BAD_OPTION',
      `"${item}" is neither an IP address nor a range of IPv4 addresses`,
      'Write 10.0.0.5, a list such as 10.0.0.5,10.0.0.6, or a range such as 127.0.0.2-127.0.0.9.',
    );
  }
  // One more than allowed is enough to refuse the rest.
  const count = Math.min(to - from, MAX_ADDRESSES) + 1;
  return Array.from({ length: count }, (_, place) => ipv4Text(from + place));
}

function ipv4Number(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

function ipv4Text(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

/** `count` loopback addresses, from 127.0.0.1 on. */
export function loopbackAddresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, place) => ipv4Text(ipv4Number('127.0.0.1') + place));
}
