import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repeatedSchema } from '../../../src/result/repeated.ts';
import type { AttackCase } from '../attack.ts';

const RUN = [
  ...['run', 'broadcast-latency', '--target', 'ws', '--clients', '3', '--rate', '20/s'],
  ...['--warmup', '0s', '--warmup-max', '0s', '--duration', '1s'],
];

const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

/** Repeated runs that are impossible, and one that is killed. */
export const repeatCases: readonly AttackCase[] = [
  {
    name: 'impossible numbers of starts, and repeats of what cannot be repeated',
    expected: 'exit 2 before anything starts; the message names the value and what to do',
    seconds: 180,
    attack: async (arena) => {
      const compare = ['compare', 'broadcast-latency', '--arm', 'ws', '--arm', 'socketio'];
      for (const [args, message] of [
        [[...RUN, '--repeat', '0'], /--repeat: "0" is not a whole number from 1 to 50/],
        [[...RUN, '--repeat', '-1'], /--repeat: "-1" is not a whole number from 1 to 50/],
        [[...RUN, '--repeat', '1.5'], /--repeat: "1\.5" is not a whole number/],
        [[...RUN, '--repeat', '1000'], /--repeat: "1000" is not a whole number from 1 to 50/],
        [[...RUN, '--repeat', '3', '--shard', '1/2'], /--repeat does not support --shard: /],
        [[...RUN, '--repeat', '3', '--checkpoint', '5s'], /--repeat does not support --checkpoint: /],
        [[...RUN, '--repeat', '3', '--format', 'hgrm'], /"hgrm" is a format of a run, not of a repeated run/],
        [['capacity', 'broadcast-latency', '--repeat', '3'], /--repeat: .*\nGive --repeats N/],
        [[...compare, '--repeat', '3'], /--repeat: .*\nGive --rounds N/],
      ] as const) {
        const { code, stdout, stderr } = await arena.run([...args, '--out', arena.out]);
        assert.deepEqual([code, stdout], [2, ''], stderr);
        assert.match(stderr, message);
      }
      assert.deepEqual(filesIn(arena.out), []);
    },
  },
  {
    name: 'a repeated run that is killed after its second start',
    expected: 'the starts before it are in a file that is reported; gate and merge refuse it by name',
    seconds: 120,
    attack: async (arena) => {
      const run = arena.start([...RUN, '--repeat', '9', '--progress', 'json', '--out', arena.out]);
      await run.said(/"type":"step","atMs":\d+,"step":2,/);
      while (!filesIn(arena.out).some((name) => name.endsWith('.so-far.json'))) await sleep(50);
      run.child.kill('SIGKILL');
      await run.ended;
      const [file = ''] = filesIn(arena.out).filter((name) => name.endsWith('.so-far.json'));
      const path = join(arena.out, file);
      const stored = repeatedSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
      assert.ok(stored.starts.length >= 2);
      const report = await arena.run(['report', path]);
      assert.match(report.stdout, /PARTIAL, (IN)?VALID: /);
      const merge = await arena.run(['merge', path]);
      assert.match(merge.stderr, /is a sockbench repeated run, not a sockbench result/);
      const target = ['--target', `ws://127.0.0.1:${arena.port}`, '--exec', 'true'];
      const gate = await arena.run(['gate', 'broadcast-latency', ...target, '--baseline', path]);
      assert.match(gate.stderr, /is a sockbench repeated run, not a sockbench comparison/);
      assert.deepEqual([merge.code, gate.code], [2, 2]);
    },
  },
];
