import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { findProcesses, NO_PROC } from '../support/proc.ts';
import { ANY_CPU, freePort, SHORT, startSockbench, temporaryFolder } from '../support/sockbench.ts';

skipWhenMissing(NO_PROC);

const SERVER = join(import.meta.dirname, '../support/plain-server.mjs');

const NAMES = /^(NODE_COMPILE_CACHE|SOCKBENCH_COMPILE_CACHE)=/;

/** Starts two runs of an own server in a temporary folder, whose server writes its environment to a file there. */
async function startRuns(folder: string, more: NodeJS.ProcessEnv = {}) {
  const { NODE_COMPILE_CACHE: _, ...inherited } = process.env;
  const port = await freePort();
  const seenByServer = join(folder, 'environment');
  const exec = `env > "${seenByServer}"; exec "${process.execPath}" "${SERVER}" ${port}`;
  const target = ['--target', `ws://127.0.0.1:${port}`, '--exec', exec];
  const load = [
    '--clients',
    '2',
    '--rate',
    '20/s',
    '--duration',
    '1s',
    '--repeat',
    '2',
    ...ANY_CPU,
    ...SHORT,
  ];
  const run = startSockbench(['run', 'ack-roundtrip', ...target, ...load, '--out', join(folder, 'out')], {
    env: { ...inherited, TMPDIR: folder, ...more },
  });
  const namedInServer = () => {
    const lines = readFileSync(seenByServer, 'utf8').split('\n');
    expect(lines.some((line) => line.startsWith('SOCKBENCH_PROBE='))).toBe(true);
    return lines.filter((line) => NAMES.test(line));
  };
  return { run, namedInServer };
}

/** The variables of the compile cache with which the first worker below a folder for temporary files was started. */
async function namedInWorker(folder: string): Promise<string[]> {
  for (;;) {
    const environments = findProcesses('generator/process').map(environmentOf);
    const found = environments.find((variables) => variables.includes(`TMPDIR=${folder}`));
    if (found !== undefined) return found.filter((each) => NAMES.test(each)).sort();
    await delay(20);
  }
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

describe('the compile cache', () => {
  test('is that of all own processes, and not of the server of --exec', async () => {
    const folder = temporaryFolder();
    const { run, namedInServer } = await startRuns(folder);
    const cache = join(folder, 'node-compile-cache');
    const worker = await namedInWorker(folder);
    const { code, stderr } = await run.ended;
    expect(stderr).not.toMatch(/cache/i);
    expect(code).not.toBe(1);
    expect(worker).toEqual([`NODE_COMPILE_CACHE=${cache}`, 'SOCKBENCH_COMPILE_CACHE=1']);
    expect(namedInServer()).toEqual([]);
    const [version = '', ...others] = readdirSync(cache);
    expect(others).toEqual([]);
    expect(readdirSync(join(cache, version)).length).toBeGreaterThan(5);
  });

  test('of the user is used everywhere', async () => {
    const folder = temporaryFolder();
    const chosen = join(folder, 'chosen');
    mkdirSync(chosen);
    const { run, namedInServer } = await startRuns(folder, { NODE_COMPILE_CACHE: chosen });
    expect((await run.ended).code).not.toBe(1);
    expect(namedInServer()).toEqual([`NODE_COMPILE_CACHE=${chosen}`]);
    expect(readdirSync(folder)).not.toContain('node-compile-cache');
  });

  test('is not used, without a message, where its folder cannot be made', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'node-compile-cache'), '');
    const { run, namedInServer } = await startRuns(folder);
    const { code, stdout, stderr } = await run.ended;
    expect(code).not.toBe(1);
    expect(stdout + stderr).not.toMatch(/cache/i);
    expect(namedInServer()).toEqual([]);
  });
});
