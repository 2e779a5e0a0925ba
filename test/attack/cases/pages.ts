import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttackCase } from '../attack.ts';

/** A run of two clients; long where the case stops it. */
const loadOf = (duration: string) =>
  `broadcast-latency --target ws --clients 2 --rate 50/s --duration ${duration} --warmup 0s --warmup-max 0s`.split(
    ' ',
  );

/** Trends, pages, profiles, completion and help. */
export const pageCases: readonly AttackCase[] = [
  {
    name: 'trend with nothing to read, broken files, unknown metrics and orders',
    expected: 'exit 2, one error, nothing written',
    seconds: 60,
    attack: async ({ run, out, file }) => {
      const broken = file('broken.json', '{"schemaVersion":');
      const foreign = file('foreign.json', '{"a":1}');
      const given = [
        ['/nowhere'],
        [broken],
        [foreign],
        [broken, '--by', 'week'],
        [broken, '--metric', 'a\u001b[2J'],
      ];
      const ended = await Promise.all(given.map((args) => run(['trend', ...args, '--out', out])));
      for (const { code, stdout, stderr } of ended) {
        assert.deepEqual([code, stdout], [2, ''], stderr);
        assert.match(stderr, /^error: [ -~\n]*$/);
      }
    },
  },
  {
    name: '--dashboard with ports that are taken, privileged or no ports',
    expected: 'exit 2, names the port, starts nothing',
    seconds: 60,
    attack: async ({ run, out }) => {
      const taken = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => taken.once('listening', resolve));
      const address = taken.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const ended = await Promise.all(
        [String(port), '70000', 'x', '-1'].map((each) =>
          run(['run', ...loadOf('1s'), `--dashboard=${each}`, '--out', out]),
        ),
      );
      taken.close();
      for (const { code, stdout, stderr } of ended) {
        assert.deepEqual([code, stdout], [2, ''], stderr);
        assert.match(stderr, /^error: .*(dashboard|port|address)/im);
      }
    },
  },
  {
    name: '--profile where nothing can be profiled: a gate, a server that runs, Bun',
    expected: 'exit 2, names the flag, starts nothing',
    attack: async ({ run, out }) => {
      const load = '--clients 2 --duration 1s'.split(' ');
      const ended = await Promise.all(
        [
          ['gate', 'broadcast-latency', '--target', 'ws', '--baseline', 'a.json'],
          ['run', 'broadcast-latency', '--target', 'ws://127.0.0.1:1'],
          ['calibrate'],
        ].map((args) => run([...args, ...load, '--profile', '--out', out])),
      );
      for (const { code, stdout, stderr } of ended) {
        assert.deepEqual([code, stdout], [2, ''], stderr);
        assert.match(stderr, /^error: /);
      }
    },
  },
  {
    name: 'completion of an unknown shell, and help of an unknown command and scenario',
    expected: 'exit 2, names what there is',
    seconds: 60,
    attack: async ({ run }) => {
      const given = [['completion', 'tcsh'], ['completion'], ['help', 'rnu'], ['run', 'no-such', '--help']];
      const ended = await Promise.all(given.map((args) => run(args)));
      for (const { code, stdout, stderr } of ended) {
        assert.deepEqual([code, stdout], [2, ''], stderr);
        assert.match(stderr, /^error: /);
      }
    },
  },
  {
    name: 'two SIGINTs within a fraction of a second',
    expected: 'one stop: drains, reports, writes the result',
    attack: async ({ start, out }) => {
      const running = start(['run', ...loadOf('60s'), '--progress', 'json', '--out', out]);
      await running.said('"measured":{');
      running.child.kill('SIGINT');
      await sleep(100);
      running.child.kill('SIGINT');
      const { code, stdout, stderr } = await running.ended;
      assert.ok(code === 0 || code === 3, `${code} ${stderr}`);
      assert.match(stdout, /PARTIAL/);
      assert.match(stdout, /\.html$/m);
      assert.ok(!stderr.includes('discarded'), stderr);
    },
  },
];
