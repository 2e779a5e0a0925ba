import { defineConfig } from 'vitest/config';

/** Tests that judge times or memory: they must not disturb each other, nor be disturbed by the others. */
const ALONE = ['test/e2e/must-hold.test.ts', 'test/e2e/faults.test.ts', 'test/e2e/gate-verdict.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'two at a time',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
