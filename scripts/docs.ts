/**
 * Writes the reference tables of the documentation from the tables of the code. A table stands between
 * `<!-- table: NAME -->` and `<!-- end -->`. Draws the picture of docs/method.md, too. test/docs/tables.test.ts checks that
 * nothing is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { scenarios } from '../scenarios/index.ts';
import { servers } from '../servers/index.ts';
import { flagOf, meaningOf, type OptionTable, parseOptions } from '../src/contract/options.ts';
import { mappingNeeds } from '../src/generator/operations/index.ts';
import { SERIES } from '../src/measure/series.ts';
import { PLAN_OPTIONS } from '../src/plan/options.ts';
import { SCHEDULERS } from '../src/plan/shard-environment.ts';
import { PRESETS } from '../src/presets/index.ts';
import { DOCUMENT_KINDS } from '../src/report/index.ts';
import { FINDINGS } from '../src/result/findings.ts';
import { COUNTS, FIGURES } from '../src/result/metrics.ts';
import { UNIT_TEXTS } from '../src/stats/value.ts';
import type { TargetField } from '../src/user-files/mapping-fields.ts';
import { TARGET_FIELDS } from '../src/user-files/target-fields.ts';
import { commandTable, flagTables } from './flag-tables.ts';
import { intervalsPicture } from './intervals-picture.ts';
import { markdownTable, type TableRow } from './markdown.ts';
import { fieldsOfInterface } from './type-texts.ts';

/** Pages that hold tables, from the root of the repository. */
export const PAGES_WITH_TABLES = [
  'docs/measure.md',
  'docs/your-own-server.md',
  'docs/target.md',
  'docs/config.md',
  'docs/flags.md',
  'docs/servers.md',
  'docs/method.md',
  'docs/thresholds.md',
  'docs/findings.md',
  'docs/result.md',
  'docs/shards.md',
] as const;

const code = (text: string) => `\`${text}\``;
const codes = (words: readonly string[]) => words.map(code).join(', ');

function optionRows(table: OptionTable): TableRow[] {
  return Object.entries(table).map(([name, option]) => [
    code(option.value === null ? flagOf(name) : `${flagOf(name)} ${option.value}`),
    option.default === null || option.value === null ? '' : code(option.default),
    meaningOf(option),
  ]);
}

async function serverRows(): Promise<TableRow[]> {
  const loaded = await Promise.all(Object.values(servers).map(async (load) => (await load()).server));
  return loaded.map(({ name, summary, transports, settings }) => [
    code(name),
    summary,
    codes(transports),
    codes(settings.map(flagOf)),
  ]);
}

/** Groups rows that are equal but for the name, and appends their names. */
function rowsWithNames(named: ReadonlyArray<readonly [name: string, row: TableRow]>): TableRow[] {
  const groups = Map.groupBy(named, ([, row]) => JSON.stringify(row));
  return [...groups.values()].map((group) => [...(group[0]?.[1] ?? []), codes(group.map(([name]) => name))]);
}

function scenarioOptionRows(): TableRow[] {
  return rowsWithNames(
    scenarios.flatMap(({ name, options }) =>
      optionRows(options).map((row): [string, TableRow] => [name, row]),
    ),
  );
}

/** Fields of a target by the scenarios that need them with their default options. */
function needRows(): TableRow[] {
  const speech = { protocol: 'socketio', transport: 'upgrade' } as const;
  return rowsWithNames(
    scenarios.flatMap(({ name, options, layout }): Array<[string, TableRow]> => {
      const needs = mappingNeeds(layout(parseOptions(options, {}), 20, speech, null));
      // Steps need what they call, which only a run shows.
      return needs.length === 0 ? [] : [[name, [codes(needs)]]];
    }),
  );
}

/** Every format once, with what it holds of the first kind of document that has it. */
function formatRows(): TableRow[] {
  const all = DOCUMENT_KINDS.flatMap(({ noun, formats }) =>
    formats.map(({ name, summary }) => ({ name, summary, noun })),
  );
  return [...Map.groupBy(all, ({ name }) => name)].map(([name, group]) => [
    code(name),
    group[0]?.summary ?? '',
    group.map(({ noun }) => noun).join(', '),
  ]);
}

function remedyRows(): TableRow[] {
  return rowsWithNames(
    Object.entries(FINDINGS)
      .filter(([, { remedy }]) => remedy !== '')
      .map(([name, { remedy }]): [string, TableRow] => [name, [remedy]]),
  );
}

function schedulerRows(): TableRow[] {
  const variable = (name: string | null) => (name === null ? 'none' : code(name));
  return SCHEDULERS.map(({ scheduler, index, first, step, count, remark }) => [
    scheduler,
    variable(index) + (step === null ? '' : `, in steps of ${code(step)}`),
    typeof first === 'number' ? String(first) : code(first),
    variable(count),
    remark,
  ]);
}

/** The interfaces that hold the fields of a target, with their files. */
const TARGET_INTERFACES = [
  ['src/user-files/target-definition.ts', 'TargetDefinition'],
  ['src/contract/hooks.ts', 'ClientHooks'],
  ['src/contract/mapping.ts', 'Mapping'],
] as const;

/** The interfaces that the types of these fields name. */
const TARGET_TYPES = [
  ['src/contract/target.ts', 'Client'],
  ['src/contract/target.ts', 'ClientConnection'],
  ['src/contract/target.ts', 'FrameCodec'],
  ['src/contract/target.ts', 'DecodedEvent'],
  ['src/contract/target.ts', 'TlsOptions'],
  ['src/contract/mapping.ts', 'OutgoingEvent'],
  ['src/contract/mapping.ts', 'ReplyEvent'],
  ['src/contract/mapping.ts', 'OutgoingRequest'],
  ['src/contract/mapping.ts', 'IncomingEvent'],
  ['src/contract/mapping.ts', 'RefusalEvent'],
] as const;

/** Every field of a target with its type, in the order of the table of fields. Throws for one without a type. */
function targetFieldRows(): TableRow[] {
  const typed = new Map(
    TARGET_INTERFACES.flatMap(([path, name]) => fieldsOfInterface(path, name)).map((field) => [
      field.name,
      field,
    ]),
  );
  const rows: ReadonlyArray<readonly [string, TargetField]> = Object.entries(TARGET_FIELDS);
  return rows.map(([name, field]) => {
    const found = typed.get(name);
    if (found === undefined) throw new Error(`no interface of a target has the field ${name}`);
    const fallback = field.default ?? (found.isOptional ? '' : 'required');
    return [code(name), field.about, code(found.type), fallback, field.called ?? ''];
  });
}

function targetTypeRows(): TableRow[] {
  return TARGET_TYPES.flatMap(([path, name]) =>
    fieldsOfInterface(path, name).map(({ name: field, isOptional, type, comment }) => [
      code(name),
      code(`${field}${isOptional ? '?' : ''}`),
      code(type),
      comment,
    ]),
  );
}

/** Every table, by the name in its marker. */
const DOC_TABLES: Readonly<Record<string, () => string | Promise<string>>> = {
  commands: commandTable,
  flags: flagTables,
  scenarios: () =>
    markdownTable(
      ['scenario', 'what happens', 'headline'],
      scenarios.map(({ name, summary, headline }) => [code(name), summary, code(headline)]),
    ),
  needs: () => markdownTable(['fields', 'scenarios'], needRows()),
  'target fields': () =>
    markdownTable(['field', 'what it is', 'type', 'default', 'called'], targetFieldRows()),
  'target types': () => markdownTable(['type', 'field', 'its type', 'meaning'], targetTypeRows()),
  'scenario options': () =>
    markdownTable(['option', 'default', 'meaning', 'scenarios'], scenarioOptionRows()),
  options: () => markdownTable(['option', 'default', 'meaning'], optionRows(PLAN_OPTIONS)),
  servers: async () => markdownTable(['server', 'what it is', 'transports', 'settings'], await serverRows()),
  series: () =>
    markdownTable(
      ['series', 'one value is'],
      SERIES.map(({ name, meaning }) => [code(name), meaning]),
    ),
  metrics: () =>
    markdownTable(
      ['metric', 'meaning', 'limit'],
      Object.entries({ ...COUNTS, ...FIGURES }).map(([name, { meaning, unit }]) => [
        code(name),
        meaning,
        UNIT_TEXTS[unit].example,
      ]),
    ),
  findings: () =>
    markdownTable(
      ['code', 'fault', 'effect', 'meaning'],
      Object.entries(FINDINGS).map(([name, { fault, invalidates, meaning }]) => [
        code(name),
        fault,
        invalidates ? 'INVALID' : 'note',
        meaning,
      ]),
    ),
  presets: () =>
    markdownTable(
      ['`protocol`', 'what it speaks', '`auth`'],
      Object.entries(PRESETS).map(([name, { summary, auth }]) => [code(name), summary, auth ?? '']),
    ),
  remedies: () => markdownTable(['what to do', 'findings'], remedyRows()),
  formats: () => markdownTable(['format', 'holds', 'documents'], formatRows()),
  schedulers: () =>
    markdownTable(['scheduler', 'index', 'first index', 'number of shards', ''], schedulerRows()),
};

const MARKED = /<!-- table: ([a-z ]+) -->\n.*?<!-- end -->/gs;

/** Returns the page with all its tables rendered again. Throws for a marker that names no table. */
export async function withCurrentTables(page: string): Promise<string> {
  const names = [...page.matchAll(MARKED)].map(([, name = '']) => name);
  const rendered = new Map<string, string>();
  for (const name of names) {
    const render = DOC_TABLES[name];
    if (render === undefined) throw new Error(`no table is called "${name}"`);
    rendered.set(name, await render());
  }
  return page.replaceAll(
    MARKED,
    (_, name: string) => `<!-- table: ${name} -->\n\n${rendered.get(name)}\n\n<!-- end -->`,
  );
}

/** Names of all tables. */
export const DOC_TABLE_NAMES: readonly string[] = Object.keys(DOC_TABLES);

if (import.meta.main) {
  for (const path of PAGES_WITH_TABLES) {
    const url = new URL(`../${path}`, import.meta.url);
    writeFileSync(url, await withCurrentTables(readFileSync(url, 'utf8')));
  }
  writeFileSync(new URL('../docs/intervals.svg', import.meta.url), intervalsPicture());
}
