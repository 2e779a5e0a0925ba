import { deflateSync } from 'node:zlib';
import type { RunResult } from '../../../src/result/run-result.ts';
import { everyoneHears } from '../../result/merge/made-run.ts';
import { madeShards } from '../../support/made-shards.ts';
import type { Arena, AttackCase } from '../attack.ts';
import { expectSentence } from './files.ts';

/** Merges two shards, of which the second was forged. */
async function expectForgery(
  arena: Arena,
  forge: (result: RunResult) => RunResult,
  named: string,
  why: RegExp,
): Promise<void> {
  const [first, second] = madeShards(everyoneHears(6), 2) as [RunResult, RunResult];
  const paths = [first, forge(second)].map((result, index) =>
    arena.file(`shard-${index + 1}.json`, JSON.stringify(result)),
  );
  await expectSentence(arena, ['merge', ...paths, '--out', arena.out], named, why);
}

const withShard = (result: RunResult, edit: object): RunResult =>
  ({ ...result, shard: { ...result.shard, ...edit } }) as RunResult;

/** Shards that somebody else wrote. */
export const merges: readonly AttackCase[] = [
  {
    name: 'a shard whose broadcasts inflate without end, or whose name is an escape sequence',
    expected: 'exit 2, one sentence with the file',
    mib: 400,
    seconds: 60,
    attack: async (arena) => {
      const bomb = deflateSync(Buffer.alloc(300_000_000)).toString('base64');
      await expectForgery(
        arena,
        (result) => withShard(result, { broadcasts: bomb }),
        'shard-2.json',
        /is inconsistent: shard\.broadcasts: the broadcasts cannot be read/,
      );
      const zeros = deflateSync(Buffer.alloc(100_000_000)).toString('base64');
      await expectForgery(
        arena,
        (result) => withShard(result, { broadcasts: zeros }),
        'shard-2.json',
        /shard\.broadcasts: a broadcast has no receiver/,
      );
      await expectForgery(
        arena,
        (result) => withShard(result, { meeting: '\u001b[31m\n::error::x' }),
        'shard-2.json',
        /is not of the same run as [^\n]*: its meeting is "\\u001b/,
      );
    },
  },
  {
    name: 'a shard that is of a whole run, given twice, or of another plan',
    expected: 'exit 2, one sentence with the file',
    attack: async (arena) => {
      await expectForgery(
        arena,
        (result) => ({ ...result, plan: { ...result.plan, seed: 2 } }),
        'shard-2.json',
        /has another plan than .*: seed is 2 instead of 1/,
      );
      await expectForgery(arena, (result) => ({ ...result, shard: null }), 'shard-2.json', /of a whole run/);
      await expectForgery(
        arena,
        (result) => withShard(result, { index: 1, others: [] }),
        'shard-2.json',
        /client \d+ is not in this shard/,
      );
    },
  },
];
