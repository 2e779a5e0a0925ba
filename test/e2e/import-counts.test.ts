import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CountingServer, countSocketio, countWebSocket } from '../support/counting-server.ts';
import { sockbench, startSockbench, storedResult, temporaryFolder, watch } from '../support/sockbench.ts';

const ROOT = join(import.meta.dirname, '../..');
const ARTILLERY = join(ROOT, 'scenarios/artillery');
const PROGRAM = join(ARTILLERY, 'node_modules/artillery/bin/run');
const SCRIPTS = join(ROOT, 'test/import/scripts');

const REASON = 'Artillery is not installed in scenarios/artillery';
const isInstalled = existsSync(PROGRAM);
if (!isInstalled) console.warn(`skipped: ${REASON}`);

/** Runs a script with Artillery and returns what its server has counted. */
async function countArtillery(script: string, open: () => Promise<CountingServer>) {
  const server = await open();
  try {
    const { pathname } = new URL(/target: "?([^"\s]+)/.exec(readFileSync(script, 'utf8'))?.[1] ?? '');
    const target = server.url + (pathname === '/' ? '' : pathname);
    const ended = await watch(
      spawn(process.execPath, [PROGRAM, 'run', script, '--target', target], {
        cwd: ARTILLERY,
        env: { ...process.env, ARTILLERY_DISABLE_TELEMETRY: '1', WORKERS: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ).ended;
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    // The last one is that of the summary.
    const created = [...ended.stdout.matchAll(/vusers\.created: \.+ (\d+)/g)].at(-1)?.[1];
    return { counts: server.counts(), created };
  } finally {
    await server.close();
  }
}

/** Imports a script, runs it with the command that the import names, and returns what its server has counted. */
async function countImport(script: string, open: () => Promise<CountingServer>) {
  const server = await open();
  try {
    const folder = temporaryFolder();
    for (const name of ['users.csv', '../users.csv']) {
      const from = join(dirname(script), name);
      if (existsSync(from)) copyFileSync(from, join(folder, 'users.csv'));
    }
    const text = readFileSync(script, 'utf8').replace('../users.csv', 'users.csv');
    const { host } = new URL(server.url);
    writeFileSync(join(folder, 'script.yml'), text.replaceAll('127.0.0.1:3000', host));
    const imported = await sockbench('import', join(folder, 'script.yml'), '--out', folder);
    expect(imported.code, imported.stderr).toBe(0);
    const command = /^ {2}sockbench (run .*)$/m.exec(imported.stdout)?.[1] ?? '';
    const out = temporaryFolder();
    const ended = await startSockbench([...command.split(' '), '--out', out], { cwd: folder }).ended;
    // So few users are too few for a valid run.
    expect(storedResult(out, ended).failed, ended.stdout).toEqual([]);
    return { counts: server.counts() };
  } finally {
    await server.close();
  }
}

describe.skipIf(!isInstalled)('a server counts the same', () => {
  it.concurrent.each([
    ['a script with namespaces, a CSV file and loops', join(SCRIPTS, 'lounge.yml'), countSocketio, 7],
    ['a script over WebSocket', join(SCRIPTS, 'feed.yml'), countWebSocket, 4],
    ['a script of artillery-engine-socketio-v3', join(SCRIPTS, 'rooms.yml'), countSocketio, 4],
    [
      'the acknowledgements of scenarios/artillery',
      join(ARTILLERY, 'socketio/ack-roundtrip.yml'),
      countSocketio,
      20,
    ],
  ])(
    'for %s, whether Artillery or sockbench runs it',
    async (_, script, open, users) => {
      const theirs = await countArtillery(script, open);
      expect(theirs.created).toBe(String(users));
      expect(await countImport(script, open)).toEqual({ counts: theirs.counts });
    },
    180_000,
  );
});
