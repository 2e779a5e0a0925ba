import { expect, it } from 'vitest';
import { FUZZ_TARGETS, fuzz } from './fuzz.ts';

/** `npm run fuzz` goes on with other seeds. */
const SEEDS = 800;
const FIRST = Number(process.env['PROPERTY_SEED']) * 1_000_000;

it.each(Object.keys(FUZZ_TARGETS))(`%s: ${SEEDS} seeds from ${FIRST}`, async (target) => {
  await expect(fuzz(target, FIRST, SEEDS)).resolves.toBeUndefined();
});

it('a failure names the command that repeats it', async () => {
  await expect(fuzz('nothing', 1, 1)).rejects.toThrow('nothing is not a target; there are frames, handshake');
});
