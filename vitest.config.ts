import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** These tests judge times, so nothing else may run beside them. */
const ALONE = ['must-hold', 'fault-times', 'gate-verdict', 'captured', 'next-run'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

/** These take the longest. Their tests start processes of their own, share nothing and judge no times. */
const TWO_TESTS_AT_A_TIME = ['exact', 'examples', 'exec', 'faults', 'presets'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

/** Tests that start processes wait for half of their time. Four files keep two CPUs busy. */
const FILES_AT_A_TIME = 4;

/** `npm run explore` draws fresh seeds for property tests; PROPERTY_SEED repeats one of them. */
const isExploring = process.env['EXPLORE'] === '1';
const seed = process.env['PROPERTY_SEED'] ?? String(isExploring ? Date.now() % 2 ** 31 : 1);
console.log(`property tests use PROPERTY_SEED=${seed}`);

export default defineConfig({
  test: {
    testTimeout: isExploring ? 600_000 : 60_000,
    hookTimeout: 60_000,
    globalSetup: ['test/support/bundle.ts'],
    setupFiles: ['test/support/setup.ts'],
    env: {
      PROPERTY_SEED: seed,
      // Calibrations of this machine would change what runs report.
      XDG_STATE_HOME: join(import.meta.dirname, 'node_modules/.cache/no-state'),
      // Hundreds of processes start from the same sources: compiling each source once halves their start-up time.
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/sockbench'),
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'several',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, ...TWO_TESTS_AT_A_TIME],
          // A worker imports each module once for all of its files, which saves a quarter of the CPU time. Tests restore
          // what they change outside of themselves.
          isolate: false,
          maxWorkers: FILES_AT_A_TIME,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'runs',
          include: TWO_TESTS_AT_A_TIME,
          maxConcurrency: 2,
          maxWorkers: FILES_AT_A_TIME,
          sequence: { groupOrder: 0, concurrent: true },
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
