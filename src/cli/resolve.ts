import { scenarios } from '../../scenarios/index.ts';
import { servers } from '../../servers/index.ts';
import type { ReferenceServer } from '../../servers/server.ts';
import { drivers } from '../drivers/index.ts';
import { SockbenchError } from '../errors.ts';
import { requireAllowedHost, type TargetPlan } from '../plan.ts';
import type { Scenario } from '../scenario.ts';
import type { Protocol, Transport } from '../target.ts';
import { nearest } from './nearest.ts';

const SCHEMES: Readonly<Record<string, Protocol>> = {
  'http:': 'socketio',
  'https:': 'socketio',
  'ws:': 'ws',
  'wss:': 'ws',
};

/** A name that is in no registry: names it, lists what there is and suggests the nearest. */
function unknownName(what: string, given: string, known: readonly string[]): never {
  const suggestion = nearest(given, known);
  throw new SockbenchError({
    code: `UNKNOWN_${what.toUpperCase()}`,
    message: `there is no ${what} "${given}"; there are: ${known.join(', ')}`,
    hint: suggestion === null ? 'sockbench list shows what each of them is.' : `Did you mean ${suggestion}?`,
  });
}

export function resolveScenario(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  return (
    found ??
    unknownName(
      'scenario',
      name,
      scenarios.map((scenario) => scenario.name),
    )
  );
}

export async function resolveServer(name: string): Promise<ReferenceServer> {
  const load = servers[name] ?? unknownName('server', name, Object.keys(servers));
  return (await load()).server;
}

export interface TargetOptions {
  readonly target: string;
  readonly exec: string | null;
  readonly transport: Transport;
  readonly driver: string;
  readonly allowRemote: string | null;
}

/** Resolves `--target` and checks that transport and driver fit it. */
export async function resolveTarget(options: TargetOptions): Promise<TargetPlan> {
  const target = options.target.includes('://')
    ? resolveUrl(options)
    : await resolveReference(options.target, options);
  requireDriver(options.driver, target.protocol, options.transport);
  return target;
}

function resolveUrl({ target, exec, allowRemote }: TargetOptions): TargetPlan {
  const url = URL.parse(target);
  const protocol = url === null ? undefined : SCHEMES[url.protocol];
  if (url === null || protocol === undefined) {
    throw new SockbenchError({
      code: 'BAD_TARGET',
      message: `--target ${target} is not a URL that can be met; allowed are ${Object.keys(SCHEMES).join(', ')}`,
      hint: 'Write http://127.0.0.1:3000 for Socket.IO or ws://127.0.0.1:3000 for raw WebSocket.',
    });
  }
  requireAllowedHost(url, allowRemote);
  // The scheme of a URL may be in capitals, but not every client knows.
  const lower = target.replace(/^[a-z]+:/i, (scheme) => scheme.toLowerCase());
  return { name: lower, protocol, url: lower, exec };
}

async function resolveReference(name: string, { exec, transport }: TargetOptions): Promise<TargetPlan> {
  if (/[.:]/.test(name)) {
    throw new SockbenchError({
      code: 'BAD_TARGET',
      message: `--target ${name} is neither the name of a reference server nor a URL`,
      hint: `Write http://${name} for Socket.IO or ws://${name} for raw WebSocket.`,
    });
  }
  const server = await resolveServer(name);
  if (exec !== null) {
    throw new SockbenchError({
      code: 'EXEC_WITHOUT_URL',
      message: `--exec starts a server of yours, but --target ${name} is a reference server`,
      hint: 'Give --target the URL at which your command listens.',
    });
  }
  if (!server.transports.includes(transport)) {
    throw new SockbenchError({
      code: 'BAD_TRANSPORT',
      message: `the server "${name}" has no transport ${transport}; it has ${server.transports.join(', ')}`,
      hint: `Give --transport ${server.transports[0]}.`,
    });
  }
  return { name, protocol: server.protocol, url: null, exec: null };
}

function requireDriver(name: string, protocol: Protocol, transport: Transport): void {
  const fitting = drivers.filter((driver) => driver.protocol === protocol);
  const driver = fitting.find((candidate) => candidate.name === name);
  if (driver === undefined)
    unknownName(
      'driver',
      name,
      fitting.map((candidate) => candidate.name),
    );
  if (driver.transports.includes(transport)) return;
  throw new SockbenchError({
    code: 'BAD_TRANSPORT',
    message: `the driver "${name}" for ${protocol} has no transport ${transport}; it has ${driver.transports.join(', ')}`,
    hint: `Give --transport ${driver.transports[0]}.`,
  });
}
