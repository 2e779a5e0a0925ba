/**
 * Runs the unit tests with a fresh seed for their property tests, again and again, until one fails:
 *
 *     npm run explore -- [ROUNDS] [FILTER...]    10 rounds and all property tests unless given
 *
 * Each round prints its seed; PROPERTY_SEED=N npx vitest run FILE repeats it.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';

const [rounds = '10', ...filters] = process.argv.slice(2);
const propertyTests = globSync('test/**/*.test.ts').filter((file) =>
  readFileSync(file, 'utf8').includes("from 'fast-check'"),
);

for (let round = 0; round < Number(rounds) && !process.exitCode; round += 1) {
  const args = ['run', ...(filters.length > 0 ? filters : propertyTests)];
  const { status } = spawnSync('vitest', args, { stdio: 'inherit', env: { ...process.env, EXPLORE: '1' } });
  process.exitCode = status ?? 1;
}
