import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, 'clients/floor.c');
const COMPILERS = ['cc', 'gcc', 'clang'];

/** The compiled client in C, or why there is none. */
export type CompiledFloor = { readonly path: string } | { readonly problem: string };

/** Compiles the client in C into a temporary folder, which is removed when this process ends. */
export function compileFloor(): CompiledFloor {
  if (process.platform !== 'linux') return { problem: `epoll needs Linux, not ${process.platform}` };
  const compiler = COMPILERS.find((name) => spawnSync(name, ['--version']).status === 0);
  if (compiler === undefined) return { problem: `no C compiler on PATH (${COMPILERS.join(', ')})` };
  const folder = mkdtempSync(join(tmpdir(), 'sockbench-floor-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'floor');
  const { status, stderr } = spawnSync(compiler, ['-O2', '-o', path, SOURCE], { encoding: 'utf8' });
  return status === 0 ? { path } : { problem: `${compiler} failed: ${stderr.trim()}` };
}
