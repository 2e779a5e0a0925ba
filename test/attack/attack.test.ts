import { describe, expect, test } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { NO_PROC } from '../support/proc.ts';
import { runCase } from './attack.ts';
import { CASES } from './cases/index.ts';

skipWhenMissing(NO_PROC);

const IN_CI = Object.entries(CASES).flatMap(([area, cases]) =>
  cases
    .filter(({ inCi }) => inCi === true)
    .map((attackCase) => ({ area, attackCase, name: attackCase.name })),
);

/** `npm run attack` runs all cases. */
describe('an attempt to break sockbench', () => {
  test.for(IN_CI)('$area: $name', async ({ attackCase }, { skip }) => {
    const { faults, missing } = await runCase(attackCase);
    if (missing !== null) skip(missing);
    expect(faults).toEqual([]);
  });
});
