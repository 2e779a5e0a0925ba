import type { ConnectOptionsPart, ImportedScript, ScriptEngine } from './model.ts';
import type { Notes } from './notes.ts';
import { variablesIn } from './templates.ts';
import { entriesOf, entryOfNode, itemsOf, overlay, plainOf, type ScriptNode, textOfNode } from './yaml.ts';

/** How users connect, as far as it is carried over. */
export type ConnectionPart = Pick<ImportedScript, 'transport' | 'path' | 'isMsgpack' | 'tls' | 'connect'>;

type Setting = 'carried' | 'same' | 'left';

/**
 * Options of socket.io-client 4.8 and of ws 8: carried over, of no effect here because every connection is new, or left
 * out. The clients ignore any other name.
 */
const SOCKETIO_OPTIONS: Readonly<Record<string, Setting>> = {
  ...table(
    'carried',
    'transports query auth extraHeaders path upgrade rejectUnauthorized ca cert key servername',
  ),
  ...table('same', 'forceNew multiplex autoUnref withCredentials secure rememberUpgrade'),
  ...table(
    'left',
    'reconnection reconnectionAttempts reconnectionDelay reconnectionDelayMax randomizationFactor timeout autoConnect parser retries ackTimeout addTrailingSlash agent ciphers forceBase64 host hostname localAddress passphrase perMessageDeflate pfx port protocols requestTimeout timestampParam timestampRequests transportOptions tryAllTransports',
  ),
};
const WS_OPTIONS: Readonly<Record<string, Setting>> = {
  ...table('carried', 'headers rejectUnauthorized ca cert key servername timeout'),
  ...table(
    'left',
    'subprotocols proxy agent auth ciphers finishRequest followRedirects handshakeTimeout localAddress maxPayload maxRedirects origin passphrase perMessageDeflate pfx protocolVersion skipUTF8Validation',
  ),
};
const TLS_FIELDS = ['rejectUnauthorized', 'ca', 'cert', 'key', 'servername'];

function table(setting: Setting, names: string): Record<string, Setting> {
  return Object.fromEntries(names.split(' ').map((name) => [name, setting]));
}

/** Reads how users connect from the options of the engine, of `config.tls` and of the scenarios. */
export function readConnection(
  config: ScriptNode | undefined,
  scenarios: readonly ScriptNode[],
  engine: ScriptEngine,
  notes: Notes,
): ConnectionPart {
  const options = engineOptions(config, scenarios, engine, notes);
  const known = engine === 'ws' ? WS_OPTIONS : SOCKETIO_OPTIONS;
  const isMsgpack = engine === 'socketio-v3' && textOfNode(entryOfNode(options, 'parser')) === 'msgpack';
  const where = engine === 'ws' ? 'ws' : 'socket.io-client';
  for (const [key, node] of entriesOf(options)) {
    const setting = Object.hasOwn(known, key) ? known[key] : undefined;
    if (setting === undefined) notes.add('ignored', 'target', node, `${where} has no option ${key}`);
    else if (setting === 'left' && !(key === 'parser' && isMsgpack))
      notes.add('left', 'target', node, `the option ${key} of ${where}`);
  }
  const fields =
    engine === 'ws' ? { headers: 'headers' } : { auth: 'auth', headers: 'extraHeaders', query: 'query' };
  const connect: Record<string, unknown> = {};
  for (const [field, key] of Object.entries(fields)) {
    const node = entryOfNode(options, key);
    if (node !== undefined) connect[field] = key === 'query' ? queryOf(node) : plainOf(node);
  }
  const tls = overlay(options, entryOfNode(config, 'tls') ?? { kind: 'map', line: 1, entries: new Map() });
  return {
    transport: engine === 'ws' ? 'websocket' : transportOf(options),
    path: engine === 'ws' ? null : (textOfNode(entryOfNode(options, 'path')) ?? null),
    isMsgpack,
    tls: readTls(tls, entryOfNode(config, 'tls'), notes),
    connect: connect as ConnectOptionsPart,
  };
}

/** The options that the engine passes to its client, joined as it joins them. */
function engineOptions(
  config: ScriptNode | undefined,
  scenarios: readonly ScriptNode[],
  engine: ScriptEngine,
  notes: Notes,
): ScriptNode | undefined {
  if (engine === 'ws') return noteTemplates(entryOfNode(config, 'ws'), notes);
  const own = engine === 'socketio-v3' ? entryOfNode(config, 'engines', 'socketio-v3') : undefined;
  const ofConfig = noteTemplates(joined(entryOfNode(config, 'socketio'), own), notes);
  const ofScenarios = scenarios.flatMap((scenario) => entryOfNode(scenario, 'socketio') ?? []);
  if (engine === 'socketio-v3') {
    for (const node of ofScenarios)
      notes.add('ignored', 'target', node, 'socketio-v3 does not read socketio of a scenario');
    return ofConfig;
  }
  const [first] = ofScenarios;
  if (first !== undefined && scenarios.length > 1) {
    notes.add(
      'ignored',
      'target',
      first,
      'Artillery uses socketio of a scenario for all scenarios, the last one first',
    );
  }
  return ofScenarios.reduce<ScriptNode | undefined>(joined, ofConfig);
}

/** Joins two maps as Object.assign does. */
function joined(under: ScriptNode | undefined, over: ScriptNode | undefined): ScriptNode | undefined {
  if (over?.kind !== 'map') return under;
  if (under?.kind !== 'map') return over;
  return { kind: 'map', line: over.line, entries: new Map([...under.entries, ...over.entries]) };
}

/** Artillery fills the templates of `config` once, before there are users. */
function noteTemplates(options: ScriptNode | undefined, notes: Notes): ScriptNode | undefined {
  for (const [key, node] of entriesOf(options)) {
    for (const name of new Set(variablesIn(plainOf(node)))) {
      const text = `${key}: Artillery fills {{ ${name} }} within config before there are users, and sends undefined; here every user sends its value`;
      notes.add('ignored', 'target', node, text);
    }
  }
  return options;
}

/** A query is a map, or text such as `user=1&room=2`. */
function queryOf(node: ScriptNode): unknown {
  if (node.kind !== 'scalar') return plainOf(node);
  return Object.fromEntries(new URLSearchParams(textOfNode(node) ?? ''));
}

/** Without `transports`, socket.io-client begins by polling and upgrades. */
function transportOf(options: ScriptNode | undefined): ImportedScript['transport'] {
  const transports = itemsOf(entryOfNode(options, 'transports')).map(textOfNode);
  const [first] = transports;
  if (first === 'websocket') return 'websocket';
  const upgrades = textOfNode(entryOfNode(options, 'upgrade')) !== 'false';
  return upgrades && (first === undefined || transports.includes('websocket')) ? 'upgrade' : 'polling';
}

function readTls(
  options: ScriptNode,
  ofConfig: ScriptNode | undefined,
  notes: Notes,
): Record<string, unknown> {
  for (const [key, node] of entriesOf(ofConfig)) {
    if (!TLS_FIELDS.includes(key)) notes.add('left', 'target', node, `tls: ${key}`);
  }
  const fields = [...entriesOf(options)].filter(([key]) => TLS_FIELDS.includes(key));
  return Object.fromEntries(fields.map(([key, node]) => [key, plainOf(node)]));
}
