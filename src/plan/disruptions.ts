import { z } from 'zod';
import {
  CLIENT_DISRUPTIONS,
  type ClientDisruption,
  type Disruption,
  SERVER_DISRUPTIONS,
} from '../contract/disruption.ts';
import { flagOf } from '../contract/options.ts';
import { connectsByIteration, type Scenario } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { didYouMean, list } from '../text.ts';
import { formatDurationMs, parseDurationMs } from '../units.ts';
import { ARRIVALS } from './arrivals.ts';
import {
  parseArrival,
  parseClients,
  parseGroup,
  parseReadRate,
  parseShare,
  parseSignal,
  parseSwitch,
  timeAboveZeroMs,
} from './disruption-values.ts';
import { readTerms } from './terms.ts';

const DISRUPTION_KINDS = [...CLIENT_DISRUPTIONS, ...SERVER_DISRUPTIONS];
const storedMs = z.number().nonnegative();

/** A disruption as it is stored with the plan. */
export const disruptionSchema = z
  .object({
    kind: z.enum(DISRUPTION_KINDS),
    atMs: storedMs,
    everyMs: storedMs.nullable(),
    arrival: z.enum(ARRIVALS).default('constant'),
    clients: z.union([
      z.object({ share: z.number().min(0).max(1) }).readonly(),
      z.object({ count: z.number().int().nonnegative() }).readonly(),
    ]),
    group: z.object({ number: z.number().int(), of: z.number().int() }).readonly().nullable(),
    sendsOffset: z.boolean(),
    forMs: storedMs.nullable(),
    answersPings: z.boolean(),
    readHz: z.number().nonnegative().nullable(),
    signal: z.enum(['SIGTERM', 'SIGKILL']),
  })
  .readonly();

/** A disruption whose time may be a share of the measured time. */
export interface DisruptionOption extends Omit<Disruption, 'atMs'> {
  readonly at: { readonly ms: number } | { readonly share: number };
}

const KEYS_OF_CLIENTS = ['at', 'every', 'clients', 'group', 'for'];
const KEYS_OF_CUTS = [...KEYS_OF_CLIENTS, 'arrival', 'offset'];
const KEYS_OF_SERVERS = ['at', 'every', 'for', 'signal'];

/** The keys that each kind has. */
export const KEYS_OF_KIND: Readonly<Record<Disruption['kind'], readonly string[]>> = {
  close: KEYS_OF_CUTS,
  fin: KEYS_OF_CUTS,
  reset: KEYS_OF_CUTS,
  leave: KEYS_OF_CUTS,
  silence: KEYS_OF_CLIENTS,
  'half-open': [...KEYS_OF_CLIENTS, 'pings'],
  slow: [...KEYS_OF_CLIENTS, 'pings', 'read'],
  restart: KEYS_OF_SERVERS,
  'rolling-restart': KEYS_OF_SERVERS,
};

const EXAMPLE = "Write 'reset at=5s clients=50% for=2s, restart at=20s'.";

/** Ends that clients come back from by another connection. The others keep theirs. */
const CUTS: readonly Disruption['kind'][] = ['close', 'fin', 'reset', 'leave', 'restart', 'rolling-restart'];

/** Whether a disruption ends connections. */
export function cutsConnections({ kind }: Pick<Disruption, 'kind'>): boolean {
  return CUTS.includes(kind);
}

/** Whether a disruption happens to clients, rather than to the server. */
export function isOfClients<T extends Pick<Disruption, 'kind'>>(
  disruption: T,
): disruption is T & { readonly kind: ClientDisruption } {
  return CLIENT_DISRUPTIONS.some((kind) => kind === disruption.kind);
}

/**
 * Reads the disruptions of a run. Throws BAD_DISRUPTION.
 *
 *     list       = disruption *( "," disruption )
 *     disruption = kind *( " " key "=" value )
 *     key        = "at" | "every" | "arrival" | "clients" | "group" | "for" | "offset" | "pings" | "read" | "signal"
 *
 * `at` is a duration, or a percentage of the measured time; `clients` is a number, or a percentage of those that may be
 * disturbed; `group=2/3` is the second of three groups of them.
 */
export function parseDisruptions(text: string): readonly DisruptionOption[] {
  const given = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  if (given.length === 0) fail('BAD_DISRUPTION', 'the list is empty', EXAMPLE);
  return given.map(parseDisruption);
}

function parseDisruption(text: string): DisruptionOption {
  const [name = '', ...terms] = text.split(/\s+/);
  const kind = DISRUPTION_KINDS.find((each) => each === name) ?? refuseKind(name);
  const values = readTerms(terms, { of: name, code: 'BAD_DISRUPTION', keys: KEYS_OF_KIND[kind] });
  const at = values.get('at');
  if (at === undefined) fail('BAD_DISRUPTION', `"${text}" has no time`, `Write '${text} at=5s'.`);
  const disruption: DisruptionOption = {
    kind,
    at: at.endsWith('%') ? { share: parseShare(at) } : { ms: parseDurationMs(at) },
    everyMs: timeAboveZeroMs(values.get('every'), 'every'),
    arrival: parseArrival(values.get('arrival') ?? 'constant'),
    clients: parseClients(values.get('clients') ?? '100%'),
    forMs: timeAboveZeroMs(values.get('for'), 'for'),
    group: parseGroup(values.get('group')),
    sendsOffset: parseSwitch('offset', values.get('offset')),
    answersPings: parseSwitch('pings', values.get('pings')),
    readHz: kind === 'slow' ? parseReadRate(values.get('read'), text) : null,
    signal: parseSignal(values.get('signal') ?? 'SIGTERM'),
  };
  requireEnds(disruption, text);
  return disruption;
}

function refuseKind(name: string): never {
  return fail(
    'BAD_DISRUPTION',
    `"${name}" is not a disruption; they are ${list(DISRUPTION_KINDS)}`,
    didYouMean(name, DISRUPTION_KINDS, EXAMPLE),
  );
}

/** A disruption that happens again is over by then. */
function requireEnds(disruption: DisruptionOption, text: string): void {
  const { everyMs, forMs, arrival } = disruption;
  if (arrival === 'poisson') {
    if (everyMs !== null) return;
    fail('BAD_DISRUPTION', `"${text}" is random, but has no mean time`, 'Add every= with the mean time.');
  }
  if (everyMs === null) return;
  if (forMs === null && !cutsConnections(disruption))
    fail(
      'BAD_DISRUPTION',
      `"${text}" happens again, but does not end`,
      'Add for= with a time that is shorter than that of every=.',
    );
  if (forMs !== null && forMs >= everyMs)
    fail(
      'BAD_DISRUPTION',
      `"${text}" happens again every ${formatDurationMs(everyMs)}, before it has ended`,
      'Give for= a time that is shorter than that of every=.',
    );
}

/**
 * Resolves times that are shares of the measured time. Throws BAD_DISRUPTION for one that lies after it, as of `whose`: the
 * option, or the scenario that has them by itself.
 */
export function planDisruptions(
  given: readonly DisruptionOption[],
  durationMs: number,
  whose = flagOf('disrupt'),
): Disruption[] {
  const ends = given.map(({ at, forMs, arrival }) =>
    'ms' in at ? at.ms + ((arrival === 'constant' ? forMs : null) ?? 1000) : 0,
  );
  const hint = `Give a --duration of ${formatDurationMs(Math.max(...ends, durationMs))} or more, or earlier times as ${flagOf('disrupt')}.`;
  const measured = `within the measured ${formatDurationMs(durationMs)}`;
  return given.map(({ at, ...rest }) => {
    const { kind, forMs } = rest;
    const atMs = 'ms' in at ? at.ms : at.share * durationMs;
    const atText = 'ms' in at ? formatDurationMs(at.ms) : `${at.share * 100}%`;
    if (atMs >= durationMs) fail('BAD_DISRUPTION', `${whose}: ${kind} at=${atText} is not ${measured}`, hint);
    if (forMs !== null && rest.arrival === 'constant' && atMs + forMs > durationMs)
      fail(
        'BAD_DISRUPTION',
        `${whose}: ${kind} at=${atText} for=${formatDurationMs(forMs)} does not end ${measured}`,
        hint,
      );
    return { ...rest, atMs };
  });
}

/** Checks that clients have connections that can be disturbed. Throws BAD_DISRUPTION. */
export function requireConnections(scenario: Scenario): void {
  if (!connectsByIteration(scenario)) return;
  fail(
    'BAD_DISRUPTION',
    `${flagOf('disrupt')}: the clients of ${scenario.name} have no connection, because its iterations open theirs`,
    `Remove ${flagOf('disrupt')}, or run a scenario whose clients stay connected.`,
  );
}
