import { describe, expect, it } from 'vitest';
import type { Block } from '../../src/report/blocks.ts';
import { comparisonProfileBlocks, runProfileBlocks } from '../../src/report/content/profiles.ts';
import { cellFigure } from '../../src/report/content/table.ts';
import type { Comparison } from '../../src/result/comparison.ts';
import type { ProfiledFunction, StoredProfile } from '../../src/result/stored-profile.ts';
import { makeComparison } from './comparison-fixture.ts';
import { makeResult } from './fixture.ts';

const WORK: ProfiledFunction = { name: 'work', file: 'server.js', line: 3, selfMs: 60 };
const WRITE: ProfiledFunction = { name: 'writev', file: '', line: 0, selfMs: 20 };

function profileOf(functions: ProfiledFunction[], busyMs = 100, pid = 7): StoredProfile {
  const file = `profiles/${pid}.cpuprofile`;
  return { pid, file, intervalUs: 1000, sampledMs: 200, busyMs, probeMs: 2, functions };
}

/** The rows of every table, as text. */
function rowsOf(blocks: readonly Block[]): Array<readonly string[]> {
  return blocks.flatMap((block) => {
    if (block.kind === 'details') return rowsOf(block.blocks);
    return block.kind === 'table' ? block.table.rows.map((row) => row.map(cellFigure)) : [];
  });
}

describe('the profile of a run', () => {
  it('lists functions with their share of the busy time, time and place', () => {
    const result = { ...makeResult(), profiles: [profileOf([WORK, WRITE])] };
    expect(rowsOf(runProfileBlocks(result))).toEqual([
      ['work', '60.0', '60.0', 'server.js:3'],
      ['writev', '20.0', '20.0', ''],
    ]);
    const text = JSON.stringify(runProfileBlocks(result));
    expect(text).toContain('busy 50 % of the measured time, without 1 % in the probe of sockbench');
    expect(text).toContain('profiles/7.cpuprofile');
  });

  it('of a server that did nothing has no row and no NaN', () => {
    const result = { ...makeResult(), profiles: [{ ...profileOf([], 0), sampledMs: 0 }] };
    expect(JSON.stringify(runProfileBlocks(result))).not.toContain('NaN');
    expect(rowsOf(runProfileBlocks(result))).toEqual([]);
  });

  it('is nothing without --profile', () => {
    expect(runProfileBlocks(makeResult())).toEqual([]);
  });
});

describe('the profiles of a comparison', () => {
  /** The base spends its time in `work`, the head, which has two processes, in `moved`. */
  function profiled(): Comparison {
    const comparison = makeComparison({ rounds: 2 });
    const moved = { ...WORK, line: 9, selfMs: 10 };
    const profiles = [
      [profileOf([WORK])],
      [profileOf([moved, { ...WRITE, selfMs: 40 }]), profileOf([moved], 100, 8)],
    ];
    const rounds = comparison.rounds.map((round) => ({
      ...round,
      runs: round.runs.map((run) => {
        const taken = profiles[run.arm] ?? [];
        return run.result === null ? run : { ...run, result: { ...run.result, profiles: taken } };
      }),
    }));
    return { ...comparison, rounds };
  }

  it('show each function in all arms, over all rounds and processes, the largest share first', () => {
    expect(rowsOf(comparisonProfileBlocks(profiled()))).toEqual([
      ['work', '60.0', '10.0', 'server.js:3'],
      ['writev', '-', '20.0', ''],
    ]);
  });

  it('are nothing without --profile', () => {
    expect(comparisonProfileBlocks(makeComparison())).toEqual([]);
  });
});
