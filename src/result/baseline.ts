import { SockbenchError } from '../errors.ts';
import { parseComparison, ROUNDS_HINT } from './comparison.ts';
import type { RunResult } from './run-result.ts';
import { kindOf, parseResult, readJson, requireSound } from './store.ts';

/**
 * Runs that stand for a base which is not measured again: of the rounds.json of a comparison, those of its last arm (a
 * gate's head) that are valid, in the order of their rounds; of the result.json of a run, that one run. They say
 * something about the machine and the load that they were measured with, and no other: see fingerprint.ts.
 *
 * Throws BAD_RESULT for a file that is neither, of another version, or edited; BAD_BASELINE for one without a valid
 * run.
 */
export async function readBaseline(path: string): Promise<RunResult[]> {
  const stored = await readJson(path, ROUNDS_HINT);
  if (kindOf(stored) === null) return [requireValid(path, parseResult(path, stored))];
  const comparison = parseComparison(path, stored);
  const last = comparison.design.arms.length - 1;
  const results = comparison.rounds
    .flatMap(({ runs }) => runs)
    .filter(({ arm }) => arm === last)
    .map(({ result }) => result)
    .filter((result) => result !== null);
  for (const result of results) requireSound(path, result);
  const valid = results.filter(({ invalid }) => invalid.length === 0);
  const name = comparison.design.arms[last]?.name ?? '';
  return valid.length > 0 ? valid : refuseBaseline(path, `has no valid run of its last arm, ${name}`);
}

function requireValid(path: string, result: RunResult): RunResult {
  const [reason] = result.invalid;
  return reason === undefined
    ? result
    : refuseBaseline(path, `holds an invalid run, which proves nothing: ${reason.message}`);
}

function refuseBaseline(path: string, problem: string): never {
  throw new SockbenchError({
    code: 'BAD_BASELINE',
    message: `${path} ${problem}`,
    hint: 'Measure the base again, on a quiet machine.',
  });
}
