/**
 * Sends random and damaged bytes into the readers of the wire driver, until the time is over or an oracle fails:
 *
 *     npm run fuzz -- [--minutes 1] [--seed N] [--target NAME]
 *
 * A failure names its target and seed; `--seed N --target NAME` repeats it alone.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Dice, diceOf } from '../../support/dice.ts';
import { fuzzFrames } from './frames-target.ts';
import {
  fuzzDeflateAnswer,
  fuzzHandshake,
  fuzzInflater,
  fuzzPackets,
  fuzzRequest,
  fuzzUtf8,
} from './other-targets.ts';

export const FUZZ_TARGETS: Readonly<Record<string, (dice: Dice) => void>> = {
  frames: fuzzFrames,
  handshake: fuzzHandshake,
  inflater: fuzzInflater,
  'deflate-answer': fuzzDeflateAnswer,
  utf8: fuzzUtf8,
  packets: fuzzPackets,
  request: fuzzRequest,
};

/** What the readers may leave behind: a length that is announced must not be allocated, and nothing is kept. */
const MAX_HELD_BYTES = 64 * 1024 ** 2;

/** Runs a target once. Throws an Error that names the seed where an oracle fails. */
function fuzzOnce(target: string, seed: number): void {
  const run = FUZZ_TARGETS[target];
  if (run === undefined)
    throw new Error(`${target} is not a target; there are ${Object.keys(FUZZ_TARGETS).join(', ')}`);
  try {
    run(diceOf(seed));
  } catch (error) {
    throw new Error(`repeat it by: npm run fuzz -- --target ${target} --seed ${seed}`, { cause: error });
  }
}

/** Runs a target with many seeds. Rejects where one fails, or where memory is held after all of them. */
export async function fuzz(target: string, firstSeed: number, count: number): Promise<void> {
  // Other tests in this process may hold some.
  const heldBefore = await heldBytes();
  for (let seed = firstSeed; seed < firstSeed + count; seed++) fuzzOnce(target, seed);
  const held = (await heldBytes()) - heldBefore;
  if (held > MAX_HELD_BYTES)
    throw new Error(`${held} bytes of buffers are held after ${target}, seed ${firstSeed}`);
}

/** The bytes of buffers that are in use once garbage is collected. */
async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  // Memory outside of the heap is freed in the event loop.
  await new Promise(setImmediate);
  runInNewContext('gc')();
  await new Promise(setImmediate);
  return process.memoryUsage().arrayBuffers;
}

const SEEDS_AT_A_TIME = 500;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      target: { type: 'string' },
    },
  });
  const targets = values.target === undefined ? Object.keys(FUZZ_TARGETS) : [values.target];
  if (values.seed !== undefined) {
    for (const target of targets) await fuzz(target, Number(values.seed), 1);
    return;
  }
  const first = Date.now() % 2 ** 30;
  const endMs = performance.now() + Number(values.minutes) * 60_000;
  console.log(`seeds from ${first}`);
  let seed = first;
  for (; performance.now() < endMs; seed += SEEDS_AT_A_TIME) {
    for (const target of targets) await fuzz(target, seed, SEEDS_AT_A_TIME);
  }
  console.log(`${seed - first} seeds for each of ${targets.join(', ')}: no failure`);
}

if (process.argv[1] === import.meta.filename) await main();
