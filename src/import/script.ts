import { fail } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { list, plural } from '../text.ts';
import { readConnection } from './connection.ts';
import { type Flow, type ImportedScript, SCRIPT_ENGINES, type ScriptEngine } from './model.ts';
import { Notes } from './notes.ts';
import { readPayloads, readVariables } from './payload.ts';
import { readPhases } from './phases.ts';
import { readSteps } from './steps.ts';
import { noteProcessor, noteUnset } from './unset.ts';
import {
  entriesOf,
  entryOfNode,
  itemsOf,
  overlay,
  parseScript,
  type ScriptMap,
  type ScriptNode,
  textOfNode,
} from './yaml.ts';

/** Engines that are part of Artillery, or packages of it that measure something else. */
const OTHER_ENGINES = 'Scenarios of HTTP and of browsers have no counterpart here.';

/** Keys of `config` that are read elsewhere, or whose absence changes nothing. */
const READ = [
  'target',
  'phases',
  'mode',
  'variables',
  'payload',
  'tls',
  'environments',
  'engine',
  'statsInterval',
  'timeout',
];
/** Keys of `config` that have no counterpart. */
const LEFT: Readonly<Record<string, string>> = {
  processor: 'its functions are not carried over; write them into the scenario',
  plugins: 'plugins of Artillery',
  ensure: 'use --threshold',
  apdex: 'use --threshold',
  includeFiles: 'files for cloud workers',
  bundling: 'files for cloud workers',
};
const SCENARIO_KEYS = ['name', 'engine', 'flow', 'weight', 'socketio'];

export interface ReadOptions {
  /** The name of the file, in errors. */
  readonly name: string;
  /** The entry of `config.environments` to use; null for none. */
  readonly environment: string | null;
  /** Reads the processor of the script; null when it cannot be read. */
  readonly readProcessor: (path: string) => string | null;
}

/** Reads a script. Throws BAD_SCRIPT, and UNSUPPORTED_ENGINE where no scenario has an engine that is carried over. */
export function readScript(text: string, { name, environment, readProcessor }: ReadOptions): ImportedScript {
  const root = parseScript(text, name);
  const notes = new Notes();
  const config = configOf(root, name, environment, notes);
  const scenarios = itemsOf(root.entries.get('scenarios')).filter((node) => node.kind === 'map');
  if (scenarios.length === 0) {
    fail('BAD_SCRIPT', `${name} has no scenarios`, 'Give an Artillery script with config and scenarios.');
  }
  const engine = engineOf(scenarios, config, name);
  const own = scenarios.filter((scenario) => engineNameOf(scenario, config) === engine);
  for (const other of scenarios.filter((scenario) => !own.includes(scenario))) {
    notes.add(
      'left',
      'scenario',
      other,
      `a scenario of the engine ${engineNameOf(other, config)}; this file has those of ${engine}`,
    );
  }
  noteRest(root, config, engine, notes);
  noteProcessor(entryOfNode(config, 'processor'), engine, readProcessor, notes);
  const timeoutMs =
    Number(
      textOfNode(entryOfNode(config, 'timeout')) ??
        (engine === 'ws' ? textOfNode(entryOfNode(config, 'ws', 'timeout')) : undefined) ??
        10,
    ) * 1000;
  const context = {
    engine,
    notes,
    jitter: textOfNode(entryOfNode(config, 'defaults', 'think', 'jitter')),
    timeoutMs: timeoutMs > 0 ? timeoutMs : 10_000,
  };
  const flows = own.map((scenario, index): Flow => {
    noteScenario(scenario, engine, notes);
    return {
      name: textOfNode(entryOfNode(scenario, 'name')) ?? `scenario ${index + 1}`,
      weight: weightOf(scenario, notes),
      line: scenario.line,
      steps: readSteps(entryOfNode(scenario, 'flow'), context),
    };
  });
  const url =
    textOfNode(entryOfNode(config, 'target')) ??
    fail('BAD_SCRIPT', `${name} has no config.target`, 'Add it, or choose one with --environment.');
  const script = {
    engine,
    url,
    ...readConnection(config, own, engine, notes),
    ...readPhases(entryOfNode(config, 'phases'), config, notes),
    timeoutMs: context.timeoutMs,
    payloads: readPayloads(entryOfNode(config, 'payload'), notes),
    variables: readVariables(entryOfNode(config, 'variables'), notes),
    constants: new Map([
      ['target', url],
      ['$environment', environment ?? 'undefined'],
    ]),
    flows: flows.some(({ weight }) => weight > 0) ? flows.filter(({ weight }) => weight > 0) : flows,
  };
  noteUnset(script, root, notes);
  return { ...script, notes: notes.all };
}

function configOf(
  root: ScriptMap,
  name: string,
  environment: string | null,
  notes: Notes,
): ScriptNode | undefined {
  const config = root.entries.get('config');
  const environments = entryOfNode(config, 'environments');
  const names = [...entriesOf(environments).keys()];
  if (environment === null) {
    if (environments !== undefined) {
      notes.add(
        'left',
        'scenario',
        environments,
        `environments ${list(names.map((each) => foreign(each)))}: choose one with --environment`,
      );
    }
    return config;
  }
  const chosen = entryOfNode(environments, environment);
  if (chosen !== undefined) return overlay(config, chosen);
  return fail(
    'NO_SUCH_ENVIRONMENT',
    `${name} has no environment ${environment}`,
    names.length === 0 ? 'Omit --environment.' : `It has ${list(names.map((each) => foreign(each)))}.`,
  );
}

function engineNameOf(scenario: ScriptNode, config: ScriptNode | undefined): string {
  return textOfNode(entryOfNode(scenario, 'engine')) ?? textOfNode(entryOfNode(config, 'engine')) ?? 'http';
}

function engineOf(
  scenarios: readonly ScriptNode[],
  config: ScriptNode | undefined,
  name: string,
): ScriptEngine {
  const names = scenarios.map((scenario) => engineNameOf(scenario, config));
  const known = SCRIPT_ENGINES.find(
    (engine) => engine === names.find((each) => (SCRIPT_ENGINES as readonly string[]).includes(each)),
  );
  if (known !== undefined) return known;
  const [first] = scenarios;
  return fail(
    'UNSUPPORTED_ENGINE',
    `${name}, line ${first?.line ?? 1}: ${plural(scenarios.length, 'scenario')} of the engine ${foreign(names[0])}, which cannot be imported`,
    `The engines are ${list(SCRIPT_ENGINES)}. ${OTHER_ENGINES}`,
  );
}

function noteRest(root: ScriptMap, config: ScriptNode | undefined, engine: ScriptEngine, notes: Notes): void {
  for (const [key, node] of root.entries) {
    if (key === 'before' || key === 'after')
      notes.add('left', 'scenario', node, `${key}: steps around the test`);
    else if (key !== 'config' && key !== 'scenarios')
      notes.add('ignored', 'scenario', node, `Artillery does not read ${key}`);
  }
  const own = engine === 'ws' ? ['ws'] : ['socketio'];
  for (const [key, node] of entriesOf(config)) {
    if (READ.includes(key) || own.includes(key)) continue;
    const left = Object.hasOwn(LEFT, key) ? LEFT[key] : undefined;
    if (left !== undefined) notes.add('left', 'scenario', node, `${key}: ${left}`);
    else if (key === 'engines') noteEngines(node, engine, notes);
    else if (key === 'defaults') noteDefaults(node, engine, notes);
    else if (key === 'http')
      notes.add('ignored', 'scenario', node, `http: the engine ${engine} reads it for HTTP steps only`);
    else notes.add('ignored', 'scenario', node, `the engine ${engine} does not read config.${key}`);
  }
  if (engine === 'socketio-v3' && entryOfNode(config, 'engines', 'socketio-v3') === undefined) {
    notes.add(
      'ignored',
      'scenario',
      config ?? root,
      'without config.engines.socketio-v3, Artillery does not find the engine',
    );
  }
}

function noteEngines(engines: ScriptNode, engine: ScriptEngine, notes: Notes): void {
  for (const [key, node] of entriesOf(engines)) {
    if (key === engine && engine === 'socketio-v3') continue;
    const isBuiltIn = key === 'socketio' || key === 'ws';
    const why = isBuiltIn ? `the options of ${key} stand under config.${key}` : 'no scenario here uses it';
    if ([...entriesOf(node)].length > 0 || !isBuiltIn)
      notes.add('ignored', 'scenario', node, `engines.${key}: ${why}`);
  }
}

function noteDefaults(defaults: ScriptNode, engine: ScriptEngine, notes: Notes): void {
  for (const [key, node] of entriesOf(defaults)) {
    if (key !== 'think')
      notes.add('ignored', 'scenario', node, `defaults.${key}: the engine ${engine} does not read it`);
  }
}

function noteScenario(scenario: ScriptNode, engine: ScriptEngine, notes: Notes): void {
  for (const [key, node] of entriesOf(scenario)) {
    if (SCENARIO_KEYS.includes(key) && !(key === 'socketio' && engine === 'ws')) continue;
    notes.add('ignored', 'scenario', node, `the engine ${engine} does not read ${key} of a scenario`);
  }
}

function weightOf(scenario: ScriptNode, notes: Notes): number {
  const node = entryOfNode(scenario, 'weight');
  if (node === undefined) return 1;
  const weight = Number.parseInt(textOfNode(node) ?? '', 10);
  if (Number.isSafeInteger(weight) && weight >= 0 && weight <= 10_000) return weight;
  notes.add('left', 'scenario', node, 'weight: it is no number from 0 to 10,000, and counts as 0');
  return 0;
}
