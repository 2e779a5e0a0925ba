import { basename, dirname, resolve } from 'node:path';
import { findTarget, resolveTarget } from '../cli/resolve.ts';
import type { Mapping } from '../contract/mapping.ts';
import { everyClient, type Scenario } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { foreign } from '../foreign.ts';
import type { PLAN_OPTIONS } from '../plan/options.ts';
import { buildPlan, type PlannedRun } from '../plan/plan.ts';
import { didYouMean, list } from '../text.ts';
import { type FlowStep, stepsIn } from './flow.ts';
import { parseFlow, type YamlFields } from './flow-parser.ts';

/** The parts of an Artillery script that the engine and the plugin read. */
export interface ArtilleryScript {
  readonly config: YamlFields;
  readonly scenarios?: readonly YamlFields[];
  readonly _scriptPath?: string;
}

/** The options of a run that `config.engines.sockbench` may set; Artillery decides the others. */
const ENGINE_OPTIONS = [
  'target',
  'transport',
  'driver',
  'namespace',
  'parser',
  'compression',
  'payload',
  'payloadSizes',
  'payloadType',
  'verify',
  'drain',
  'lateAfter',
  'connectTimeout',
  'seed',
  'pin',
  'allowRemote',
] as const satisfies ReadonlyArray<keyof typeof PLAN_OPTIONS>;

/** What `config.plugins.sockbench` may set. */
export interface PluginSettings {
  readonly out: string;
  readonly format: string;
  readonly thresholds: readonly string[];
  /** Prints the result as lines, so that it survives the container. */
  readonly print: boolean;
}

const PLUGIN_OPTIONS = ['out', 'format', 'thresholds', 'print'];
const DEFAULT_PLUGIN: PluginSettings = {
  out: 'reports',
  format: 'text,json,html,hgrm,hlog',
  thresholds: [],
  print: false,
};

export const ENGINE_NAME = 'sockbench';

function fieldsIn(value: unknown, known: readonly string[], where: string): YamlFields {
  const given = value ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) {
    return fail('BAD_CONFIG', `${where} is no object`, `Its fields are ${list(known)}.`);
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return given as YamlFields;
  return fail(
    'BAD_CONFIG',
    `${where}: there is no option ${foreign(unknown, 60)}`,
    didYouMean(unknown, known, `The options are ${list(known)}.`),
  );
}

/** Reads the settings of the plugin. Throws BAD_CONFIG. */
export function pluginSettings({ config }: ArtilleryScript): PluginSettings {
  const where = 'config.plugins.sockbench';
  const given = fieldsIn((config['plugins'] as YamlFields)?.[ENGINE_NAME], PLUGIN_OPTIONS, where);
  const { out, format, thresholds, print } = { ...DEFAULT_PLUGIN, ...given };
  const isList = Array.isArray(thresholds) && thresholds.every((each) => typeof each === 'string');
  if (!isList) fail('BAD_CONFIG', `${where}.thresholds is no list of texts`, "Write ['delivery.p99<50ms'].");
  if (typeof print !== 'boolean') fail('BAD_CONFIG', `${where}.print is neither true nor false`);
  return { out: String(out), format: String(format), thresholds, print };
}

/** The scenarios of a script that the engine carries out, by their flow. Throws BAD_FLOW. */
export function flowsOf({
  config,
  scenarios = [],
}: ArtilleryScript): ReadonlyMap<YamlFields, readonly FlowStep[]> {
  const own = scenarios.filter(({ engine }) => (engine ?? config['engine']) === ENGINE_NAME);
  return new Map(
    own.map((scenario, index) => [scenario, parseFlow(scenario['flow'], nameOf(scenario, index))]),
  );
}

function nameOf({ name }: YamlFields, index: number): string {
  return typeof name === 'string' ? name : String(index + 1);
}

/**
 * Plans what is known of the run before it starts: its target and how clients connect and send. Users, messages and times
 * are what Artillery makes of its phases, and are known at the end. Throws a SockbenchError for a value that is not
 * allowed.
 */
export async function planScript(script: ArtilleryScript): Promise<PlannedRun> {
  const { config, _scriptPath: path = 'artillery.yml' } = script;
  const engines = config['engines'] as YamlFields | undefined;
  const given = fieldsIn(engines?.[ENGINE_NAME], ENGINE_OPTIONS, 'config.engines.sockbench');
  const flows = flowsOf(script);
  const texts = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  const url = config['target'];
  if (typeof url !== 'string')
    return fail('BAD_CONFIG', 'config.target is not set', 'Write the URL of the server there.');
  const isFile = texts['target'] !== undefined;
  const found = await findTarget(isFile ? resolve(dirname(path), texts['target'] ?? '') : url);
  if (found.kind === 'file') requireDeclared(script, found.definition);
  const scenario = scenarioOf(basename(path).replace(/\.[^.]*$/, ''), [...flows.values()].flat());
  return buildPlan(scenario, { ...texts, target: url, clients: '1' }, (options, settings) => {
    // The URL of the script holds; a target file describes the events at it.
    const target = resolveTarget({ kind: 'url', url }, options, settings);
    if (found.kind !== 'file') return target;
    const { protocol = target.protocol, name = target.name } = found.definition;
    return { ...target, protocol, name, file: resolve(found.file) };
  });
}

/** The scenario that stands for the flows of a script. It has no layout: users come and go as Artillery decides. */
function scenarioOf(name: string, flow: readonly FlowStep[]): Scenario {
  const kinds = new Set([...stepsIn(flow)].map(({ kind }) => kind));
  return {
    name: `artillery-${name}`,
    summary: 'an Artillery scenario',
    headline: kinds.has('publish') || !kinds.has('request') ? 'delivery' : 'ack',
    options: {},
    layout: (_options, clients) => ({ rooms: everyClient(clients).map(() => []), streams: [] }),
  };
}

/** Checks that a target declares what the flows need. Throws TARGET_CANNOT. */
function requireDeclared(script: ArtilleryScript, mapping: Mapping): void {
  const kinds = new Set([...stepsIn([...flowsOf(script).values()].flat())].map(({ kind }) => kind));
  const needs = (['join', 'publish', 'request'] as const).filter((name) => kinds.has(name));
  const missing = needs.filter((name) => mapping[name] === undefined);
  if (missing.length > 0)
    fail('TARGET_CANNOT', `the flow needs the target file to declare ${list(missing)}`, 'Add it there.');
}
