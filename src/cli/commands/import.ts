import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type OptionTable, onOff, option } from '../../contract/options.ts';
import { EXIT, fail, messageOf } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import { commandToRun, type FileNames, type Imported, importScript } from '../../import/import-script.ts';
import { NOTE_WORDS, type Note, type NoteKind } from '../../import/notes.ts';
import { fileNameOf, makeFolder, writeAtomically } from '../../result/store.ts';
import { problemOfFile } from '../../user-files/user-file.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addOptions, type Flags, readFlags } from '../flags.ts';
import { addNotes } from '../help-notes.ts';

/** A hundred times the size of a usual script. */
const MAX_SCRIPT_BYTES = 128 * 1024;
const MAX_NOTE_CHARACTERS = 400;

const IMPORT_OPTIONS = {
  out: option('DIR', '.', 'folder of the two files'),
  environment: option('NAME', null, 'entry of config.environments to use'),
  force: option(null, 'false', 'overwrite existing files', onOff),
} as const satisfies OptionTable;

export const addImport: AddCommand = (program, cli, finish) => {
  const command = program
    .command('import')
    .description('turn an Artillery script into a target file and a scenario file')
    .argument('<script>', 'YAML or JSON file of the engine socketio, socketio-v3 or ws')
    .action(async (file: string, flags: Flags) => {
      const { out, environment, force } = readFlags(IMPORT_OPTIONS, flags);
      const names = namesOf(file, out);
      const imported = importScript(await readScriptText(file), names, {
        environment,
        readProcessor: (path) => readBeside(file, path),
      });
      const files = [
        [join(out, `${names.scenario}.target.ts`), imported.target, 'the server, and how users connect'],
        [join(out, `${names.scenario}.scenario.ts`), imported.scenario, 'what users do'],
      ] as const;
      if (!force) for (const [path] of files) requireAbsent(path);
      for (const [path, text, what] of files) {
        await write(path, text);
        cli.out(`wrote  ${foreign(path)}: ${what}\n`);
      }
      reportNotes(cli, imported, file);
      const folder = out === '.' ? '' : ` in ${foreign(out)}`;
      cli.out(`\nNext${folder}:\n  ${commandToRun(names)}\n`);
      finish(EXIT.passed);
    });
  addOptions(command, IMPORT_OPTIONS);
  addNotes(command, { examples: ['sockbench import chat.yml'] });
};

/** Names the files after the script: `My Chat.yml` gives `my-chat`. */
function namesOf(file: string, out: string): FileNames {
  const name = fileNameOf(basename(file).replace(/\.(?:ya?ml|json)$/i, ''));
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .replace(/-$/, '');
  return {
    script: foreign(basename(file)),
    scenario: words === '' ? 'imported' : words,
    scriptFolder: relative(resolve(out), dirname(resolve(file))),
  };
}

async function readScriptText(file: string): Promise<string> {
  const hint = 'Give the YAML or JSON file that artillery run takes.';
  if (/\.[cm]?[jt]s$/i.test(file)) {
    fail('BAD_SCRIPT', `${foreign(file)} is a program; only YAML and JSON can be imported`, hint);
  }
  if (!existsSync(file)) fail('NO_SUCH_FILE', `the file ${foreign(file)} does not exist`, hint);
  const problem = problemOfFile(file, MAX_SCRIPT_BYTES);
  if (problem !== null) fail('BAD_SCRIPT', `${foreign(file)} ${problem}`, hint);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    return fail('BAD_SCRIPT', `${foreign(file)} could not be read: ${messageOf(error)}`, hint);
  }
}

/** Reads a file that the script names; null when it cannot be read. */
function readBeside(file: string, path: string): string | null {
  const beside = resolve(dirname(file), path);
  try {
    return problemOfFile(beside, MAX_SCRIPT_BYTES) === null ? readFileSync(beside, 'utf8') : null;
  } catch {
    return null;
  }
}

function requireAbsent(path: string): void {
  if (!existsSync(path)) return;
  fail(
    'FILE_EXISTS',
    `${foreign(path)} exists`,
    'Add --force to overwrite it, or give another folder with --out.',
  );
}

async function write(path: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeAtomically(path, text);
  } catch (error) {
    fail(
      'IMPORT_UNWRITABLE',
      `${foreign(path)} could not be written: ${foreign(error)}`,
      'Give another folder with --out.',
    );
  }
}

function reportNotes(cli: Cli, { notes, csvPaths }: Imported, file: string): void {
  for (const path of csvPaths) {
    if (existsSync(resolve(dirname(file), path))) continue;
    cli.out(`missing  ${foreign(path)}: the scenario reads it\n`);
  }
  for (const [kind, words] of Object.entries(NOTE_WORDS) as Array<[NoteKind, string]>) {
    const own = notes.filter((note) => note.kind === kind);
    if (own.length > 0) cli.out(`\n${words.charAt(0).toUpperCase()}${words.slice(1)}:\n${linesOf(own)}`);
  }
}

function linesOf(notes: readonly Note[]): string {
  const width = Math.max(...notes.map(({ line }) => String(line).length));
  return notes
    .map(
      ({ line, text }) => `  line ${String(line).padStart(width)}  ${foreign(text, MAX_NOTE_CHARACTERS)}\n`,
    )
    .join('');
}
