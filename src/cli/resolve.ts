import { resolve } from 'node:path';
import { scenarios } from '../../scenarios/index.ts';
import { servers } from '../../servers/index.ts';
import { addressText, parseAddress, requireAllowedHost } from '../contract/address.ts';
import type { GivenOptions } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { type ReferenceServer, UNSUPPORTED_SERVERS } from '../contract/server.ts';
import type { Protocol } from '../contract/target.ts';
import { fail } from '../errors.ts';
import { PLAN_OPTIONS, type PlanOptions } from '../plan/options.ts';
import type { TargetPlan } from '../plan/plan.ts';
import type { SettingName } from '../plan/settings.ts';
import { withinLimit } from '../user-files/interrupt.ts';
import { isAsync } from '../user-files/named-functions.ts';
import { loadScenarioFile } from '../user-files/scenario-file.ts';
import type { TargetDefinition } from '../user-files/target-definition.ts';
import {
  type ClientValues,
  clientValues,
  type LoadedTarget,
  loadTargetFile,
  messageFormatOf,
} from '../user-files/target-file.ts';
import { requireDriver, requireTransports, transportsOf, unknownName } from './driver-choice.ts';
import { planReference } from './reference.ts';
import { CLIENT_SETTINGS, pushesOf, requireFittingFields, requireSettings } from './target-fit.ts';

/** The protocol at a URL, by its scheme. */
const PROTOCOL_OF: ReadonlyMap<string, Protocol> = new Map([
  ['http:', 'socketio'],
  ['https:', 'socketio'],
  ['ws:', 'ws'],
  ['wss:', 'ws'],
]);

/** Whether a name is the path of a file: it has a separator or the ending of a module. */
function isFile(name: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(name);
}

/** A scenario, and the file that it was loaded from; null for a built-in one. */
export interface ResolvedScenario {
  readonly scenario: Scenario;
  readonly file: string | null;
}

/** Finds a built-in scenario by name, or loads one from a file. */
export async function resolveScenario(name: string): Promise<ResolvedScenario> {
  if (isFile(name)) return { scenario: await loadScenarioFile(name), file: resolve(name) };
  const scenario = scenarios.find((each) => each.name === name);
  const known = scenarios.map((each) => each.name);
  return { scenario: scenario ?? unknownName('scenario', name, known), file: null };
}

/** Loads a reference server by name. */
export async function resolveServer(name: string): Promise<ReferenceServer> {
  const unsupported = UNSUPPORTED_SERVERS.get(name);
  if (unsupported !== undefined) {
    fail(
      'SERVER_UNAVAILABLE',
      `the server "${name}" is not supported: ${unsupported.reason}`,
      unsupported.hint,
    );
  }
  const load = Object.hasOwn(servers, name) ? servers[name] : undefined;
  return (await (load ?? unknownName('server', name, Object.keys(servers)))()).server;
}

/** The value of --target, read: the server's module or the target file is loaded once. */
export type FoundTarget =
  | { readonly kind: 'reference'; readonly server: ReferenceServer }
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly definition: LoadedTarget;
      /** Where the server listens. */
      readonly url: string;
      /** Throws BAD_CLIENTS_FILE for a client number without values. */
      readonly valuesOf: ClientValues;
    };

export async function findTarget(target: string): Promise<FoundTarget> {
  if (target.includes('://')) return { kind: 'url', url: target };
  if (isFile(target)) {
    const definition = await loadTargetFile(target);
    const valuesOf = await clientValues(definition, target);
    const url = await withinLimit([target], () => urlOf(definition, target, valuesOf));
    return { kind: 'file', file: target, definition, url, valuesOf };
  }
  if (/[.:]/.test(target)) {
    fail(
      'BAD_TARGET',
      `--target ${target} is neither the name of a reference server nor a URL`,
      `Write http://${target} for Socket.IO or ws://${target} for raw WebSocket.`,
    );
  }
  return { kind: 'reference', server: await resolveServer(target) };
}

/**
 * The URL at which the server of a target listens. A function is called for the first client, without what `prepare`
 * returns; the query of its result is of no use then.
 */
async function urlOf(
  { url, server, prepare }: TargetDefinition,
  file: string,
  valuesOf: ClientValues,
): Promise<string> {
  if (server !== undefined) return server;
  if (typeof url === 'string') return url;
  const hint = "Add server: 'http://127.0.0.1:3000' to the target: the URL at which the server listens.";
  if (isAsync(url) || isAsync(valuesOf)) {
    fail(
      'BAD_TARGET',
      `${file}: url needs async functions, which are not called before the server is up`,
      hint,
    );
  }
  try {
    const found = parseAddress(await url({ number: 0, values: await valuesOf(0) }));
    if (found !== null) return addressText(Object.assign(found, { search: '' }));
  } catch (error) {
    if (prepare === undefined) throw error;
  }
  return fail('BAD_TARGET', `${file}: url has no result without what prepare returns`, hint);
}

/** Options that the target sets unless the command line or the config does. */
export function targetDefaults(found: FoundTarget): GivenOptions {
  switch (found.kind) {
    case 'url':
      return {};
    case 'file': {
      const { transport, namespace, parser, exec } = found.definition;
      const ofAll = typeof namespace === 'function' ? undefined : namespace;
      const named = typeof parser === 'object' ? undefined : parser;
      const defaults = Object.entries({ transport, namespace: ofAll, parser: named, exec });
      return Object.fromEntries(defaults.filter(([, value]) => value !== undefined));
    }
    case 'reference': {
      const { transports } = found.server;
      return transports.includes(PLAN_OPTIONS.transport.default) ? {} : { transport: transports[0] };
    }
  }
}

/** Checks that options, transport, driver and the given settings fit the target, and returns its part of the plan. */
export function resolveTarget(
  found: FoundTarget,
  options: PlanOptions,
  given: readonly SettingName[],
): TargetPlan {
  const target =
    found.kind === 'reference'
      ? resolveReference(found.server, options, given)
      : resolveUrl(found, options, given);
  requireDriver(target, options);
  return target;
}

function resolveUrl(
  found: Exclude<FoundTarget, { kind: 'reference' }>,
  options: PlanOptions,
  given: readonly SettingName[],
): TargetPlan {
  const { exec, runtime, allowRemote, namespace } = options;
  const isUrl = found.kind === 'url';
  const text = found.url;
  const shown = isUrl ? `--target ${text}` : `${found.file}: url: ${text}`;
  const url = parseAddress(text);
  if (url === null && URL.canParse(text)) {
    fail(
      'BAD_TARGET',
      `${shown} has a backslash, white space or a control character, which programs read in different ways`,
      'Write the URL without it.',
    );
  }
  const byScheme = url === null ? undefined : PROTOCOL_OF.get(url.protocol);
  if (url === null || byScheme === undefined) {
    return fail(
      'BAD_TARGET',
      `${shown} is not a supported URL; supported schemes: ${[...PROTOCOL_OF.keys()].join(', ')}`,
      'Write http://127.0.0.1:3000 for Socket.IO or ws://127.0.0.1:3000 for raw WebSocket.',
    );
  }
  requireAllowedHost(url, allowRemote);
  if (runtime !== null) {
    fail(
      'RUNTIME_OF_REFERENCE',
      `--runtime selects the program of a reference server, but ${shown} is your own server`,
      'Remove --runtime; the command of --exec names its own program.',
    );
  }
  const protocol = isUrl ? byScheme : (found.definition.protocol ?? byScheme);
  requireSettings(given, CLIENT_SETTINGS[protocol], `a server that speaks ${protocol}`);
  if (!isUrl) requireFittingFields(found.definition, found.file, protocol, transportsOf(options));
  const address = addressText(url);
  return {
    name: isUrl ? address : (found.definition.name ?? address),
    protocol,
    url: address,
    exec,
    cwd: null,
    reference: null,
    file: isUrl ? null : resolve(found.file),
    namespace,
    pushes: isUrl ? null : pushesOf(found.definition, url),
    messageFormat: isUrl ? null : messageFormatOf(found.definition),
    droppable: !isUrl && found.definition.delivery?.droppable === true,
    allowRemote,
  };
}

function resolveReference(
  server: ReferenceServer,
  options: PlanOptions,
  given: readonly SettingName[],
): TargetPlan {
  const { exec, allowRemote } = options;
  const { name, protocol, transports } = server;
  if (exec !== null) {
    fail(
      'EXEC_WITHOUT_URL',
      `--exec starts your own server, but --target ${name} is a reference server`,
      'Give --target the URL at which your command listens.',
    );
  }
  const more = ' sockbench list shows the transports of each.';
  requireTransports(`the server "${name}"`, options, transports, more);
  const ofDriver = protocol === 'http' ? CLIENT_SETTINGS.http : [];
  requireSettings(given, [...server.settings, ...ofDriver], `the server "${name}"`);
  const reference = planReference(server, options, options.runtime);
  const { namespace } = reference.settings;
  return {
    name,
    protocol,
    url: null,
    exec: null,
    cwd: null,
    reference,
    file: null,
    namespace,
    pushes: null,
    messageFormat: null,
    droppable: false,
    allowRemote,
  };
}
