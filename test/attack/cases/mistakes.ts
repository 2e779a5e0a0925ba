import assert from 'node:assert/strict';
import type { AttackCase } from '../attack.ts';

/** Mistakes in user files, flags and surroundings. */
export const mistakes: readonly AttackCase[] = [
  {
    name: 'a payload that is no size',
    expected: 'exit 2, names the flag',
    inCi: true,
    attack: async ({ run }) => {
      const { code, stderr } = await run(['run', 'broadcast-latency', '--payload', 'huge']);
      assert.equal(code, 2);
      assert.match(stderr, /--payload/);
    },
  },
];
