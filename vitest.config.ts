import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** These tests judge times or memory, so nothing else may run beside them. */
const ALONE = ['test/e2e/must-hold.test.ts', 'test/e2e/faults.test.ts', 'test/e2e/gate-verdict.test.ts'];

/** `npm run explore` draws fresh seeds for property tests; PROPERTY_SEED repeats one of them. */
const isExploring = process.env['EXPLORE'] === '1';
const seed = process.env['PROPERTY_SEED'] ?? String(isExploring ? Date.now() % 2 ** 31 : 1);
console.log(`property tests use PROPERTY_SEED=${seed}`);

export default defineConfig({
  test: {
    testTimeout: isExploring ? 600_000 : 60_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/property-seed.ts'],
    env: {
      PROPERTY_SEED: seed,
      // Hundreds of processes start from the same sources: compiling each source once halves their start-up time.
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/sockbench'),
    },
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
