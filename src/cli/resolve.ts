import { resolve } from 'node:path';
import { scenarios } from '../../scenarios/index.ts';
import { whyUnavailable } from '../../servers/availability.ts';
import { servers } from '../../servers/index.ts';
import { flagOf, type GivenOptions } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import type { ReferenceServer, ServerSettings } from '../contract/server.ts';
import { chat, type Mapping, type Protocol, type Transport } from '../contract/target.ts';
import { UNAVAILABLE_SERVERS, unavailable } from '../contract/unavailable.ts';
import { drivers } from '../drivers/index.ts';
import { SockbenchError } from '../errors.ts';
import { PLAN_OPTIONS, type PlanOptions } from '../plan/options.ts';
import { type ReferencePlan, requireAllowedHost, type TargetPlan } from '../plan/plan.ts';
import { SETTING_OPTIONS, type SettingName, type Settings } from '../plan/settings.ts';
import { nearest } from '../text.ts';
import { loadScenarioFile } from '../user-files/scenario-file.ts';
import { clientValues, loadTargetFile } from '../user-files/target-file.ts';
import { planRuntime } from './runtime.ts';

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

/** What names a file and not something of ours: it has a separator or the ending of a module. */
function isFile(name: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(name);
}

/** A scenario of ours by name, or one of the user's by file. */
export async function resolveScenario(name: string): Promise<{ scenario: Scenario; file: string | null }> {
  if (!isFile(name)) return { scenario: scenarioOf(name), file: null };
  return { scenario: await loadScenarioFile(name), file: resolve(name) };
}

function scenarioOf(name: string): Scenario {
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
  const missing = unavailable(UNAVAILABLE_SERVERS, name);
  if (missing !== undefined) {
    throw new SockbenchError({
      code: 'SERVER_UNAVAILABLE',
      message: `there is no server "${name}": ${missing.reason}`,
      hint: missing.hint,
    });
  }
  const load = Object.hasOwn(servers, name) ? servers[name] : undefined;
  return (await (load ?? unknownName('server', name, Object.keys(servers)))()).server;
}

/** Of the plan's options, those that say what is met and how. */
export type TargetOptions = Pick<
  PlanOptions,
  'target' | 'exec' | 'runtime' | 'transport' | 'driver' | 'allowRemote' | SettingName
>;

/** A target, what it can be asked for, and what it makes of options that were not given. */
export interface ResolvedTarget {
  readonly target: TargetPlan;
  readonly mapping: Mapping;
}

/** What a target file says of options that the command line and the config leave open. */
export async function targetDefaults(given: GivenOptions): Promise<GivenOptions> {
  const { target = PLAN_OPTIONS.target.default } = given;
  if (target.includes('://')) return {};
  if (!isFile(target)) return transportOf(target);
  const { transport, namespace, parser, exec } = await loadTargetFile(target);
  const defaults = { transport, namespace, parser, exec };
  return Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== undefined));
}

/** The first transport of a reference server that does not have the usual one. */
async function transportOf(name: string): Promise<GivenOptions> {
  const load = Object.hasOwn(servers, name) ? servers[name] : undefined;
  const transports: readonly Transport[] = (await load?.())?.server.transports ?? [];
  const [first] = transports;
  return first === undefined || transports.includes(PLAN_OPTIONS.transport.default)
    ? {}
    : { transport: first };
}

/** Resolves `--target` and checks that transport, driver and settings fit it. */
export async function resolveTarget(options: TargetOptions, clients: number): Promise<ResolvedTarget> {
  const resolved = await resolveKind(options, clients);
  requireDriver(options.driver, resolved.target.protocol, options.transport);
  return resolved;
}

async function resolveKind(options: TargetOptions, clients: number): Promise<ResolvedTarget> {
  const { target } = options;
  if (target.includes('://')) return { target: resolveUrl(options), mapping: chat };
  if (isFile(target)) return resolveFile(target, options, clients);
  return { target: await resolveReference(target, options), mapping: chat };
}

async function resolveFile(file: string, options: TargetOptions, clients: number): Promise<ResolvedTarget> {
  const mapping = await loadTargetFile(file);
  const { name, url, protocol } = mapping;
  const byUrl = resolveUrl({ ...options, target: url }, `${file}: url: ${url}`, protocol);
  // Every client must have what it needs before anything starts.
  (await clientValues(mapping, file))(clients - 1);
  const target = { ...byUrl, name: name ?? byUrl.name, file: resolve(file) };
  return { target, mapping };
}

/** `shown` is how errors name the URL; `declared` what is spoken there where its scheme does not say. */
function resolveUrl(
  options: TargetOptions,
  shown = `--target ${options.target}`,
  declared?: Protocol,
): TargetPlan {
  const { target, exec, runtime, allowRemote, namespace } = options;
  const url = URL.parse(target);
  const byScheme = url === null ? undefined : SCHEMES[url.protocol];
  if (url === null || byScheme === undefined) {
    throw new SockbenchError({
      code: 'BAD_TARGET',
      message: `${shown} is not a URL that can be met; allowed are ${Object.keys(SCHEMES).join(', ')}`,
      hint: 'Write http://127.0.0.1:3000 for Socket.IO or ws://127.0.0.1:3000 for raw WebSocket.',
    });
  }
  const protocol = declared ?? byScheme;
  requireAllowedHost(url, allowRemote);
  if (runtime !== null) {
    throw new SockbenchError({
      code: 'RUNTIME_OF_REFERENCE',
      message: `--runtime is what runs a reference server, and ${shown} is a server of your own`,
      hint: 'The command of --exec itself names its runtime; leave --runtime out.',
    });
  }
  requireSettings(options, CLIENT_SETTINGS[protocol], `a server that speaks ${protocol}`);
  // The scheme of a URL may be in capitals, but not every client knows.
  const lower = target.replace(/^[a-z]+:/i, (scheme) => scheme.toLowerCase());
  return { name: lower, protocol, url: lower, exec, cwd: null, reference: null, file: null, namespace };
}

async function resolveReference(name: string, options: TargetOptions): Promise<TargetPlan> {
  const { exec, transport } = options;
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
      hint: `Give --transport ${server.transports[0]}, or another --target; list shows which has it.`,
    });
  }
  const ofDriver = server.protocol === 'http' ? CLIENT_SETTINGS.http : [];
  requireSettings(options, [...server.settings, ...ofDriver], `the server "${name}"`);
  const reference = planReference(server, options, options.runtime);
  const { namespace } = reference.settings;
  return {
    name,
    protocol: server.protocol,
    url: null,
    exec: null,
    cwd: null,
    reference,
    file: null,
    namespace,
  };
}

/** Settings that concern the clients of a server that we do not start. */
const CLIENT_SETTINGS: Readonly<Record<Protocol, readonly SettingName[]>> = {
  socketio: ['namespace', 'parser', 'compression'],
  ws: ['compression'],
  http: ['pollInterval'],
};

export function requireSettings(options: Settings, known: readonly SettingName[], whose: string): void {
  const names = Object.keys(SETTING_OPTIONS) as SettingName[];
  const foreign = names.find((name) => options[name] !== null && !known.includes(name));
  if (foreign === undefined) return;
  throw new SockbenchError({
    code: 'BAD_SETTING',
    message: `${flagOf(foreign)} means nothing to ${whose}; it knows ${known.map(flagOf).join(', ') || 'no such setting'}`,
    hint: `Leave ${flagOf(foreign)} out.`,
  });
}

/**
 * How a reference server is run, given what was asked for; `program` is --runtime. Throws SERVER_UNAVAILABLE and
 * BAD_RUNTIME when it cannot.
 */
export function planReference(
  server: ReferenceServer,
  asked: Settings,
  program: string | null,
): ReferencePlan {
  const { runtime = 'node', namespace, hasNodes = false } = server;
  const settings = {
    namespace: asked.namespace ?? namespace ?? null,
    compression: asked.compression === 'on',
    parser: asked.parser ?? 'default',
    recovery: asked.recovery === 'on',
    processes: asked.processes,
    redis: asked.redis,
    redisAdapter: asked.redisAdapter ?? 'pubsub',
  };
  requireAvailable(server, settings, program);
  return { runtime, ...planRuntime(runtime, program), settings, hasNodes };
}

function requireAvailable(server: ReferenceServer, settings: ServerSettings, program: string | null): void {
  const reason = whyUnavailable(server, settings, program);
  if (reason === null) return;
  throw new SockbenchError({
    code: 'SERVER_UNAVAILABLE',
    message: `the server "${server.name}" cannot run here: ${reason}`,
    hint: 'sockbench list shows what can.',
  });
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
