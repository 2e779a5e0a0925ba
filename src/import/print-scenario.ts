import { posix } from 'node:path';
import { type Code, callCode, commentCode, keyCode, layOut, listCode, literal, objectCode } from './code.ts';
import { drainSeconds, objectVariables } from './flow-facts.ts';
import { helperSources } from './helpers.ts';
import type { Flow, ImportedScript, PayloadFile } from './model.ts';
import { noteText } from './notes.ts';
import { StepPrinter } from './print-steps.ts';
import { ValueWriter } from './templates.ts';

/** The names of the files of an import. */
export interface FileNames {
  /** The script, as comments name it. */
  readonly script: string;
  /** The name of the scenario, and the beginning of both file names. */
  readonly scenario: string;
  /** The folder of the script, relative to that of the files. */
  readonly scriptFolder: string;
}

/** The command that runs an import. */
export function commandToRun({ scenario }: FileNames): string {
  return `sockbench run ./${scenario}.scenario.ts --target ./${scenario}.target.ts`;
}

/** Writes the scenario file of a script. */
export function printScenario(script: ImportedScript, names: FileNames): string {
  const { flows, maxUsers } = script;
  const writer = new ValueWriter(script.constants, objectVariables(script));
  const series = new Map<string, string>();
  const printer = new StepPrinter(script, writer, series);
  const isInline = flows.length === 1 && maxUsers === null;
  const bodies = flows.map(({ steps }) => printer.print(steps, isInline ? 4 : 2));
  const rows = script.payloads.map((payload, index) => rowsCode(payload, index, names));
  const variables = writer.readsVars ? variablesCode(script, writer) : null;
  const needs: Needs = {
    equal: writer.imports.has('isDeepStrictEqual'),
    args: writer.imports.has('Arguments'),
    rows: variables !== null && rows.length > 0,
    uuid: variables !== null && writer.read.has('$uuid'),
    user: !isInline,
  };
  const blocks = [
    `${headerCode(script, names)}\n${importsCode(needs)}`,
    ...(needs.rows ? [rows.join('\n')] : []),
    ...(maxUsers === null
      ? []
      : [
          `/** Artillery's maxVusers: how many users there may be at a time. */\nconst MAX_USERS = ${maxUsers};\nlet users = 0;`,
        ]),
    definitionCode(script, names, series, stepsCode(script, bodies, variables)),
    ...(isInline
      ? []
      : flows.map((flow, index) => flowCode(flow, index, bodies[index] ?? [], writer.readsVars))),
    ...helperSources(writer.helpers),
  ];
  return `${blocks.join('\n\n')}\n`;
}

interface Needs {
  readonly equal: boolean;
  readonly args: boolean;
  readonly rows: boolean;
  readonly uuid: boolean;
  readonly user: boolean;
}

function headerCode({ engine, notes }: ImportedScript, names: FileNames): string {
  const said = notes.filter(({ place }) => place === 'scenario');
  return [
    '/**',
    ...commentCode(`The users of ${names.script}, an Artillery script for the engine ${engine}.`, 0, ' * '),
    ' *',
    ` *     ${commandToRun(names)}`,
    ' *',
    ' * One iteration is one virtual user of Artillery: it connects, does its steps once and leaves. Users arrive on the',
    ' * schedule of --rate and do not wait for the server. Every time counts from when a step was due.',
    ...(said.length === 0 ? [] : [' *']),
    ...said.flatMap((note) => commentCode(noteText(note), 0, ' * ')),
    ' */',
  ].join('\n');
}

function importsCode({ equal, args, rows, uuid, user }: Needs): string {
  const imported = [
    'aloneEach',
    ...(args ? ['Arguments'] : []),
    ...(rows ? ['csvRows'] : []),
    'defineScenario',
    ...(user ? ['type User'] : []),
  ];
  return [
    ...(uuid ? ["import { randomUUID } from 'node:crypto';"] : []),
    ...(rows ? ["import { join } from 'node:path';"] : []),
    ...(equal ? ["import { isDeepStrictEqual } from 'node:util';"] : []),
    `import { ${imported.join(', ')} } from 'sockbench';`,
  ].join('\n');
}

function rowsName(index: number): string {
  return index === 0 ? 'rows' : `rows${index + 1}`;
}

function rowsCode(payload: PayloadFile, index: number, { scriptFolder }: FileNames): string {
  const { path, fields, delimiter, skipHeader, cast } = payload;
  const options: Array<readonly [string, Code]> = [['fields', listCode(fields.map(literal))]];
  if (delimiter !== ',') options.push(['delimiter', literal(delimiter)]);
  if (skipHeader) options.push(['skipHeader', 'true']);
  if (!cast) options.push(['cast', 'false']);
  const isAbsolute = path.startsWith('/');
  const file = isAbsolute
    ? literal(path)
    : `join(import.meta.dirname, ${literal(posix.join(scriptFolder, path))})`;
  return layOut(`const ${rowsName(index)} = `, callCode('csvRows', file, objectCode(options)), ';', 0);
}

/** Writes the variables of one user. */
function variablesCode({ payloads, variables }: ImportedScript, writer: ValueWriter): Code {
  const entries: Array<readonly [string, Code]> = [];
  for (const [index, { order, all }] of payloads.entries()) {
    const rows = rowsName(index);
    if (all !== null) entries.push([keyCode(all), rows]);
    else if (order === 'sequence') entries.push(['...', `${rows}[user.arrival % ${rows}.length]`]);
    else {
      writer.helpers.add('pick');
      entries.push(['...', `pick(${rows})`]);
    }
  }
  for (const [name, value] of variables) {
    if (Array.isArray(value)) {
      writer.helpers.add('pick');
      entries.push([keyCode(name), callCode('pick', writer.value(value))]);
    } else {
      entries.push([keyCode(name), writer.value(value)]);
    }
  }
  if (writer.read.has('$uuid')) entries.push(['$uuid', 'randomUUID()']);
  return objectCode(entries);
}

function definitionCode(
  script: ImportedScript,
  names: FileNames,
  series: ReadonlyMap<string, string>,
  steps: readonly string[],
): string {
  const summary = `users of ${names.script}, imported from Artillery`;
  return [
    'export default defineScenario({',
    `  name: ${literal(names.scenario)},`,
    `  summary: ${literal(summary)},`,
    "  headline: 'iteration',",
    "  connections: 'iterations',",
    layOut('series: ', objectCode([...series].map(([name, meaning]) => [name, literal(meaning)])), ',', 2),
    '  options: {},',
    '  // Artillery has no warm-up. With one, the server counts its users too.',
    layOut('defaults: ', defaultsCode(script), ',', 2),
    "  layout: (_options, clients) => aloneEach(clients, { kind: 'steps' }),",
    ...steps,
    '});',
  ].join('\n');
}

function defaultsCode({ rate, isPoisson, timeoutMs, flows }: ImportedScript): Code {
  const defaults: Array<readonly [string, string]> = [
    ['clients', '1'],
    ['rate', rate],
    ['warmup', '0s'],
    ['warmupMax', '0s'],
    ['drain', `${drainSeconds(flows, timeoutMs)}s`],
  ];
  if (isPoisson) defaults.push(['arrival', 'poisson']);
  if (timeoutMs !== 10_000) defaults.push(['connectTimeout', `${timeoutMs / 1000}s`]);
  return objectCode(defaults.map(([key, value]) => [key, literal(value)]));
}

/** Writes `steps`: the body of the only flow, or a choice among several. */
function stepsCode(
  { flows, maxUsers }: ImportedScript,
  bodies: readonly string[][],
  variables: Code | null,
): string[] {
  const lines = ['  async steps(user) {'];
  const [only = []] = bodies;
  const vars =
    variables === null ? [] : [layOut('const vars: Record<string, unknown> = ', variables, ';', 4)];
  if (flows.length === 1 && maxUsers === null) return [...lines, ...vars, ...only, '  },'];
  const args = variables === null ? '(user)' : '(user, vars)';
  const choice = choiceCode(flows, args, maxUsers === null ? 4 : 6);
  if (maxUsers === null) return [...lines, ...vars, ...choice, '  },'];
  return [
    ...lines,
    "    if (users >= MAX_USERS) throw new Error('skipped: as many users as maxVusers allows');",
    ...vars,
    '    users += 1;',
    '    try {',
    ...choice,
    '    } finally {',
    '      users -= 1;',
    '    }',
    '  },',
  ];
}

/** Users take the flows in turn, by weight. Artillery chooses at random with the same shares. */
function choiceCode(flows: readonly Flow[], args: string, indent: number): string[] {
  const space = ' '.repeat(indent);
  if (flows.length === 1) return [`${space}await flow1${args};`];
  const weights = flows.map(({ weight }) => Math.max(1, weight));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let below = 0;
  const branches = flows.map((_, index) => {
    below += weights[index] ?? 0;
    const isLast = index === flows.length - 1;
    const start = index === 0 ? `if (turn < ${below})` : isLast ? 'else' : `else if (turn < ${below})`;
    return `${space}${start} await flow${index + 1}${args};`;
  });
  return [
    ...commentCode('Flows take turns by their weights; Artillery chooses among them at random.', indent),
    `${space}const turn = user.arrival % ${total};`,
    ...branches,
  ];
}

function flowCode({ name, line }: Flow, index: number, body: readonly string[], hasVars: boolean): string {
  const params = hasVars ? 'user: User, vars: Record<string, unknown>' : 'user: User';
  return [
    ...commentCode(`Line ${line}: ${name}`, 0),
    `async function flow${index + 1}(${params}): Promise<void> {`,
    ...body,
    '}',
  ].join('\n');
}
