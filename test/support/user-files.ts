import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './sockbench.ts';

/** Loads files of a user in a process of its own, and prints the outcomes. */
export const LOADER = join(import.meta.dirname, 'load-user-files.ts');

/** The outcome of loading a file; functions are shown as `[function]`. */
export interface Loaded {
  readonly value?: unknown;
  /** The SockbenchError that rejected it. */
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly exitCode: number;
  };
  /** Any other error: a bug. */
  readonly crash?: string;
}

/** Writes files into a new folder, by their path in it. */
export function writeFiles(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Loads files of a folder, named from there, in the order given. */
export async function loadFiles(
  kind: 'module' | 'target' | 'scenario' | 'config' | 'clients',
  folder: string,
  files: readonly string[],
): Promise<Loaded[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [LOADER, kind, ...files], { cwd: folder });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Loads one file with this text for each case, in one process; `beside` are files that lie beside them. */
export async function loadTexts(
  kind: 'module' | 'target' | 'scenario' | 'config' | 'clients',
  texts: readonly string[],
  beside: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Loaded[]> {
  const names = texts.map((_, index) => `file-${index}.ts`);
  const folder = writeFiles({
    ...beside,
    ...Object.fromEntries(names.map((name, index) => [name, texts[index] ?? ''])),
  });
  return await loadFiles(kind, folder, names);
}

/** The message of a file that does not fit; each problem is `field: text`, or only the text for the whole export. */
export function invalidMessage(file: string, kind: string, problems: readonly string[]): string {
  const lines = problems.map((problem) => {
    const [, field, text] = /^([\w.[\]"-]+): (.*)$/.exec(problem) ?? [];
    const isWhole = field === undefined || /^(Invalid|Unrecognized)/.test(problem);
    return isWhole ? `✖ ${problem}` : `✖ ${text}\n  → at ${field}`;
  });
  return `${file} is not a valid ${kind}\n${lines.join('\n')}`;
}
