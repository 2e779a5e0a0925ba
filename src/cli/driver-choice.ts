import { isSecure } from '../contract/address.ts';
import { type ClientDisruption, type Disruption, SERVER_DISRUPTIONS } from '../contract/disruption.ts';
import { DEFAULT_PROCESSES } from '../contract/server.ts';
import type { Transport } from '../contract/target.ts';
import { drivers } from '../drivers/index.ts';
import { fail, withContext } from '../errors.ts';
import { requireKernelSockets } from '../generator/sockets.ts';
import { isOfClients } from '../plan/disruptions.ts';
import type { PlanOptions } from '../plan/options.ts';
import { defaultDriver, type Plan, type TargetPlan } from '../plan/plan.ts';
import { didYouMean, list } from '../text.ts';
import { formatDurationMs } from '../units.ts';

/** A name that is in no registry: lists the known names and suggests the nearest. */
export function unknownName(what: string, given: string, known: readonly string[]): never {
  return fail(
    `UNKNOWN_${what.toUpperCase()}`,
    `there is no ${what} "${given}"; available: ${known.join(', ')}`,
    didYouMean(given, known, 'sockbench list describes each of them.'),
  );
}

/** The transports of a run, each with the population whose it is; null for that of the run. */
function namedTransports({ transport, population }: PlanOptions): ReadonlyArray<{
  readonly transport: Transport;
  readonly name: string | null;
}> {
  const own = (population ?? []).flatMap((each) =>
    each.transport === null ? [] : [{ transport: each.transport, name: each.name }],
  );
  // Clients of no population have that of the run.
  const areAllOwn =
    population !== null &&
    own.length === population.length &&
    population.some(({ clients }) => clients === null);
  return areAllOwn ? own : [{ transport, name: null }, ...own];
}

/** The transports of a run. */
export function transportsOf(options: PlanOptions): readonly Transport[] {
  return namedTransports(options).map(({ transport }) => transport);
}

/** Carries out a check for each transport of a run; an error says whose it is. `given` is how it was given. */
function forEachTransport(options: PlanOptions, check: (transport: Transport, given: string) => void): void {
  for (const { transport, name } of namedTransports(options)) {
    if (name === null) check(transport, '--transport ');
    else withContext(`--population ${name}`, () => check(transport, 'transport='));
  }
}

/** Checks that a server, `whose`, supports the transports of a run. */
export function requireTransports(
  whose: string,
  options: PlanOptions,
  supported: readonly Transport[],
  more: string,
): void {
  forEachTransport(options, (transport, given) =>
    requireTransport(whose, { transport, given }, supported, more),
  );
}

/** Checks that the driver exists, and speaks the transports of all clients by the sockets that are asked for. */
export function requireDriver(target: TargetPlan, options: PlanOptions): void {
  forEachTransport(options, (transport, given) => requireDriverFor(target, { ...options, transport }, given));
}

function requireDriverFor(
  { protocol, url, exec, reference }: TargetPlan,
  { driver, transport, sockets, disrupt, population }: PlanOptions,
  given: string,
): void {
  const isDivided = population !== null;
  const name = driver ?? defaultDriver(protocol, transport);
  const fitting = drivers.filter((each) => each.protocol === protocol);
  if (exec === null && reference === null) requireOwnServer(disrupt ?? []);
  const {
    transports,
    opensStreams = false,
    disturbances,
  } = fitting.find((each) => each.name === name) ??
  unknownName(
    'driver',
    name,
    fitting.map((each) => each.name),
  );
  requireTransport(`the driver "${name}" for ${protocol}`, { transport, given }, transports);
  requireDisturbances(name, transport, disrupt ?? [], disturbances?.(transport) ?? []);
  if (sockets === 'auto') return;
  // Clients of another population may have sockets that can be chosen.
  if (!opensStreams && sockets === 'node' && isDivided) return;
  if (!opensStreams) {
    fail(
      'BAD_SOCKETS',
      `--sockets ${sockets} is for the driver wire; the driver of this run is ${name}, which has its own`,
      'Remove --sockets.',
    );
  }
  if (sockets !== 'kernel') return;
  if (url !== null && isSecure(new URL(url))) {
    fail(
      'BAD_SOCKETS',
      `--sockets kernel has no TLS, which ${url} needs`,
      'Remove --sockets: connections with TLS use the sockets of Node.js.',
    );
  }
  requireKernelSockets();
}

/** Checks that a driver can disturb its connections as the plan says. Throws BAD_DISRUPTION. */
function requireDisturbances(
  driver: string,
  transport: Transport,
  disrupt: ReadonlyArray<Pick<Disruption, 'kind'>>,
  supported: readonly ClientDisruption[],
): void {
  const kinds: readonly Disruption['kind'][] = [...supported, ...SERVER_DISRUPTIONS];
  const other = disrupt.find(({ kind }) => !kinds.includes(kind));
  if (other === undefined) return;
  fail(
    'BAD_DISRUPTION',
    `--disrupt ${other.kind} is not possible for the driver "${driver}" over ${transport}; possible: ${list(kinds)}`,
    'Use --driver wire with --transport websocket.',
  );
}

/** Checks that a server that was already running is not to be restarted. Throws BAD_DISRUPTION. */
function requireOwnServer(disrupt: ReadonlyArray<Pick<Disruption, 'kind'>>): void {
  const other = disrupt.find((each) => !isOfClients(each));
  if (other === undefined) return;
  fail(
    'BAD_DISRUPTION',
    `--disrupt ${other.kind} needs a server that sockbench has started`,
    'Give its command as --exec.',
  );
}

/** Checks that the processes of a server can be restarted one by one, and that there is time for all. Throws BAD_DISRUPTION. */
export function requireNodes({ target, disruptions, durationMs }: Plan): void {
  const { name, reference } = target;
  for (const { kind, atMs, everyMs, forMs } of disruptions) {
    if (kind !== 'rolling-restart') continue;
    if (reference?.hasNodes !== true) {
      fail(
        'BAD_DISRUPTION',
        `--disrupt rolling-restart: sockbench does not know several processes of ${name}, to restart one after the other`,
        'Use restart, or --target socketio-cluster or socketio-redis.',
      );
    }
    const count = reference.settings.processes ?? DEFAULT_PROCESSES;
    const endMs = atMs + (count - 1) * (everyMs ?? 0) + (forMs ?? 0);
    if (endMs <= durationMs) continue;
    fail(
      'BAD_DISRUPTION',
      `--disrupt rolling-restart: the last of ${count} processes would be restarted after ${formatDurationMs(endMs)}, and the measured time is ${formatDurationMs(durationMs)}`,
      'Give a longer --duration, or shorter times.',
    );
  }
}

/** Checks that a server or driver, `whose`, supports a transport. */
function requireTransport(
  whose: string,
  { transport, given }: { readonly transport: Transport; readonly given: string },
  supported: readonly Transport[],
  more = '',
): void {
  if (supported.includes(transport)) return;
  fail(
    'BAD_TRANSPORT',
    `${whose} does not support the transport ${transport}; supported: ${supported.join(', ')}`,
    `Give ${given}${supported[0]}.${more}`,
  );
}
