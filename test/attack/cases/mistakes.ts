import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Ended, faultyCommand } from '../../support/sockbench.ts';
import type { Arena, AttackCase } from '../attack.ts';

const RUN = ['run', 'broadcast-latency'];
/** A short run: two clients, 50 messages, no warm-up. */
const SHORT_RUN = [
  ...['--clients', '2', '--rate', '50/s', '--duration', '1s', '--warmup', '0s', '--warmup-max', '0s'],
  '--quiet',
];

/** A target file at the arena's port. `top` is code at its top level, `fields` come after those that it needs. */
function targetText({ port }: Arena, { top = '', fields = '' }: { top?: string; fields?: string }): string {
  return `${top};
export default {
  url: 'ws://127.0.0.1:${port}',
  exec: ${JSON.stringify(faultyCommand(port, 'none'))},
  publish: ({ payload, scope }) => ({ event: 'send_message', data: { message: payload, scope } }),
  delivery: { event: 'receive_message' },
  ${fields}
};`;
}

/** Runs each target file and asserts that it is refused, by its name, before anything starts. */
async function assertRefused(arena: Arena, files: Readonly<Record<string, string>>): Promise<void> {
  const ended = await Promise.all(
    Object.entries(files).map(async ([name, text]): Promise<[string, Ended]> => {
      const path = arena.file(name, text);
      return [name, await arena.run([...RUN, '--target', path, ...SHORT_RUN, '--out', arena.out])];
    }),
  );
  for (const [name, { code, stdout, stderr }] of ended) {
    assert.deepEqual([name, code, stdout], [name, 2, ''], stderr);
    assert.ok(stderr.includes(name), `${name} is not named: ${stderr}`);
  }
}

/** A server that crashes at its 20th message, with an error whose last lines say nothing. */
const CRASHING = `
const { WebSocketServer } = require(${JSON.stringify(createRequire(import.meta.url).resolve('ws'))});
const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1' });
let count = 0;
server.on('connection', (socket) => socket.on('message', () => {
  if (++count === 20) throw Object.assign(new Error('boom'), { details: { a: { b: {} } } });
}));`;

/** Mistakes in user files, flags and surroundings. */
/** Says why no disk that is full can be mounted here; null where one can. */
export function noFullDisk(): string | null {
  return process.getuid?.() === 0 && existsSync('/usr/bin/unshare') ? null : 'needs root and unshare';
}

/** The shell line of a command whose --out and temporary folder lie on a disk of 8 KiB. */
export function onFullDisk({ out }: Arena): string {
  mkdirSync(out);
  const mounted = `mount -t tmpfs -o size=8k tmpfs '${out}' && mkdir '${out}/tmp' && TMPDIR='${out}/tmp' "$@"`;
  return `exec unshare -m sh -c "${mounted.replaceAll('"$@"', '\\"\\$@\\"')}" sh "$@"`;
}

export const mistakes: readonly AttackCase[] = [
  {
    name: 'a target file that ends the process while it is loaded or planned with',
    expected: 'exit 2, names the file',
    inCi: true,
    attack: (arena) =>
      assertRefused(arena, {
        'exit-in-timer.mjs': targetText(arena, {
          top: 'setTimeout(() => process.exit(0), 1); await new Promise((done) => setTimeout(done, 100))',
        }),
        'really-exit.mjs': targetText(arena, { top: 'process.reallyExit(0)' }),
        'never.mjs': targetText(arena, { top: 'await new Promise(() => {})' }),
      }),
  },
  {
    name: 'a target file that ends the process or throws anything, anywhere',
    expected: 'exit 2, names the file, no stack',
    seconds: 60,
    attack: (arena) =>
      assertRefused(arena, {
        'exit.mjs': targetText(arena, { top: 'process.exit(0)' }),
        'exit-in-function.mjs': targetText(arena, { fields: 'auth() { process.exit(0); }' }),
        'kill.mjs': targetText(arena, { top: 'process.kill(process.pid)' }),
        'abort.mjs': targetText(arena, { top: 'process.abort()' }),
        'null.mjs': 'throw null;',
        'undefined.mjs': 'throw undefined;',
        'circle.mjs': 'const circle = {}; circle.self = circle; throw circle;',
        'getter.mjs': targetText(arena, { fields: 'get auth() { throw null; }' }),
        'timer.mjs': targetText(arena, {
          top: 'setTimeout(() => { throw null; }, 1); await new Promise((done) => setTimeout(done, 100))',
        }),
        'reject.mjs': targetText(arena, { top: "Promise.reject(new Error('late'))" }),
      }),
  },
  {
    name: 'a function of a target that returns what cannot be sent',
    expected: 'exit 2, names file and function',
    attack: (arena) =>
      assertRefused(
        arena,
        Object.fromEntries(
          [
            'null',
            'undefined',
            "'text'",
            '(() => { const a = {}; a.a = a; return { event: "x", data: a }; })()',
            '10n',
            'Promise.resolve({})',
          ].map((result, index) => [
            `result-${index}.mjs`,
            targetText(arena, { fields: `publish: () => ${result}` }),
          ]),
        ),
      ),
  },
  {
    name: 'a target that throws, exits and sets the exit code while it is measured',
    expected: 'a report with the reasons, not exit 0',
    attack: async (arena) => {
      const path = arena.file(
        'flaky.mjs',
        targetText(arena, {
          top: `let count = 0; setInterval(() => {}, 1000); process.on('exit', () => { process.exitCode = 0; })`,
          fields: `publish({ payload, scope }) {
            count += 1;
            if (count % 5 === 2) throw new Error('no token');
            if (count % 5 === 3) process.exit(0);
            if (count % 5 === 4) setTimeout(() => { throw new Error('in a timer'); }, 1);
            return { event: 'send_message', data: { message: payload, scope } };
          }`,
        }),
      );
      const { code, stdout, stderr } = await arena.run([
        ...RUN,
        '--target',
        path,
        ...SHORT_RUN,
        '--out',
        arena.out,
      ]);
      assert.equal(code, 3, stderr);
      assert.match(
        stdout,
        /30 of 50 messages sent: publish of flaky\.mjs \(line \d+\) failed: no token \(10\)/,
      );
      assert.match(stdout, /process\.exit\(0\) was called/);
      assert.match(stdout, /flaky\.mjs \(line \d+\): in a timer/);
      assert.ok(readdirSync(arena.out).some((name) => name.endsWith('.json')));
    },
  },
  {
    name: '--out and the temporary folder both full',
    expected: 'the result on stdout, not exit 0',
    missing: noFullDisk,
    attack: async (arena) => {
      const { code, stdout, stderr } = await arena.run(
        [...RUN, '--target', 'ws', ...SHORT_RUN, '--threshold', 'delivery.p50<1h', '--out', arena.out],
        { shell: onFullDisk(arena) },
      );
      assert.ok(code === 2 || code === 3, `exit code ${code}: ${stderr}`);
      assert.match(stderr, /error: .*\.json could not be written: ENOSPC.*; the temporary folder failed too/);
      assert.match(stdout, /passed: delivery\.p50<1h/);
    },
  },
  {
    name: 'stdout on a full device',
    expected: 'a sentence, not exit 0, reports in --out',
    attack: async (arena) => {
      const args = [...RUN, '--target', 'ws', ...SHORT_RUN, '--out', arena.out];
      const { code, stderr } = await arena.run(args, { shell: '"$@" > /dev/full' });
      assert.ok(code === 2 || code === 3, `exit code ${code}`);
      assert.match(stderr, /error: stdout cannot be written: ENOSPC/);
      assert.ok(readdirSync(arena.out).some((name) => name.endsWith('.json')));
    },
  },
  {
    name: 'a reader of stdout that leaves, and no stdout at all',
    expected: 'the exit code of the run, reports in --out',
    attack: async (arena) => {
      const args = [...RUN, '--target', 'ws', ...SHORT_RUN, '--out', arena.out];
      const cut = await arena.run(args, { shell: '{ "$@"; echo "code $?" >&2; } | head -c 1' });
      assert.match(cut.stderr, /^code [03]$/m);
      const closed = await arena.run(args, { shell: 'exec "$@" >&-' });
      assert.ok(closed.code === 0 || closed.code === 3, `exit code ${closed.code}`);
      assert.equal(readdirSync(arena.out).filter((name) => name.endsWith('.json')).length, 2);
    },
  },
  {
    name: 'a TMPDIR that is missing, or too long for a socket',
    expected: 'the run as without it',
    seconds: 60,
    attack: async (arena) => {
      const long = join(arena.folder, 'x'.repeat(120));
      mkdirSync(long);
      for (const TMPDIR of ['/nonexistent', long]) {
        const args = [...RUN, '--target', 'ws', ...SHORT_RUN, '--out', arena.out];
        const { code, stderr } = await arena.run(args, { env: { TMPDIR } });
        assert.ok(code === 0 || code === 3, `TMPDIR ${TMPDIR}: exit code ${code}: ${stderr}`);
      }
      assert.deepEqual(readdirSync(long), []);
    },
  },
  {
    name: 'init where .github is a file, and a working directory that was deleted',
    expected: 'exit 2, a sentence',
    inCi: true,
    attack: async (arena) => {
      arena.file('.github', '');
      const init = await arena.run(['init', arena.folder]);
      assert.equal(init.code, 2);
      assert.match(init.stderr, /^error: \S+sockbench\.yml could not be written: /);
      const shell = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
      const gone = await arena.run(['list'], { shell });
      assert.deepEqual([gone.code, gone.stdout], [2, '']);
      assert.match(gone.stderr, /^error: the working directory was deleted\n/);
    },
  },
  {
    name: 'values of flags that are far too large, or no numbers',
    expected: 'exit 2, names the flag, allocates nothing',
    mib: 200,
    attack: async ({ run }) => {
      const values = ['--payload=999999MiB', '--clients=1e12', '--rate=1e308/s', '--workers=10000'];
      const ended = await Promise.all(values.map((value) => run([...RUN, value])));
      for (const [index, { code, stdout, stderr }] of ended.entries()) {
        const [flag = ''] = values[index]?.split('=') ?? [];
        assert.deepEqual([flag, code, stdout], [flag, 2, ''], stderr);
        assert.ok(stderr.includes(flag), stderr);
      }
    },
  },
  {
    name: 'a server that crashes while it is measured',
    expected: 'its error with the line',
    attack: async (arena) => {
      const target = ['--target', `ws://127.0.0.1:${arena.port}`];
      const later = arena.file('later.cjs', CRASHING);
      const exec = ['--exec', `exec node ${later} ${arena.port}`];
      const during = await arena.run([...RUN, ...target, ...exec, ...SHORT_RUN, '--out', arena.out]);
      assert.equal(during.code, 3);
      assert.match(
        during.stdout,
        /the server ended during the run with exit code 1: Error: boom \(\S+later\.cjs:6\)/,
      );
    },
  },
];
