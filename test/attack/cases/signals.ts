import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commitFiles, gitIn } from '../../support/git.ts';
import { type Ended, faultyCommand } from '../../support/sockbench.ts';
import type { Arena, AttackCase } from '../attack.ts';
import { endWhen, isOnTerminal, noPython, WAYS, type Way } from '../stop-ways.ts';

/** The stored results in the folder of a case. */
function reports(arena: Arena): string[] {
  return existsSync(arena.out) ? readdirSync(arena.out).filter((name) => name.endsWith('.json')) : [];
}

/** Something that was measured is reported, and says that it is partial. */
function assertReported(arena: Arena, { code, stdout, stderr }: Ended, codes: readonly number[]): void {
  assert.ok(codes.includes(code ?? -1), `exit ${code}:\n${stdout}${stderr}`);
  assert.equal(reports(arena).length, 1, `reports: ${reports(arena)}\n${stdout}${stderr}`);
}

function assertNothingMeasured(arena: Arena, { code, stdout, stderr }: Ended, way: Way): void {
  assert.equal(code, 3, stdout + stderr);
  if (way !== 'a closed terminal') assert.match(stdout + stderr, /nothing was measured: stopped by the user/);
  assert.deepEqual(reports(arena), []);
}

const target = ({ port, out }: Arena, exec: string) => [
  ...['--target', `ws://127.0.0.1:${port}`, '--exec', exec, '--out', out, '--clients', '3', '--rate', '50/s'],
];
const run = (arena: Arena, exec: string, ...more: readonly string[]) => [
  ...[
    'run',
    'broadcast-latency',
    ...target(arena, exec),
    '--warmup',
    '300ms',
    '--warmup-max',
    '300ms',
    ...more,
  ],
];
const faulty = ({ port }: Arena, fault = 'none') => faultyCommand(port, fault);

/** A server that accepts connections and never answers. */
function silent(arena: Arena): string {
  const text = "require('node:net').createServer(() => {}).listen(Number(process.argv[2]), '127.0.0.1');";
  return `"${process.execPath}" "${arena.file('silent.cjs', text)}" ${arena.port}`;
}

const SLOW_TARGET = "console.error('planning'); await new Promise((end) => setTimeout(end, 9000));";

interface Phase {
  readonly said: string;
  readonly args: (arena: Arena) => readonly string[];
  readonly expected: string;
  readonly check: (arena: Arena, ended: Ended, way: Way) => void;
}

const PHASES: readonly Phase[] = [
  {
    said: 'planning',
    args: (arena) => ['run', 'broadcast-latency', '--target', arena.file('slow.mjs', SLOW_TARGET)],
    expected: 'it ends by the signal',
    check: (_arena, { code, signal }) => {
      if (signal === null) assert.ok([129, 130].includes(code ?? 0), `exit ${code}`);
      else assert.match(signal, /^SIG(INT|TERM|HUP)$/);
    },
  },
  {
    said: 'starting server',
    args: (arena) => run(arena, 'sleep 60'),
    expected: 'exit 3, nothing was measured',
    check: assertNothingMeasured,
  },
  {
    said: 'connecting',
    args: (arena) => run(arena, silent(arena)),
    expected: 'exit 3, nothing was measured',
    check: assertNothingMeasured,
  },
  {
    said: 'warming up',
    args: (arena) => [...run(arena, faulty(arena)), '--warmup', '20s', '--warmup-max', '20s'],
    expected: 'exit 3, nothing was measured',
    check: assertNothingMeasured,
  },
  {
    said: 'measuring',
    args: (arena) => run(arena, faulty(arena), '--duration', '60s'),
    expected: 'exit 3, a partial report',
    check: (arena, ended) => assertReported(arena, ended, [3]),
  },
  {
    said: 'draining',
    args: (arena) => run(arena, faulty(arena, 'mixed'), '--duration', '2s', '--drain', '3s'),
    expected: 'a report as without it',
    check: (arena, ended) => assertReported(arena, ended, [0, 3]),
  },
];

const QUICK: ReadonlyArray<readonly [said: string, way: Way]> = [
  ['measuring', 'two SIGINTs at once'],
  ['measuring', 'a closed terminal'],
];

const RUNS: readonly AttackCase[] = PHASES.flatMap(({ said, args, expected, check }) =>
  (Object.keys(WAYS) as Way[]).map((way) => ({
    name: `${way}: ${said}`,
    expected,
    ...(QUICK.some(([phase, quick]) => phase === said && quick === way) ? { inCi: true as const } : {}),
    missing: () => (isOnTerminal(way) ? noPython() : null),
    attack: async (arena: Arena) => check(arena, await endWhen(arena, args(arena), said, way), way),
  })),
);

const SHORT = ['--duration', '1s', '--warmup', '200ms'];

interface Command {
  readonly name: string;
  readonly said: string | RegExp;
  readonly args: (arena: Arena) => readonly string[];
  readonly codes: readonly number[];
}

const gate = (arena: Arena) => [
  ...['gate', 'broadcast-latency', ...target(arena, faulty(arena)), '--base-exec', faulty(arena), ...SHORT],
];

/** Commands of several runs, stopped in the second one that may be reported. */
const COMMANDS: readonly Command[] = [
  {
    name: 'compare, after a round',
    said: 'round 1 of at most 15: ',
    args: ({ out }) => [
      ...[
        'compare',
        'broadcast-latency',
        '--arm',
        'a: ws',
        '--arm',
        'b: ws',
        '--clients',
        '3',
        '--rate',
        '50/s',
      ],
      ...['--out', out, ...SHORT],
    ],
    codes: [3, 4],
  },
  { name: 'gate, after a round', said: 'round 1 of at most 30: ', args: gate, codes: [3, 4] },
  {
    name: 'capacity, after a step',
    said: /50\/s: (passed|failed|excluded)/,
    args: ({ out }) => [
      ...[
        'capacity',
        'broadcast-latency',
        '--target',
        'ws',
        '--clients',
        '3',
        '--out',
        out,
        '--duration',
        '2s',
      ],
      ...['--objective', 'delivery.p50<1s', '--warmup', '200ms', '--warmup-max', '200ms'],
    ],
    codes: [3, 4],
  },
];

const SERIES: readonly AttackCase[] = COMMANDS.flatMap(({ name, said, args, codes }) =>
  (['two SIGINTs at once', 'SIGTERM to the group', 'a closed terminal'] as const).map((way) => ({
    name: `${way}: ${name}`,
    expected: 'exit 3 or 4, a partial report',
    seconds: 60,
    missing: () => (isOnTerminal(way) ? noPython() : null),
    attack: async (arena: Arena) =>
      assertReported(arena, await endWhen(arena, args(arena), said, way), codes),
  })),
);

/** Gates that have not measured yet. */
const BASES: readonly AttackCase[] = (['SIGHUP to the group', 'a closed terminal'] as const).map((way) => ({
  name: `${way}: a gate that installs its base`,
  expected: 'exit 3, the checkout is removed',
  missing: () => (isOnTerminal(way) ? noPython() : null),
  attack: async (arena) => {
    const cwd = join(arena.folder, 'repository');
    gitIn(arena.folder, 'init', '--quiet', cwd);
    commitFiles(cwd, { 'app.txt': 'one' });
    const flags = ['--base-ref', 'HEAD', '--base-install', 'touch installing; sleep 60'];
    const args = ['gate', 'broadcast-latency', ...target(arena, 'sleep 60'), ...flags];
    const isInstalling = async () => {
      while (globSync(join(arena.tmp, '*/installing')).length === 0) await sleep(50);
    };
    assertNothingMeasured(arena, await endWhen(arena, args, isInstalling, way, cwd), way);
  },
}));

const READERS: readonly AttackCase[] = [
  {
    name: 'a reader of the output that stops after a line',
    expected: 'the report is kept',
    inCi: true,
    attack: async (arena) => {
      const args = run(arena, faulty(arena), '--duration', '1s', '--drain', '1s');
      const { stdout } = await arena.run(args, { shell: '"$@" | head -n 1' });
      assert.match(stdout, /^(VALID|INVALID|SERVER)/);
      assert.equal(reports(arena).length, 1);
    },
  },
  {
    name: 'SIGTERM while the reader of the output reads nothing',
    expected: 'it ends by the signal, the report is kept',
    attack: async (arena) => {
      const args = run(arena, faulty(arena), '--duration', '2s', '--format', 'csv,html');
      const held = arena.start(args, { shell: '"$@" | { sleep 30; cat; } & wait', detached: true });
      await held.said(/wrote .*\.html/);
      process.kill(-held.pid, 'SIGTERM');
      await held.ended;
      assert.equal(reports(arena).length, 1);
    },
  },
];

/** Signals in every phase of every command that measures. */
export const signals: readonly AttackCase[] = [...RUNS, ...SERIES, ...BASES, ...READERS];
