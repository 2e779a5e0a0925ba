import { z } from 'zod';
import { fail } from '../errors.ts';
import { didYouMean, list } from '../text.ts';
import { parseBytes, parseDurationMs } from '../units.ts';
import { percentageOf } from './terms.ts';

const storedTimeMs = z.number().nonnegative();

/** One kind of link: what happens to the connections of clients that have it. A missing property is null or 0. */
export const linkSchema = z
  .object({
    /** `link1` and so on, in the order in which they were given. */
    name: z.string(),
    /** The share of the clients, above 0 to 1; null for the clients that have no other link. */
    share: z.number().nullable(),
    /** Its properties as they were given: `rtt=80ms jitter=20ms`. */
    text: z.string(),
    /** Delay of one direction, and how far it varies around that. */
    latencyMs: storedTimeMs,
    jitterMs: storedTimeMs,
    /** Bits per second of one direction of one connection. */
    rateBps: z.number().positive().nullable(),
    /** Bytes of one write, and the time between two of them. */
    sliceBytes: z.number().int().positive().nullable(),
    sliceDelayMs: storedTimeMs,
    /** Nothing passes for a time, from an age of the connection on. */
    stall: z.object({ forMs: storedTimeMs, afterMs: storedTimeMs }).readonly().nullable(),
    /** The connection is reset at this age, or when it has carried this many bytes. */
    resetAfterMs: storedTimeMs.nullable(),
    resetAfterBytes: z.number().int().positive().nullable(),
    /** A connection on which nothing was sent for so long is closed. */
    idleTimeoutMs: storedTimeMs.nullable(),
    /** The answer to an HTTP Upgrade never arrives. */
    swallowUpgrade: z.boolean(),
    /** The share of packets that are lost, 0 to 1. */
    loss: z.number(),
  })
  .readonly();

export type Link = z.infer<typeof linkSchema>;

type Properties = Omit<Link, 'name' | 'share' | 'text'>;

const NO_PROPERTIES: Properties = {
  latencyMs: 0,
  jitterMs: 0,
  rateBps: null,
  sliceBytes: null,
  sliceDelayMs: 0,
  stall: null,
  resetAfterMs: null,
  resetAfterBytes: null,
  idleTimeoutMs: null,
  swallowUpgrade: false,
  loss: 0,
};

const LINK_HINT =
  "Write it like 'rtt=80ms jitter=20ms rate=2Mbit', or '10%: rtt=200ms, rtt=40ms' for shares of the clients.";

function refuseLink(problem: string, hint = LINK_HINT): never {
  return fail('BAD_OPTION', problem, hint);
}

const MAX_TIME_MS = 3600e3;

function linkTimeMs(text: string): number {
  const value = parseDurationMs(text);
  return value <= MAX_TIME_MS ? value : refuseLink(`"${text}" is above 1h`, 'The maximum is 1h.');
}

function positiveMs(text: string): number {
  const value = linkTimeMs(text);
  return value > 0 ? value : refuseLink(`"${text}" is not above 0`, 'Give a larger value.');
}

function linkBytes(text: string): number {
  const value = parseBytes(text);
  return value > 0 ? value : refuseLink(`"${text}" is not above 0`, 'Give a larger value.');
}

const RATE_UNITS: Readonly<Record<string, number>> = { kbit: 1e3, Mbit: 1e6, Gbit: 1e9 };
const MIN_RATE_BPS = 8000;
const MAX_RATE_BPS = 100e9;

/** Reads a bandwidth; returns bits per second. */
function bandwidthBps(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kMG]bit)$/.exec(text) ?? [];
  const value = Number(digits) * (RATE_UNITS[unit] ?? Number.NaN);
  if (value >= MIN_RATE_BPS && value <= MAX_RATE_BPS) return value;
  return refuseLink(
    `"${text}" is not a bandwidth from 8kbit to 100Gbit; its units are ${list(Object.keys(RATE_UNITS))} per second`,
    'Write it like 2Mbit.',
  );
}

function shareAboveZero(text: string): number {
  const value = percentageOf(text);
  return value > 0 && value <= 1
    ? value
    : refuseLink(`"${text}" is not a percentage above 0% up to 100%`, 'Write it like 10%.');
}

/** `2s@10s`: for 2 s, from 10 s on. */
function stallOf(text: string): NonNullable<Link['stall']> {
  const [forText = '', afterText, ...more] = text.split('@');
  if (afterText === undefined || more.length > 0)
    refuseLink(
      `"${text}" is not a time and the age of the connection at which it begins`,
      'Write it like 2s@10s: for 2 s, 10 s after the connection was opened.',
    );
  return { forMs: positiveMs(forText), afterMs: linkTimeMs(afterText) };
}

/** A time, or bytes. */
function resetOf(text: string): Partial<Properties> {
  if (/^[\d.]+$/.test(text))
    refuseLink(`"${text}" has no unit`, 'Write a time such as 64s, or bytes such as 64KiB.');
  return /[Bb]$/.test(text) ? { resetAfterBytes: linkBytes(text) } : { resetAfterMs: positiveMs(text) };
}

/** Reads the value of each property. */
const PROPERTIES: Readonly<Record<string, (value: string) => Partial<Properties>>> = {
  rtt: (value) => ({ latencyMs: linkTimeMs(value) / 2 }),
  latency: (value) => ({ latencyMs: linkTimeMs(value) }),
  jitter: (value) => ({ jitterMs: linkTimeMs(value) }),
  rate: (value) => ({ rateBps: bandwidthBps(value) }),
  slice: (value) => ({ sliceBytes: linkBytes(value) }),
  'slice-delay': (value) => ({ sliceDelayMs: linkTimeMs(value) }),
  stall: (value) => ({ stall: stallOf(value) }),
  reset: resetOf,
  'idle-timeout': (value) => ({ idleTimeoutMs: positiveMs(value) }),
  loss: (value) => ({ loss: shareAboveZero(value) }),
};

const SWALLOW_UPGRADE = 'swallow-upgrade';
const LINK_PROPERTIES: readonly string[] = [...Object.keys(PROPERTIES), SWALLOW_UPGRADE];

/**
 * Reads links, separated by commas.
 *
 *     links    = link { "," link }
 *     link     = [ percent ":" ] property { " " property }      ; without a percentage: all other clients
 *     property = name "=" value | "swallow-upgrade"
 *
 * `rtt` is the delay of both directions together and `latency` that of each; `jitter` varies the one that is given. Throws
 * BAD_OPTION.
 */
export function parseLinks(text: string): readonly Link[] {
  const links = text.split(',').map((each, index) => readLink(each.trim(), `link${index + 1}`));
  if (links.length > MAX_LINKS)
    refuseLink(`"${text}" has ${links.length} links`, `The maximum is ${MAX_LINKS}.`);
  if (links.filter(({ share }) => share === null).length > 1)
    refuseLink(`"${text}" has two links without a share of the clients`);
  const total = links.reduce((sum, { share }) => sum + (share ?? 0), 0);
  if (total > 1 + 1e-9)
    refuseLink(
      `the shares of "${text}" are ${Number((total * 100).toFixed(6))}% together`,
      'The maximum is 100%.',
    );
  if (total > 1 - 1e-9 && links.some(({ share }) => share === null))
    refuseLink(`"${text}" leaves no clients for the link without a share`);
  return links;
}

const MAX_LINKS = 9;

/** Reads one link without a share. Throws BAD_OPTION. */
export function parseLink(text: string, name: string): Link {
  const link = text.includes(',') ? refuseLink(`"${text}" is more than one link`) : readLink(text, name);
  return link.share === null ? link : refuseLink(`"${text}" has a share of the clients`, 'Remove it.');
}

function readLink(text: string, name: string): Link {
  const [, shareText, rest = ''] = /^(?:([^:=\s]*)\s*:)?\s*(.*)$/s.exec(text) ?? [];
  const words = rest.split(/\s+/).filter((each) => each !== '');
  if (words.length === 0) refuseLink(`"${text}" has no property`);
  const properties: Record<string, unknown> = { ...NO_PROPERTIES };
  const seen = new Set<string>();
  for (const word of words) {
    const [key = ''] = word.split('=', 1);
    if (seen.has(key)) refuseLink(`${key} is given twice`);
    seen.add(key);
    Object.assign(properties, readProperty(key, word));
  }
  const link = {
    name,
    share: shareText === undefined ? null : shareAboveZero(shareText),
    text: words.join(' '),
  };
  return { ...link, ...requirePossible(properties as Properties, seen) };
}

function readProperty(key: string, word: string): Partial<Properties> {
  if (word === SWALLOW_UPGRADE) return { swallowUpgrade: true };
  const read = Object.hasOwn(PROPERTIES, key) ? PROPERTIES[key] : undefined;
  if (read === undefined)
    return refuseLink(
      `"${word}" is no property of a link; they are ${list(LINK_PROPERTIES)}`,
      didYouMean(key, LINK_PROPERTIES, LINK_HINT),
    );
  const value = word.slice(key.length + 1);
  return value === '' ? refuseLink(`${key} has no value`) : read(value);
}

/** Checks properties that depend on one another. With `rtt`, each direction has half of the jitter. */
function requirePossible(given: Properties, seen: ReadonlySet<string>): Properties {
  if (seen.has('rtt') && seen.has('latency'))
    refuseLink('rtt and latency exclude each other', 'rtt is the latency of both directions together.');
  if (seen.has('slice-delay') && !seen.has('slice'))
    refuseLink('slice-delay needs slice', 'Write it like slice=64B slice-delay=1ms.');
  const jitterMs = seen.has('latency') ? given.jitterMs : given.jitterMs / 2;
  if (jitterMs > given.latencyMs)
    refuseLink(
      'jitter is larger than the delay that it varies',
      'Give rtt or latency of at least the jitter.',
    );
  return { ...given, jitterMs };
}
