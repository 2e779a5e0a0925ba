import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/result/comparison.ts';
import { readAs, readBaseline } from '../../src/result/documents.ts';
import { makeComparison } from '../report/comparison-fixture.ts';
import { makeResult } from '../report/fixture.ts';
import { madeShard } from '../support/made-shards.ts';
import { everyoneHears } from './merge/made-run.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sockbench-baseline-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function stored(document: unknown): string {
  const path = join(folder, 'document.json');
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  return path;
}

const seedsOf = (results: ReadonlyArray<{ plan: { seed: number } }>) => results.map(({ plan }) => plan.seed);

/** The runs of arm `arm`, by round. */
function runsOf({ rounds }: Comparison, arm: number) {
  return rounds.map(({ runs }) => runs.find((run) => run.arm === arm)?.result ?? null);
}

/** As a comparison stores it: each round has a seed of its own. */
function withSeeds(comparison: Comparison): Comparison {
  for (const { round, runs } of comparison.rounds) {
    for (const { result } of runs) if (result !== null) result.plan = { ...result.plan, seed: round };
  }
  return comparison;
}

describe('a baseline', () => {
  it('is the head of a comparison, round by round, in any order of its arms', async () => {
    const comparison = withSeeds(makeComparison({ rounds: 3, verdicts: { 'delivery.p50': 'REGRESSED' } }));
    const results = await readBaseline(stored(comparison));
    expect(results).toEqual(runsOf(comparison, 1));
    expect(results).not.toEqual(runsOf(comparison, 0));
    expect(seedsOf(results)).toEqual([1, 2, 3]);
  });

  it('is the last arm of several', async () => {
    const comparison = makeComparison({ command: 'compare', arms: ['a', 'b', 'c'], rounds: 2 });
    for (const { runs } of comparison.rounds) {
      for (const { arm, result } of runs)
        if (result !== null) result.plan = { ...result.plan, clients: 100 + arm };
    }
    const results = await readBaseline(stored(comparison));

    expect(results.map(({ plan }) => plan.clients)).toEqual([102, 102]);
  });

  it('leaves out rounds in which the head was not measured, or invalid', async () => {
    const comparison = withSeeds(makeComparison({ rounds: 4, excluded: 1 }));
    runsOf(comparison, 1)[2]?.invalid.push({ code: 'server_died', message: 'it died' });
    expect(seedsOf(await readBaseline(stored(comparison)))).toEqual([2, 4]);
  });

  it('is the one run of a result', async () => {
    const result = makeResult({ seconds: 1 });
    expect(await readBaseline(stored(result))).toEqual([result]);
  });

  it('that is a comparison can be read as one', async () => {
    const comparison = makeComparison({ rounds: 2 });
    const path = stored(comparison);
    expect(await readAs('comparison', path)).toEqual(comparison);
  });
});

describe('what is no baseline', () => {
  const edited = (change: (comparison: Comparison) => void): Comparison => {
    const comparison = structuredClone(makeComparison({ rounds: 2 }));
    change(comparison);
    return comparison;
  };
  const invalid = () => {
    const result = makeResult({ seconds: 1 });
    result.invalid.push({ code: 'interrupted', message: 'stopped by the user' });
    return result;
  };

  it.each<[string, () => unknown, code: string, message: RegExp, hint: RegExp]>([
    ['half a file', () => '{"schemaVersion":', 'BAD_RESULT', /cannot be read as JSON/, /rounds\.json/],
    ['a list', () => [], 'BAD_RESULT', /is not a sockbench result: the file: /, /result\.json/],
    [
      'a document of another kind',
      () => ({ kind: 'capacity', schemaVersion: 3 }),
      'BAD_RESULT',
      /is a sockbench capacity search, not a sockbench comparison$/,
      /rounds\.json/,
    ],
    [
      'a comparison of a later version',
      () => ({ ...makeComparison({ rounds: 2 }), schemaVersion: 99 }),
      'BAD_RESULT',
      /has schemaVersion 99; this sockbench reads 3$/,
      /newer one/,
    ],
    [
      'a comparison without rounds',
      () => edited((comparison) => void comparison.rounds.splice(0)),
      'BAD_BASELINE',
      /has no valid run of its last arm, head$/,
      /Measure the base again/,
    ],
    [
      'a comparison with an edited run',
      () =>
        edited((comparison) => {
          const [run] = runsOf(comparison, 1);
          if (run != null) run.ledger.expected += 1;
        }),
      'BAD_RESULT',
      /is inconsistent: /,
      /must not be edited/,
    ],
    [
      'one shard of a run',
      () => madeShard(everyoneHears(4), { index: 1, count: 2 }),
      'BAD_BASELINE',
      /is one of 2 shards; sockbench merge puts them together$/,
      /again/,
    ],
    ['an invalid run', invalid, 'BAD_BASELINE', /holds an invalid run.*: stopped by the user$/, /again/],
  ])('is %s', async (_, make, code, message, hint) => {
    const path = stored(make());
    await expect(readBaseline(path)).rejects.toMatchObject({
      code,
      exitCode: 2,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
    await expect(readBaseline(path)).rejects.toThrow(path);
  });

  it('is a file that is not there', async () => {
    await expect(readBaseline(join(folder, 'gone.json'))).rejects.toThrow(
      /gone\.json cannot be read.*ENOENT/,
    );
  });
});
