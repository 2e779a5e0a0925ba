/** Setup of every test file: all property tests run on the seed that vitest.config.ts chose and printed. */
import fc from 'fast-check';

const isExploring = process.env['EXPLORE'] === '1';

fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED']), ...(isExploring ? { numRuns: 1000 } : {}) });
