import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ended, faultyCommand } from '../../support/sockbench.ts';
import type { Arena, AttackCase } from '../attack.ts';

const SHORT = ['--clients', '3', '--rate', '50/s', '--duration', '1s', '--warmup', '200ms'];

/** One sentence with this in it, and exit code 2. */
function assertRefused({ code, stdout, stderr }: Ended, message: RegExp): void {
  assert.equal(code, 2, stdout + stderr);
  assert.match(stderr, message);
}

/** Files that have no end, or whose reader waits for a writer. */
const ENDLESS = ['a named pipe', 'a device without an end', 'a folder', 'a link to a named pipe'] as const;

function endlessFile(arena: Arena, what: (typeof ENDLESS)[number]): string {
  const path = join(arena.folder, 'file.ts');
  if (what === 'a folder') return arena.folder;
  if (what === 'a device without an end') return '/dev/zero';
  const pipe = what === 'a named pipe' ? path : join(arena.folder, 'pipe');
  spawnSync('mkfifo', [pipe]);
  if (pipe !== path) symlinkSync(pipe, path);
  return path;
}

/** Every place where a command line names a file that is read. */
const READ_BY: Readonly<Record<string, (arena: Arena, path: string) => readonly string[]>> = {
  report: (_arena, path) => ['report', path],
  '--config': (_arena, path) => ['run', 'broadcast-latency', '--target', 'ws', '--config', path],
  '--baseline': ({ port }, path) => [
    ...['gate', 'broadcast-latency', '--target', `ws://127.0.0.1:${port}`, '--exec', 'sleep 60'],
    ...['--baseline', path],
  ],
  // A file is told from a name by its slash.
  '--target': (_arena, path) => ['run', 'broadcast-latency', '--target', path],
  'a scenario': (_arena, path) => ['run', path, '--target', 'ws'],
  'clients of a target': (arena, path) => {
    const text = `export default { url: 'ws://127.0.0.1:1', clients: ${JSON.stringify(path)} };`;
    return ['run', 'broadcast-latency', '--target', arena.file('target.mjs', text)];
  },
};

const FILES: readonly AttackCase[] = Object.entries(READ_BY).map(([place, args]) => ({
  name: `${place}: a pipe, a device, a folder`,
  expected: 'exit 2, one sentence, at once',
  seconds: 60,
  ...(place === 'report' ? { inCi: true as const } : {}),
  attack: async (arena) => {
    for (const what of ENDLESS) {
      const path = endlessFile(arena, what);
      assertRefused(await arena.run(args(arena, path)), /is (a folder|not a regular file)|holds no result/);
      if (path.startsWith(join(arena.folder, 'file'))) spawnSync('rm', ['-f', path]);
    }
  },
}));

const LOOPS: Readonly<Record<string, (arena: Arena) => readonly string[]>> = {
  'a target file': (arena) => [
    ...['run', 'broadcast-latency', '--target', arena.file('loop.mjs', 'for (;;); export default {};')],
  ],
  'a config file': (arena) => [
    ...['run', 'broadcast-latency', '--target', 'ws'],
    ...['--config', arena.file('loop.mjs', 'await 1; for (;;); export default {};')],
  ],
  'the layout of a scenario': (arena) => {
    const text = `export default { name: 'a', summary: '', headline: 'delivery', options: {}, layout() { for (;;); } };`;
    return ['run', arena.file('loop.mjs', text), '--target', 'ws'];
  },
  'a function of a target': (arena) => {
    const text = `export default { url: 'ws://127.0.0.1:1', delivery: { event: 'm' }, publish() { for (;;); } };`;
    return ['run', 'broadcast-latency', '--target', arena.file('loop.mjs', text)];
  },
};

const ENDLESS_LOOPS: readonly AttackCase[] = Object.entries(LOOPS).flatMap(([place, args]) => [
  {
    name: `an endless loop in ${place}`,
    expected: 'exit 2 after 10 s, the file is named',
    seconds: 40,
    attack: async (arena) => {
      assertRefused(await arena.run(args(arena)), /loop\.mjs.* (was not loaded|did not return) within 10s/);
    },
  },
  {
    name: `SIGTERM in an endless loop in ${place}`,
    expected: 'it ends by the signal, at once',
    attack: async (arena) => {
      const looping = arena.start(args(arena));
      await sleep(1500);
      looping.child.kill('SIGTERM');
      const startMs = performance.now();
      const { signal } = await looping.ended;
      assert.equal(signal, 'SIGTERM');
      assert.ok(performance.now() - startMs < 2000);
    },
  },
]);

/** A process that listens and accepts nothing, with a full queue of connections. Prints a line when it is full. */
const FULL_BACKLOG = `
import { createServer, connect } from 'node:net';
const port = Number(process.argv[2]);
const server = createServer().listen({ port, host: '127.0.0.1', backlog: 1 }, () => {
  process.stdout.write('full\\n', () => {});
  for (let i = 0; i < 8; i++) connect(port, '127.0.0.1').on('error', () => {});
  setTimeout(() => { for (;;); }, 0);
});`;

async function withFullBacklog(arena: Arena, attack: () => Promise<void>): Promise<void> {
  const path = arena.file('full.mjs', FULL_BACKLOG);
  const full = spawn(process.execPath, [path, String(arena.port)], {
    env: arena.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(full.stdout, 'data');
    await sleep(200);
    await attack();
  } finally {
    full.kill('SIGKILL');
    await once(full, 'close');
  }
}

const exec = ({ port, out }: Arena, command: string) => [
  ...['run', 'broadcast-latency', '--target', `ws://127.0.0.1:${port}`, '--exec', command, '--out', out],
];

const PORTS: readonly AttackCase[] = [
  {
    name: '--exec at a port whose queue of connections is full',
    expected: 'exit 2 within the connect timeout',
    seconds: 30,
    attack: (arena) =>
      withFullBacklog(arena, async () => {
        const args = [...exec(arena, 'sleep 60'), '--connect-timeout', '3s'];
        assertRefused(await arena.run(args), /127\.0\.0\.1/);
      }),
  },
  {
    name: 'Ctrl-C while a port whose queue of connections is full is checked',
    expected: 'exit 3 at once',
    attack: (arena) =>
      withFullBacklog(arena, async () => {
        const run = arena.start([...exec(arena, 'sleep 60'), '--connect-timeout', '60s']);
        await run.said('starting server');
        run.child.kill('SIGINT');
        const { code, stderr } = await run.ended;
        assert.equal(code, 3, stderr);
        assert.match(stderr, /nothing was measured: stopped by the user/);
      }),
  },
];

/** Stops the process of the run that a comparison carries out, once it measures. Returns its pid. */
async function stopRun(arena: Arena): Promise<number> {
  let pid: number | undefined;
  while (pid === undefined || arena.pids('generator/process').length === 0) {
    await sleep(50);
    [pid] = arena.pids('cli/run-child');
  }
  process.kill(pid, 'SIGSTOP');
  return pid;
}

const stored = (arena: Arena) => (existsSync(arena.out) ? readdirSync(arena.out) : []);

const COMPARISONS: readonly AttackCase[] = [
  {
    name: 'a gate whose run process is stopped',
    expected: 'exit 3 after 30 s, the process is named, a report',
    seconds: 75,
    attack: async (arena) => {
      const command = faultyCommand(arena.port, 'none');
      const [, , ...flags] = exec(arena, command);
      const gate = arena.start(['gate', 'broadcast-latency', ...flags, '--base-exec', command, ...SHORT]);
      const pid = await stopRun(arena);
      const { code, stdout, stderr } = await gate.ended;
      assert.equal(code, 3, stderr);
      assert.match(stdout, new RegExp(`the process of a run \\(${pid}\\) reported nothing for 30s`));
      assert.ok(stored(arena).includes('rounds.json'));
    },
  },
  {
    name: 'Ctrl-C in a gate whose run process is stopped',
    expected: 'it ends after 10 s, with a report',
    seconds: 45,
    attack: async (arena) => {
      const command = faultyCommand(arena.port, 'none');
      const [, , ...flags] = exec(arena, command);
      const gate = arena.start(['gate', 'broadcast-latency', ...flags, '--base-exec', command, ...SHORT]);
      await gate.said('round 1 of at most');
      await stopRun(arena);
      gate.child.kill('SIGINT');
      const { code, stderr } = await gate.ended;
      assert.ok(code === 3 || code === 4, stderr);
      assert.ok(stored(arena).includes('rounds.json'));
    },
  },
  {
    name: 'two comparisons with one --out at once',
    expected: 'one is refused in a sentence, the other reports',
    seconds: 90,
    attack: async (arena) => {
      const arms = ['--arm', 'a: ws', '--arm', 'b: ws', '--rounds', '2'];
      const compare = () =>
        arena.run(['compare', 'broadcast-latency', ...arms, ...SHORT, '--out', arena.out]);
      const ended = await Promise.all([compare(), compare()]);
      const [refused, ...more] = ended.filter(({ code }) => code === 2);
      assert.ok(refused !== undefined && more.length === 0, ended.map(({ stderr }) => stderr).join('\n'));
      assertRefused(refused, /^error: another comparison \(process \d+\) writes to /);
      assert.ok(stored(arena).includes('rounds.json'));
      const again = await compare();
      assert.notEqual(again.code, 2, again.stderr);
    },
  },
];

/** Waits that would have no end: files, loops, ports and processes. */
export const waits: readonly AttackCase[] = [...FILES, ...ENDLESS_LOOPS, ...PORTS, ...COMPARISONS];
