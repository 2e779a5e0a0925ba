import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** Reads a file, by its path from the root of the repository. */
export function fileText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The shell lines below a heading of deploy/README.md: one text per code block, in order. */
export function linesBelow(heading: string): string[] {
  const [, section = ''] = fileText('deploy/README.md').split(`\n## ${heading}\n`);
  const own = section.split('\n## ', 1)[0] ?? '';
  const blocks = [...own.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);
  if (blocks.length === 0) throw new Error(`deploy/README.md has no lines below "${heading}"`);
  return blocks;
}

/** Writes an executable script of the shell. */
export function writeCommand(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** Writes the command `sockbench` of this checkout into the folder `bin` of `folder`. */
export function writeSockbench(folder: string): void {
  mkdirSync(join(folder, 'bin'));
  const entry = join(ROOT, 'bin/sockbench.js');
  writeCommand(join(folder, 'bin/sockbench'), `exec "${process.execPath}" "${entry}" "$@"`);
}

/** The results in a folder, in the order of their file names. */
export function resultsIn(folder: string): RunResult[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files
    .toSorted()
    .map((name) => runResultSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
}

/** What the shards of a run have in common with the unsharded run, whatever the latencies were. */
export function figuresOf(result: RunResult | undefined) {
  return { clients: result?.clients, sent: result?.rate?.sent, ledger: result?.ledger };
}
