import { resolve } from 'node:path';
import { z } from 'zod';
import { parseAddress } from '../contract/address.ts';
import { fail } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { formatDurationMs } from '../units.ts';

/** Where, or when, the shards of a run meet. */
export type RendezvousPlace =
  /** Milliseconds since 1970. */
  | { readonly kind: 'start-at'; readonly startAtMs: number }
  /** An absolute path. */
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'url'; readonly url: URL };

/** Shards may start this far ahead, in milliseconds. A time further ahead is a mistake more often than a plan. */
const MAX_AHEAD_MS = 24 * 3600e3;

const START_AT_HINT =
  'Give every shard the same time, such as the output of: date -u -d "+2 minutes" +%Y-%m-%dT%H:%M:%SZ';

/** With or without seconds. */
const zonedTime = z.iso.datetime({ offset: true }).or(z.iso.datetime({ offset: true, precision: -1 }));

/**
 * Reads `--start-at`: an ISO 8601 date and time with its zone, `2026-11-28T18:30:00Z` or `2026-11-28T19:30:00+01:00`. A time
 * without a zone would differ between hosts, and a time without a date would make a late shard wait for the next day.
 * Returns milliseconds since 1970. Throws BAD_START_TIME.
 */
export function parseStartAt(text: string, nowMs: number): number {
  const given = text.trim();
  if (!zonedTime.safeParse(given).success) {
    fail(
      'BAD_START_TIME',
      `"${foreign(text)}" is not a start time: it is an ISO 8601 date and time with a zone, such as 2026-11-28T18:30:00Z`,
      START_AT_HINT,
    );
  }
  const startAtMs = Date.parse(given);
  const aheadMs = startAtMs - nowMs;
  if (aheadMs <= 0) {
    const agoText = formatDurationMs(Math.round(-aheadMs));
    fail('BAD_START_TIME', `the start time ${given} was ${agoText} ago on this host's clock`, START_AT_HINT);
  }
  if (aheadMs > MAX_AHEAD_MS) {
    fail('BAD_START_TIME', `the start time ${given} is more than 24 hours ahead`, START_AT_HINT);
  }
  return startAtMs;
}

/**
 * Reads `--rendezvous`: a URL when it has `://`, else a folder, relative to `cwd`. Throws BAD_RENDEZVOUS. Whether the
 * folder exists is not checked here.
 */
export function parseRendezvousPlace(text: string, cwd: string): RendezvousPlace {
  if (text.includes('://')) return { kind: 'url', url: parseRendezvousUrl(text) };
  if (text.trim() === '' || text.includes('\0')) {
    fail('BAD_RENDEZVOUS', `"${foreign(text)}" is not a folder`, 'Name a folder that all shards share.');
  }
  return { kind: 'folder', folder: resolve(cwd, text) };
}

function parseRendezvousUrl(text: string): URL {
  const hint = 'Name shard 1 by an address that all shards reach, such as http://10.0.0.5:7070.';
  const refuse = (problem: string) =>
    fail('BAD_RENDEZVOUS', `the rendezvous "${foreign(text)}" ${problem}`, hint);
  const url = parseAddress(text);
  if (url === null) return refuse('is not a URL');
  if (url.protocol !== 'http:') return refuse('does not begin with http://');
  if (url.username !== '' || url.password !== '') return refuse('has a user name or password');
  if (url.search !== '' || url.hash !== '') return refuse('has a query or a fragment');
  if (url.port === '') return refuse('has no port, or the port 80');
  return url;
}
