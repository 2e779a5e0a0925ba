import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena, AttackCase } from '../attack.ts';
import { noFullDisk, onFullDisk } from './mistakes.ts';

const RUN = [
  ...['run', 'broadcast-latency', '--target', 'ws', '--clients', '3', '--rate', '20/s'],
  ...['--warmup', '0s', '--warmup-max', '0s', '--checkpoint', '1s'],
];

const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

async function untilCheckpoint({ out }: Arena): Promise<void> {
  while (!filesIn(out).some((name) => name.endsWith('.checkpoint.json'))) await sleep(50);
}

/** Checkpoints that are impossible, and runs that need theirs. */
export const checkpointCases: readonly AttackCase[] = [
  {
    name: 'checkpoints at impossible times, and of a shard',
    expected: 'exit 2 before anything starts; the message names the value and what is allowed',
    seconds: 120,
    attack: async (arena) => {
      for (const [args, message] of [
        [['--checkpoint', '0s'], /--checkpoint: "0s" is not a time from 1s to 24h/],
        [['--checkpoint', '999ms'], /"999ms" is not a time from 1s to 24h/],
        [['--checkpoint', '1000h'], /"1000h" is not a time from 1s to 24h/],
        [['--checkpoint', '60'], /--checkpoint: "60" has no unit/],
        [['--checkpoint', 'off'], /--checkpoint: "off" is not a duration/],
        [['--shard', '1/2'], /--checkpoint: a shard keeps none/],
      ] as const) {
        const { code, stdout, stderr } = await arena.run([...RUN, '--out', arena.out, ...args]);
        assert.deepEqual([code, stdout], [2, ''], stderr);
        assert.match(stderr, message);
      }
      assert.deepEqual(filesIn(arena.out), []);
    },
  },
  {
    name: 'a run of which every process but the server is killed while it measures',
    expected: 'its checkpoint is reported, the next run names it and leaves it',
    seconds: 120,
    attack: async (arena) => {
      const run = arena.start([...RUN, '--duration', '10m', '--out', arena.out]);
      await untilCheckpoint(arena);
      for (const pid of arena.pids('generator/process')) process.kill(pid, 'SIGSTOP');
      run.child.kill('SIGKILL');
      for (const pid of arena.pids('generator/process')) process.kill(pid, 'SIGKILL');
      await run.ended;
      const { code, stdout } = await arena.run(['report', arena.out]);
      assert.equal(code, 0);
      assert.match(stdout, /PARTIAL, INVALID: the run was killed after/);
      const next = await arena.run([...RUN, '--duration', '1s', '--out', arena.out]);
      assert.match(next.stderr, /warning: a run that was killed left .*\.checkpoint\.json; sockbench report/);
      assert.equal(filesIn(arena.out).filter((name) => name.endsWith('.checkpoint.json')).length, 1);
    },
  },
  {
    name: 'a folder that becomes a file between two checkpoints',
    expected: 'a warning at once; the run goes on, and its result has a caveat',
    seconds: 120,
    attack: async (arena) => {
      const run = arena.start([...RUN, '--duration', '20s', '--out', arena.out]);
      await untilCheckpoint(arena);
      renameSync(arena.out, join(arena.folder, 'moved'));
      writeFileSync(arena.out, '');
      await run.said(/warning: a checkpoint could not be written, .*: ENOTDIR/);
      renameSync(arena.out, join(arena.folder, 'file'));
      mkdirSync(arena.out);
      run.child.kill('SIGINT');
      const { code, stdout, stderr } = await run.ended;
      assert.equal(code, 3, stderr);
      assert.match(stdout, /! \d+ checkpoints? could not be written: ENOTDIR/);
      assert.equal(stderr.match(/a checkpoint could not be written/g)?.length, 1);
      const names = filesIn(arena.out);
      assert.equal(names.filter((name) => name.endsWith('.json')).length, 1, names.join());
    },
  },
  {
    name: 'a disk that is full before the first checkpoint',
    expected: 'a warning at once, and exit 2 when the result cannot be written either',
    missing: noFullDisk,
    seconds: 120,
    attack: async (arena) => {
      const { code, stdout, stderr } = await arena.run([...RUN, '--duration', '3s', '--out', arena.out], {
        shell: onFullDisk(arena),
      });
      assert.notEqual(code, 0, stderr);
      assert.match(stderr, /warning: a checkpoint could not be written, .*: ENOSPC/);
      assert.match(stderr, /error: .*\.json could not be written: ENOSPC/);
      assert.match(stdout, /! \d checkpoints? could not be written: ENOSPC/);
    },
  },
];
