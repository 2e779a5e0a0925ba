import type { Disruption } from '../contract/disruption.ts';
import { fail, withContext } from '../errors.ts';
import { parseByteRateHz, parseDurationMs } from '../units.ts';
import { ARRIVALS } from './arrivals.ts';
import { percentageOf } from './terms.ts';

/** Reads a time above 0; null for a key that is not given. */
export function timeAboveZeroMs(text: string | undefined, key: string): number | null {
  if (text === undefined) return null;
  const ms = parseDurationMs(text);
  return ms > 0
    ? ms
    : fail('BAD_DISRUPTION', `${key}=${text} is not above 0`, `Leave ${key}= out, or give more.`);
}

/** Reads `constant` or `poisson`. */
export function parseArrival(text: string): Disruption['arrival'] {
  const arrival = ARRIVALS.find((each) => each === text);
  const problem = `arrival=${text} is neither constant nor poisson`;
  return arrival ?? fail('BAD_DISRUPTION', problem, 'arrival=poisson disturbs each client at random times.');
}

/** Reads a percentage as a share from 0 to 1. */
export function parseShare(text: string): number {
  const share = percentageOf(text);
  return share >= 0 && share <= 1
    ? share
    : fail('BAD_DISRUPTION', `"${text}" is not a share from 0% to 100%`, 'Write it like 50%.');
}

/** Reads a share of the clients, or a number of them, above 0. */
export function parseClients(text: string): Disruption['clients'] {
  const clients = text.endsWith('%') ? { share: parseShare(text) } : { count: Number(text) };
  const isSound = 'share' in clients ? clients.share > 0 : /^\d+$/.test(text) && clients.count > 0;
  return isSound
    ? clients
    : fail(
        'BAD_DISRUPTION',
        `clients=${text} is neither a share of the clients nor a number of them`,
        'Write clients=50% or clients=10.',
      );
}

const MAX_GROUPS = 1000;

/** Reads `2/3`, the second of three groups; null for a key that is not given. */
export function parseGroup(text: string | undefined): Disruption['group'] {
  if (text === undefined) return null;
  const [, number, of] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (number !== undefined && of !== undefined && number >= 1 && number <= of && of <= MAX_GROUPS)
    return { number, of };
  return fail('BAD_DISRUPTION', `group=${text} is not a group`, 'Write group=2/3 for the second of three.');
}

/** On where it is not given. */
export function parseSwitch(key: string, text = 'on'): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  return fail('BAD_DISRUPTION', `${key}=${text} is neither on nor off`, `Write ${key}=off.`);
}

/** Bytes per second; 0 for a client that reads nothing. */
export function parseReadRate(text: string | undefined, disruption: string): number {
  if (text === undefined)
    return fail('BAD_DISRUPTION', `"${disruption}" has no rate`, `Write '${disruption} read=10KiB/s'.`);
  return withContext(`read=${text}`, () => parseByteRateHz(text));
}

/** Reads the signal that ends a server. */
export function parseSignal(text: string): Disruption['signal'] {
  if (text === 'SIGTERM' || text === 'SIGKILL') return text;
  return fail(
    'BAD_DISRUPTION',
    `signal=${text} is neither SIGTERM nor SIGKILL`,
    'SIGTERM asks a server to end; SIGKILL ends it.',
  );
}
