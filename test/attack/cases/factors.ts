import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Arena, AttackCase } from '../attack.ts';

const COMPARE = ['compare', 'broadcast-latency', '--target', 'ws', '--quiet'];

/** Runs compare with each list of --vary, and asserts that it is refused in words, by its name, before anything starts. */
async function assertVaryRefused(arena: Arena, specs: ReadonlyArray<readonly string[]>): Promise<void> {
  const ended = await Promise.all(
    specs.map(async (factors) => {
      const varied = factors.flatMap((spec) => ['--vary', spec]);
      const shown = factors.map((spec) => spec.slice(0, 60)).join(' ');
      return { shown, ...(await arena.run([...COMPARE, ...varied, '--out', arena.out])) };
    }),
  );
  for (const { shown, code, stdout, stderr } of ended) {
    assert.deepEqual([shown, code, stdout], [shown, 2, ''], stderr);
    assert.match(stderr, /^error: .*--vary/, shown);
    assert.doesNotMatch(stderr, /\n\s+at /, shown);
  }
  assert.equal(existsSync(arena.out), false, 'a folder was left');
}

/** Bad factors of a comparison. */
export const factorCases: readonly AttackCase[] = [
  {
    name: '--vary with names that are no flags, empty and open values, and control characters',
    expected: 'exit 2, names --vary, nothing written',
    seconds: 60,
    attack: (arena) =>
      assertVaryRefused(arena, [
        ['__proto__=1,2'],
        ['constructor=1,2'],
        ['=1,2'],
        [','],
        ['payload=,'],
        ['payload=64B,"1KiB'],
        ['payload=64B,\u001b[31m1KiB\u202e'],
        ["payload=64B,'"],
        ['--payload=64B,1KiB'],
        ['out=a,b'],
        ['vary=a,b'],
        ['seed=1,2'],
      ]),
  },
  {
    name: '--vary with more values than a comparison takes, up to 10,000, and 100,000 quotes',
    expected: 'exit 2, names the number and the maximum',
    seconds: 60,
    attack: (arena) =>
      assertVaryRefused(arena, [
        [`clients=${Array.from({ length: 17 }, (_, index) => index + 1).join(',')}`],
        [`clients=${Array.from({ length: 10_000 }, (_, index) => index + 1).join(',')}`],
        ['clients=1,2,3,4,5', 'rate=10/s,20/s,30/s,40/s'],
        ['clients=1,2', 'rate=10/s,20/s', 'drain=1s,2s', 'duration=1s,2s', 'late-after=1s,2s'],
        [`target=${'"'.repeat(100_000)}`],
      ]),
  },
];
