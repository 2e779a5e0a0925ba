import assert from 'node:assert/strict';
import { once } from 'node:events';
import { globSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commitFiles, gitIn } from '../../support/git.ts';
import { BIN, faultyCommand, freePort, type Running } from '../../support/sockbench.ts';
import type { Arena, AttackCase } from '../attack.ts';

const FAULTY = join(import.meta.dirname, '../../support/faulty-server.ts');
const POLL_MS = 50;

const load = (arena: Arena, exec: string, port = arena.port) => [
  ...['broadcast-latency', '--target', `ws://127.0.0.1:${port}`, '--exec', exec, '--out', arena.out],
  ...['--clients', '3', '--rate', '50/s'],
];
const BRIEF = ['--warmup', '300ms', '--warmup-max', '300ms'];
const LONG = [...BRIEF, '--duration', '60s'];

/** A server that ignores SIGTERM, as do its children in sessions of their own, of which one has no environment. */
const STUBBORN = `import { spawn } from 'node:child_process';
process.on('SIGTERM', () => {});
const stay = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
for (const env of [process.env, {}]) spawn(process.execPath, ['-e', stay, 'FOLDER'], { detached: true, stdio: 'ignore', env });
await import('${FAULTY}');`;

function stubborn(arena: Arena, port = arena.port): string {
  const path = arena.file('stubborn.mjs', STUBBORN.replace('FOLDER', arena.folder));
  return `"${process.execPath}" "${path}" ${port} none`;
}

const node = (arena: Arena, name: string, text: string) =>
  `"${process.execPath}" "${arena.file(name, text)}" ${arena.port}`;

/** A server that accepts connections and never answers. */
const SILENT = "require('node:net').createServer(() => {}).listen(Number(process.argv[2]), '127.0.0.1');";

async function until(what: string, check: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!check()) {
    assert.ok(performance.now() < deadlineMs, `timed out: ${what}`);
    await sleep(POLL_MS);
  }
}

/** Waits until a process of the case runs whose command line contains all of `words`; returns its pid. */
async function processOf(arena: Arena, ...words: readonly string[]): Promise<number> {
  await until(`a process ${words.join(' ')}`, () => arena.pids(...words).length > 0);
  return arena.pids(...words)[0] ?? 0;
}

async function kill9({ child }: Running): Promise<void> {
  child.kill('SIGKILL');
  // Its pipes stay open while a generator process is stopped.
  await once(child, 'exit');
}

/** The coordinator of `run` is killed when a phase begins. */
function inPhase(phase: string, args: (arena: Arena) => readonly string[], inCi?: true): AttackCase {
  return {
    name: `kill -9: ${phase}`,
    expected: 'nothing is left',
    ...(inCi === true ? { inCi } : {}),
    attack: async (arena) => {
      const run = arena.start(['run', ...args(arena)]);
      await run.said(phase);
      await kill9(run);
    },
  };
}

const PHASES: readonly AttackCase[] = [
  inPhase('planning', (arena) => {
    const text =
      "console.error('planning'); await new Promise((end) => setTimeout(end, 20_000)); export default {}";
    return ['broadcast-latency', '--target', arena.file('slow.target.mjs', text)];
  }),
  inPhase('starting server', (arena) => load(arena, 'sleep 60')),
  inPhase('connecting', (arena) => load(arena, node(arena, 'silent.cjs', SILENT))),
  inPhase('warming up', (arena) => [
    ...load(arena, stubborn(arena)),
    '--warmup',
    '20s',
    '--warmup-max',
    '20s',
  ]),
  inPhase('measuring', (arena) => [...load(arena, stubborn(arena)), ...LONG], true),
  inPhase('draining', (arena) => [
    ...load(arena, faultyCommand(arena.port, 'mixed')),
    ...BRIEF,
    '--duration',
    '1s',
    '--drain',
    '20s',
  ]),
];

const WHOLE_GROUP: AttackCase = {
  name: 'kill -9: the whole process group, as a job that is too long is ended',
  expected: 'nothing is left',
  attack: async (arena) => {
    const run = arena.start(['run', ...load(arena, stubborn(arena)), ...LONG], { detached: true });
    await run.said('measuring');
    process.kill(-run.pid, 'SIGKILL');
    await run.ended;
  },
};

/** A repository of which every file is checked out slowly when `smudge` is given. */
function repository(arena: Arena, smudge = 'cat'): string {
  const folder = join(arena.folder, 'a "repository"');
  mkdirSync(folder);
  gitIn(folder, 'init', '--quiet', '--initial-branch=main');
  writeFileSync(join(folder, '.gitattributes'), '*.txt filter=slow\n');
  gitIn(folder, 'config', 'filter.slow.clean', 'cat');
  commitFiles(folder, { 'app.txt': 'one' });
  commitFiles(folder, { 'app.txt': 'two' });
  gitIn(folder, 'config', 'filter.slow.smudge', smudge);
  return folder;
}

const gateOf = (arena: Arena, ...flags: readonly string[]) => [
  ...['gate', ...load(arena, 'sleep 60'), '--base-ref', 'HEAD~1', ...flags],
];

const GATES: readonly AttackCase[] = [
  {
    name: 'kill -9: a gate that checks its base out',
    expected: 'nothing is left',
    attack: async (arena) => {
      const cwd = repository(arena, 'sleep 61; cat');
      const gate = arena.start(gateOf(arena), { cwd });
      await processOf(arena, 'sleep 61');
      await kill9(gate);
    },
  },
  {
    name: 'kill -9: a gate that installs its base, which makes files on',
    expected: 'nothing is left',
    attack: async (arena) => {
      const cwd = repository(arena);
      const install = "trap '' TERM; while mkdir -p a/b && date > a/b/c; do sleep 0.05; done";
      const gate = arena.start(gateOf(arena, '--base-install', install), { cwd });
      await until('an installed file', () => globSync(join(arena.tmp, '*/a/b/c')).length > 0);
      await kill9(gate);
    },
  },
  {
    name: 'kill -9: a comparison that measures',
    expected: 'nothing is left',
    attack: async (arena) => {
      const arms = ['--arm', 'ws', '--arm', 'socketio', '--clients', '3', '--out', arena.out, ...LONG];
      const compare = arena.start(['compare', 'broadcast-latency', ...arms]);
      await processOf(arena, 'generator/process');
      await kill9(compare);
    },
  },
  {
    name: 'kill -9: a comparison, while its run and a generator process are stopped',
    expected: 'nothing is left',
    attack: async (arena) => {
      const arms = ['--arm', 'ws', '--arm', 'socketio', '--clients', '3', '--out', arena.out, ...LONG];
      const compare = arena.start(['compare', 'broadcast-latency', ...arms]);
      process.kill(await processOf(arena, 'generator/process'), 'SIGSTOP');
      process.kill(await processOf(arena, 'cli/run-child'), 'SIGSTOP');
      await kill9(compare);
    },
  },
  {
    name: 'kill -9: the run process of a gate',
    expected: 'exit 1 or 3, named, nothing is left',
    attack: async (arena) => {
      const exec = stubborn(arena);
      const gate = arena.start(['gate', ...load(arena, exec), '--base-exec', exec, ...LONG]);
      await processOf(arena, 'generator/process');
      process.kill(await processOf(arena, 'cli/run-child'), 'SIGKILL');
      const { code, stdout, stderr } = await gate.ended;
      assert.ok(code === 1 || code === 3, `exit ${code}:\n${stderr}`);
      assert.match(stdout + stderr, /SIGKILL/);
    },
  },
];

/** Kills a run and its guardian, so that nothing ends what it had started. */
async function abandon(arena: Arena): Promise<void> {
  const run = arena.start(['run', ...load(arena, stubborn(arena)), ...LONG]);
  await run.said('measuring');
  process.kill(await processOf(arena, 'generator/process'), 'SIGSTOP');
  process.kill(await processOf(arena, 'while IFS= read -r line'), 'SIGKILL');
  await kill9(run);
}

const NEXT_STARTS: readonly AttackCase[] = [
  {
    name: 'the next start after kill -9 of everything that could end the server',
    expected: 'the run is measured, nothing is left',
    attack: async (arena) => {
      await abandon(arena);
      const args = [...load(arena, stubborn(arena)), ...BRIEF, '--duration', '1s'];
      const { stdout, stderr } = await arena.run(['run', ...args]);
      assert.match(stderr, /^removed what an earlier run had left: /);
      assert.match(stdout, /delivery/);
      assert.doesNotMatch(stdout, /PARTIAL/);
    },
  },
  {
    name: 'the next start beside a run that goes on',
    expected: 'the run keeps its processes and its socket',
    seconds: 120,
    attack: async (arena) => {
      const port = await freePort();
      const other = arena.start(['run', ...load(arena, faultyCommand(port, 'none'), port), ...LONG]);
      await other.said('measuring');
      const before = readdirSync(arena.tmp);
      await abandon(arena);
      await arena.run(['run', ...load(arena, 'exit 1'), ...BRIEF, '--duration', '1s']);
      assert.deepEqual(readdirSync(arena.tmp), before);
      assert.equal(arena.pids('stubborn.mjs').length, 0);
      other.child.kill('SIGINT');
      const { stdout } = await other.ended;
      assert.match(stdout, /PARTIAL, INVALID: stopped by the user/);
    },
  },
];

/** A run that npm starts, and a signal to npm alone. */
function throughNpm(signal: NodeJS.Signals, script: string): AttackCase {
  return {
    name: `npm run "${script === '' ? 'sockbench' : `${script}sockbench`}" ended by ${signal}`,
    expected: 'the run stops and is reported',
    attack: async (arena) => {
      const args = ['run', ...load(arena, stubborn(arena)), ...LONG];
      const command = [process.execPath, BIN, ...args].map((arg) => `'${arg}'`).join(' ');
      arena.file('package.json', JSON.stringify({ scripts: { load: `${script}${command}` } }));
      const npm = arena.start([], { shell: 'exec npm run load', env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
      await npm.said('measuring');
      npm.child.kill(signal);
      await until('the report', () => arena.pids('sockbench.js').length === 0);
      assert.equal(readdirSync(arena.out).filter((name) => name.endsWith('.json')).length, 1);
    },
  };
}

/** Starts a server in a session of its own without its environment, and stays itself. */
const DAEMON = (arena: Arena) =>
  `setsid -f env -i "${process.execPath}" "${FAULTY}" ${arena.port} none </dev/null >/dev/null 2>&1; exec sleep 60`;

const DAEMONS: readonly AttackCase[] = [
  {
    name: 'a server that leaves its session and its environment',
    expected: 'named by the run and by the next one',
    attack: async (arena) => {
      const args = ['run', ...load(arena, DAEMON(arena)), ...BRIEF, '--duration', '1s'];
      const first = await arena.run(args);
      const [, pid = ''] = /process (\d+) \(\S*node .*faulty-server\.ts/.exec(first.stdout) ?? [];
      const second = await arena.run(args);
      if (pid !== '') process.kill(Number(pid), 'SIGKILL');
      assert.match(first.stdout, /still listens at 127\.0\.0\.1:\d+ after the server was stopped/);
      assert.equal(second.code, 2);
      assert.match(second.stderr, new RegExp(`^error: process ${pid} \\(.* already listens at`, 'm'));
    },
  },
];

/** What kill -9 leaves. */
export const leftovers: readonly AttackCase[] = [
  ...PHASES,
  WHOLE_GROUP,
  ...GATES,
  ...NEXT_STARTS,
  throughNpm('SIGTERM', ''),
  throughNpm('SIGKILL', ''),
  throughNpm('SIGKILL', 'true && '),
  ...DAEMONS,
];
