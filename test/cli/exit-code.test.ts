import { expect, it } from 'vitest';
import { exitCodeOfRun } from '../../src/cli/commands/run.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { parseThreshold } from '../../src/stats/thresholds.ts';
import { makeResult } from '../report/fixture.ts';

const VALID = makeResult({ clients: 1, rateHz: 20, seconds: 1 });
const EXPRESSIONS = ['lost==0', 'delivery.p50<1s'];

function outcome(passed: boolean | null, index: number) {
  return { expression: EXPRESSIONS[index] ?? '', passed, actual: null, lower: null, upper: null, detail: '' };
}

it.each<[exitCode: number, what: string, valid: boolean, outcomes: ReadonlyArray<boolean | null>]>([
  [0, 'a valid run without thresholds', true, []],
  [0, 'a valid run whose thresholds hold', true, [true, true]],
  [99, 'a valid run with a threshold that failed', true, [true, false]],
  [4, 'a valid run with a threshold that could not be judged', true, [true, null]],
  [99, 'a valid run with a threshold that failed and one that could not be judged', true, [null, false]],
  [3, 'an invalid run without thresholds', false, []],
  [3, 'an invalid run whose thresholds hold', false, [true, true]],
  [3, 'an invalid run with a threshold that failed', false, [false, true]],
  [3, 'an invalid run with a threshold that could not be judged', false, [null, null]],
])('%d is the exit code of %s', (exitCode, _, valid, outcomes) => {
  const result = {
    ...VALID,
    invalid: valid ? [] : [{ code: 'rate_not_held' as const, message: '1 of 2 messages sent' }],
    thresholds: outcomes.map(outcome),
  };
  expect(
    exitCodeOfRun(
      result,
      EXPRESSIONS.slice(0, outcomes.length).map((each) => parseThreshold(each)),
    ),
  ).toBe(exitCode);
});

it.each<[what: string, part: Partial<RunResult>]>([
  ['an overloaded server', { findings: [{ code: 'server_overloaded', message: '' }] }],
  ['a note', { notes: [{ code: 'warmup_unstable', message: '' }] }],
])('0 is the exit code of a valid run with %s', (_, part) => {
  expect(exitCodeOfRun({ ...VALID, ...part }, [])).toBe(0);
});
