import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { findProgram } from '../../servers/availability.ts';
import type { ProcessTelemetry, RunResult } from '../../src/result/run-result.ts';
import { skipWhenMissing } from '../support/need.ts';
import { findProcesses, NO_PROC } from '../support/proc.ts';
import {
  ANY_CPU,
  type Ended,
  freePort,
  runScenario,
  sockbench,
  temporaryFolder,
} from '../support/sockbench.ts';

skipWhenMissing(NO_PROC);

const SERVER = join(import.meta.dirname, '../support/plain-server.mjs');
const NODE = process.execPath;

/** Starts a program with no other environment, so that no probe loads. */
const BARE = `env -i PATH="${process.env['PATH']}"`;

/** A folder whose package starts the server by `npm start`. */
function packageOf(start: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { start } }));
  return folder;
}

/** 200 requests in two seconds, in which every process reports a sample even on a busy machine. */
const LOAD = [
  '--clients',
  '6',
  '--rate',
  '100/s',
  '--duration',
  '2s',
  '--warmup',
  '0s',
  '--warmup-max',
  '0s',
  ...ANY_CPU,
];

/** A short run of requests against what `commandOf` starts on a free port. */
async function runExec(
  commandOf: (port: number) => string,
): Promise<Ended & { result: RunResult; port: number }> {
  const port = await freePort();
  const target = ['--target', `ws://127.0.0.1:${port}`, '--exec', commandOf(port)];
  return { port, ...(await runScenario('ack-roundtrip', ...target, ...LOAD)) };
}

const NO_REQUIRED_MODULES = '--no-experimental-require-module';

function expectNothingLeft(port: number): void {
  expect(findProcesses(SERVER, String(port))).toEqual([]);
}

function sourcesOf({ telemetry }: RunResult): Array<Pick<ProcessTelemetry, 'role' | 'source'>> {
  return telemetry.servers.map(({ role, source }) => ({ role, source }));
}

/** Whether each process has reported the buffers of connections that it accepted. */
function acceptedOf({ telemetry }: RunResult): boolean[] {
  return telemetry.servers.map(({ samples }) => samples.some(({ bufferedBytes }) => bufferedBytes !== null));
}

function expectAllDelivered({ ledger }: RunResult): void {
  expect(ledger).toMatchObject({ expected: 200, delivered: 200, lost: 0 });
}

/** Checks that telemetry has all that /proc reports, and nothing else. */
function expectReadFromProc(result: RunResult): void {
  expectAllDelivered(result);
  expect(sourcesOf(result)).toEqual([{ role: 'server', source: 'proc' }]);
  expect(result.notes.map(({ code }) => code)).toContain('not_probed');
  const samples = result.telemetry.servers[0]?.samples ?? [];
  const measured = samples.filter(({ atMs }) => atMs > 0);
  expect(measured.length).toBeGreaterThanOrEqual(2);
  expect(samples.reduce((sum, { cpuMs }) => sum + cpuMs, 0)).toBeGreaterThan(0);
  for (const {
    rssBytes,
    loopUtilization,
    loopDelayMaxNs,
    gcCount,
    heapUsedBytes,
    bufferedBytes,
  } of samples) {
    expect(rssBytes).toBeGreaterThan(1024 ** 2);
    expect([loopUtilization, loopDelayMaxNs, gcCount, heapUsedBytes, bufferedBytes]).toEqual(
      Array(5).fill(null),
    );
  }
}

describe('the telemetry of a server started by --exec', () => {
  test('is that of the process that serves, behind npm and shells', async () => {
    const { result, port } = await runExec((port) => {
      return `cd "${packageOf(`node "${SERVER}" ${port}`)}" && npm start; true`;
    });
    expectAllDelivered(result);
    expect(sourcesOf(result)).toEqual([{ role: 'server', source: 'probe' }]);
    expect(acceptedOf(result)).toEqual([true]);
    expectNothingLeft(port);
  });

  test('is that of every process of a cluster whose workers receive their connections over IPC', async () => {
    const { result, stdout, port } = await runExec((port) => {
      return `cd "${packageOf(`node "${SERVER}" ${port} cluster`)}" && npm start`;
    });
    expectAllDelivered(result);
    const roles = ['server 1', 'server 2', 'server 3'];
    expect(sourcesOf(result)).toEqual(roles.map((role) => ({ role, source: 'probe' })));
    expect(new Set(result.telemetry.servers.map(({ pid }) => pid)).size).toBe(3);
    // The workers accepted none. The primary hands a connection over as soon as it has accepted it, and buffers nothing.
    expect(acceptedOf(result).slice(1)).toEqual([false, false]);
    const buffered = result.telemetry.servers[0]?.samples.map(({ bufferedBytes }) => bufferedBytes ?? 0);
    expect(new Set(buffered)).toEqual(new Set([0]));
    for (const role of roles) expect(stdout).toMatch(new RegExp(`^${role} +\\d`, 'm'));
    expectNothingLeft(port);
  });

  test('is that of every process of a cluster whose workers accept connections themselves', async () => {
    const { result } = await runExec((port) => `"${NODE}" "${SERVER}" ${port} shared`);
    expectAllDelivered(result);
    expect(sourcesOf(result)).toHaveLength(3);
    expect(acceptedOf(result)).toEqual([false, true, true]);
  });

  test('is read from /proc for a server that loads no probe', async () => {
    const { result, stdout } = await runExec((port) => `${BARE} "${NODE}" "${SERVER}" ${port}`);
    expectReadFromProc(result);
    expect(stdout).toMatch(/no probe reported from the server/);
  });

  test('is read from /proc for one behind npm, which loads the probe but does not serve', async () => {
    const { result } = await runExec((port) => {
      const folder = packageOf(`${BARE} "${NODE}" "${SERVER}" ${port}`);
      return `cd "${folder}" && npm start`;
    });
    expectReadFromProc(result);
  });

  test('is read from /proc for a Node.js that cannot load the probe', async () => {
    // Older versions of Node.js support neither TypeScript nor require of ES modules.
    const older = `--no-experimental-strip-types ${NO_REQUIRED_MODULES}`;
    const { result } = await runExec((port) => `"${NODE}" ${older} "${SERVER}" ${port}`);
    expectReadFromProc(result);
  });

  // Where there is none, the test before covers it. CI skips no test.
  const old = findOldNode();
  if (old === null) console.warn('left out: an older Node.js, because there is none on PATH');
  else {
    test('is read from /proc for an older Node.js itself', async () => {
      // Its last versions can require the compiled probe.
      const hasFlag = `process.allowedNodeEnvironmentFlags.has('${NO_REQUIRED_MODULES}')`;
      const isLast = execFileSync(old, ['-p', hasFlag], { encoding: 'utf8' }).trim() === 'true';
      const flags = isLast ? NO_REQUIRED_MODULES : '';
      const { result } = await runExec((port) => `"${old}" ${flags} "${SERVER}" ${port}`);
      expectReadFromProc(result);
    });
  }

  test('is read from /proc for Bun', async (ctx) => {
    skipWithoutBun(ctx);
    const { result } = await runExec((port) => `bun "${SERVER}" ${port}`);
    expectReadFromProc(result);
  });
});

describe('the telemetry of a reference server', () => {
  test('is that of each of its processes', async () => {
    const processes = ['--target', 'socketio-cluster', '--processes', '3'];
    const { result } = await runScenario('ack-roundtrip', ...processes, ...LOAD);
    expectAllDelivered(result);
    const roles = ['server 1', 'server 2', 'server 3', 'server 4'];
    expect(sourcesOf(result)).toEqual(roles.map((role) => ({ role, source: 'probe' })));
  });

  test('is read from /proc for one on Bun', async (ctx) => {
    skipWithoutBun(ctx);
    const { result } = await runScenario('ack-roundtrip', '--target', 'bun-ws', ...LOAD);
    expectReadFromProc(result);
  });

  test('includes the processes without a probe', async (ctx) => {
    if (findProgram('redis-server') === null) {
      console.warn('skipped: no redis-server on PATH (Debian: redis-server)');
      ctx.skip('no redis-server on PATH');
    }
    const { result } = await runScenario('ack-roundtrip', '--target', 'socketio-redis', ...LOAD);
    expectAllDelivered(result);
    expect(sourcesOf(result)).toEqual([
      ...['server 1', 'server 2', 'server 3'].map((role) => ({ role, source: 'probe' })),
      { role: 'server, not probed', source: 'proc' },
    ]);
    expect(result.notes.map(({ code }) => code)).not.toContain('not_probed');
  });
});

/** Until its install script has run, the program of the package bun only prints an error. */
function skipWithoutBun(ctx: TestContext): void {
  try {
    execFileSync('bun', ['--version'], { stdio: 'ignore' });
  } catch {
    console.warn('skipped: bun cannot be started');
    ctx.skip('bun cannot be started');
  }
}

function findOldNode(): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      const path = join(folder, 'node');
      const version = execFileSync(path, ['--version'], { encoding: 'utf8' });
      const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
      if (major < 22 || (major === 22 && minor < 18)) return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

describe('a command that fails', () => {
  async function refusedExec(port: number, command: string, ...more: string[]): Promise<Ended> {
    const ended = await sockbench(
      ...['run', 'ack-roundtrip', '--target', `ws://127.0.0.1:${port}`, '--exec', command, ...more],
      ...['--out', temporaryFolder()],
    );
    expect(ended.code).toBe(2);
    return ended;
  }

  test('after much output is reported with the end of it', async () => {
    const program = 'for (let i = 1; i <= 100000; i++) console.log("line", i); process.exitCode = 3';
    const { stderr } = await refusedExec(await freePort(), `"${NODE}" -e '${program}'`);
    expect(stderr).toMatch(/ended with exit code 3 before it listened/);
    expect(stderr).toMatch(/\n {2}line 99977\n(.*\n)* {2}line 100000\n/);
    expect(stderr).not.toMatch(/line 99976/);
  });

  test('to listen is stopped, and reported with its output on both streams', async () => {
    const port = await freePort();
    const command = `echo "no luck with ${port}"; echo "at all" >&2; exec "${NODE}" "${SERVER}" ${port} child`;
    const { stderr } = await refusedExec(port, command, '--connect-timeout', '1s');
    expect(stderr).toMatch(/does not listen at \S+ after 1s; its last lines:/);
    expect(stderr).toMatch(new RegExp(`no luck with ${port}`));
    expect(stderr).toMatch(/at all/);
    expectNothingLeft(port);
  });

  test.each([
    ['a shell', (port: number) => `"${NODE}" "${SERVER}" ${port} &`],
    [
      'a program that puts it into a session of its own',
      (port: number) => {
        const options = "{ detached: true, stdio: 'ignore' }";
        const args = `process.execPath, ['${SERVER}', '${port}'], ${options}`;
        return `"${NODE}" -e "require('node:child_process').spawn(${args}).unref()"`;
      },
    ],
  ])('because its server was put into the background by %s leaves none behind', async (_, commandOf) => {
    const port = await freePort();
    const { stderr } = await refusedExec(port, commandOf(port));
    expect(stderr).toMatch(/ended with exit code 0 before it listened/);
    expect(stderr).toMatch(/must stay in the foreground/);
    expectNothingLeft(port);
  });
});

test('a server is stopped with all its children, those that ignore SIGTERM and those in another session too', async () => {
  const { result, port } = await runExec((port) => {
    return `cd "${packageOf(`node "${SERVER}" ${port} stubborn`)}" && npm start`;
  });
  expectAllDelivered(result);
  expectNothingLeft(port);
});
