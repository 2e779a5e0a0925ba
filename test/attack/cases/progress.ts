import assert from 'node:assert/strict';
import { progressSchema } from '../../../src/result/progress.ts';
import { faultyCommand } from '../../support/sockbench.ts';
import type { AttackCase } from '../attack.ts';

/** A short run of two clients. */
const SHORT = '--clients 2 --rate 50/s --duration 1s --warmup 0s --warmup-max 0s'.split(' ');

export const progress: readonly AttackCase[] = [
  {
    name: '--progress with an unknown form, and with --quiet',
    expected: 'exit 2, names the flag, starts nothing',
    attack: async ({ run, out }) => {
      const forms = [
        ['--progress', 'jsn'],
        ['--progress', 'json', '--quiet'],
      ];
      const ended = await Promise.all(
        forms.map((form) =>
          run(['run', 'broadcast-latency', '--target', 'ws', ...SHORT, '--out', out, ...form]),
        ),
      );
      for (const { code, stdout, stderr } of ended) {
        assert.deepEqual([code, stdout], [2, ''], stderr);
        assert.match(stderr, /^error: .*--progress/);
      }
    },
  },
  {
    name: '--progress json with a target whose name has line breaks and escape sequences',
    expected: 'one event a line, in ASCII',
    attack: async ({ run, out, port, file }) => {
      const target = file(
        'named.mjs',
        `export default {
  name: 'a\\nb\\u001b[2J\\u202e',
  url: 'ws://127.0.0.1:${port}',
  exec: ${JSON.stringify(faultyCommand(port, 'none'))},
  publish: ({ payload, scope }) => ({ event: 'send_message', data: { message: payload, scope } }),
  delivery: { event: 'receive_message' },
};`,
      );
      const args = ['run', 'broadcast-latency', '--target', target, ...SHORT, '--out', out];
      const { stderr } = await run([...args, '--progress', 'json']);
      assert.match(stderr, /^[\n -~]*$/);
      const lines = stderr
        .trimEnd()
        .split('\n')
        .filter((line) => line.startsWith('{'));
      for (const line of lines) progressSchema.parse(JSON.parse(line));
      assert.ok(lines.length > 5, stderr);
    },
  },
];
