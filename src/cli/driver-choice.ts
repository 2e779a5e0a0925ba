import { isSecure } from '../contract/address.ts';
import type { Transport } from '../contract/target.ts';
import { drivers } from '../drivers/index.ts';
import { fail } from '../errors.ts';
import { requireKernelSockets } from '../generator/sockets.ts';
import type { PlanOptions } from '../plan/options.ts';
import { defaultDriver, type TargetPlan } from '../plan/plan.ts';
import { didYouMean } from '../text.ts';

/** A name that is in no registry: lists the known names and suggests the nearest. */
export function unknownName(what: string, given: string, known: readonly string[]): never {
  return fail(
    `UNKNOWN_${what.toUpperCase()}`,
    `there is no ${what} "${given}"; available: ${known.join(', ')}`,
    didYouMean(given, known, 'sockbench list describes each of them.'),
  );
}

/** Checks that the driver exists, and speaks the transport by the sockets that are asked for. */
export function requireDriver(
  { protocol, url }: TargetPlan,
  { driver, transport, sockets }: PlanOptions,
): void {
  const name = driver ?? defaultDriver(protocol, transport);
  const fitting = drivers.filter((each) => each.protocol === protocol);
  const { transports, opensStreams = false } =
    fitting.find((each) => each.name === name) ??
    unknownName(
      'driver',
      name,
      fitting.map((each) => each.name),
    );
  requireTransport(`the driver "${name}" for ${protocol}`, transport, transports);
  if (sockets === 'auto') return;
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

/** Checks that a server or driver, `whose`, supports a transport. */
export function requireTransport(
  whose: string,
  transport: Transport,
  supported: readonly Transport[],
  more = '',
): void {
  if (supported.includes(transport)) return;
  fail(
    'BAD_TRANSPORT',
    `${whose} does not support the transport ${transport}; supported: ${supported.join(', ')}`,
    `Give --transport ${supported[0]}.${more}`,
  );
}
