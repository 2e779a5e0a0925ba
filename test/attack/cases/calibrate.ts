import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arena, AttackCase } from '../attack.ts';

const PLAN = ['ack-roundtrip', '--target', 'ws', '--clients', '2', '--rate', '50/s', '--duration', '500ms'];
const RUN_IT = ['run', ...PLAN, '--warmup', '0s', '--warmup-max', '0s', '--workers', 'auto', '--quiet'];

const stateOf = (arena: Arena) => join(arena.folder, 'state');
const storeOf = (arena: Arena) => join(stateOf(arena), 'sockbench/calibrations');

/** Runs the plan, and asserts that it is measured and that warnings have these words. */
async function assertMeasured(arena: Arena, ...words: readonly RegExp[]): Promise<void> {
  const env = { XDG_STATE_HOME: stateOf(arena) };
  const { code, stderr, stdout } = await arena.run([...RUN_IT, '--out', arena.out], { env });
  // A busy machine may make the run invalid.
  assert.ok(code === 0 || code === 3, stderr);
  assert.match(stdout, /ack-roundtrip on ws/);
  for (const each of words) assert.match(stderr, each);
  assert.match(stdout, /because there is no calibration of this plan/);
}

/** Calibrations that are missing, damaged or foreign, and plans that cannot be calibrated. */
export const calibrations: readonly AttackCase[] = [
  {
    name: 'a store of calibrations full of garbage, deep JSON, folders and control characters',
    expected: 'the run is measured, one warning for each',
    attack: async (arena) => {
      mkdirSync(join(storeOf(arena), 'ack-roundtrip-folder.json'), { recursive: true });
      const put = (name: string, text: string) => writeFileSync(join(storeOf(arena), name), text);
      put('ack-roundtrip-half.json', '{"kind":"calibration",');
      put('ack-roundtrip-deep.json', '['.repeat(1e6));
      put('ack-roundtrip-large.json', ' '.repeat(1e8));
      put('ack-roundtrip-\u001b[31mred.json', '\u001b]0;owned\u0007');
      const [red, large] = [
        /red\.json is ignored: it cannot be read as JSON/,
        /large\.json is ignored: it has 95\.4 MiB/,
      ];
      await assertMeasured(
        arena,
        red,
        large,
        /deep\.json is ignored: it is nested/,
        /folder\.json is ignored: it is a folder/,
      );
    },
  },
  {
    name: 'a file in place of the store of calibrations',
    expected: 'the run is measured; calibrate exits 2 before it measures',
    attack: async (arena) => {
      writeFileSync(stateOf(arena), 'a file');
      await assertMeasured(arena, /calibrations are ignored: ENOTDIR/);
      const env = { XDG_STATE_HOME: stateOf(arena) };
      const { code, stdout, stderr } = await arena.run(['calibrate', ...PLAN, '--quick'], { env });
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, /cannot be written to: .*\nSet XDG_STATE_HOME/);
    },
  },
  {
    name: 'Ctrl-C during a calibration',
    expected: 'exit 3, nothing stored, nothing left',
    attack: async (arena) => {
      const running = arena.start(['calibrate', ...PLAN, '--duration', '20s'], {
        env: { XDG_STATE_HOME: stateOf(arena) },
      });
      while (arena.pids('null-server/start').length === 0) await new Promise((done) => setTimeout(done, 50));
      running.child.kill('SIGINT');
      const { code, stdout, stderr } = await running.ended;
      assert.deepEqual([code, stdout], [3, ''], stderr);
      assert.match(stderr, /stopped by the user/);
      assert.deepEqual(readdirSync(storeOf(arena)), []);
    },
  },
];
