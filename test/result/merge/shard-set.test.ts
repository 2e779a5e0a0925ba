import { describe, expect, it } from 'vitest';
import { ShardMerge } from '../../../src/result/merge/shard-merge.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import { makeResult } from '../../report/fixture.ts';
import { madeShard, madeShards } from '../../support/made-shards.ts';
import { thrownBy } from '../../thrown.ts';
import { everyoneHears } from './made-run.ts';

const RUN = everyoneHears(6, 4);
const [A, B, C] = madeShards(RUN, 3) as [RunResult, RunResult, RunResult];

/** The error of merging the files `a.json`, `b.json` and so on, in this order. */
function refusalOf(...results: readonly RunResult[]) {
  return thrownBy(() => {
    const merge = new ShardMerge();
    for (const [index, result] of results.entries()) merge.add(`${'abcdef'[index]}.json`, result);
    merge.result();
  });
}

const otherPlan = (change: Partial<RunResult['plan']>): RunResult => ({
  ...B,
  plan: { ...B.plan, ...change },
});

describe('files that are not all shards of one run are refused by name', () => {
  it.each<[what: string, files: RunResult[], code: string, message: string]>([
    ['none', [], 'NO_SHARDS', 'no results of shards were given'],
    [
      'the result of a whole run',
      [A, makeResult()],
      'NOT_A_SHARD',
      'b.json is the result of a whole run, not that of a shard',
    ],
    ['a missing one', [A, C], 'SHARDS_MISSING', 'shard 2/3 is missing: 2 shards of 3 given'],
    ['two missing ones', [C], 'SHARDS_MISSING', 'shards 1/3 and 2/3 are missing: 1 shard of 3 given'],
    ['one given twice', [A, B, A], 'SHARD_TWICE', 'c.json is shard 1/3, and so is a.json'],
    [
      'another number of shards',
      [A, madeShard(RUN, { index: 2, count: 2 })],
      'OTHER_RUN',
      'b.json is shard 2/2, but a.json is shard 1/3: the numbers of shards differ',
    ],
    [
      'one of another run',
      [A, madeShard(RUN, { index: 2, count: 3 }, { meeting: 'another' })],
      'OTHER_RUN',
      'b.json is not of the same run as a.json: its meeting is "another" instead of "a meeting"',
    ],
    [
      'receive times of another clock',
      [A, { ...B, receiving: { clock: 'kernel', sockets: 'kernel', problem: null } }],
      'RECEIVE_CLOCKS_DIFFER',
      'the receive times of b.json are those of the kernel, but those of a.json are those of the process',
    ],
    [
      'another payload',
      [A, otherPlan({ payloadBytes: 128 })],
      'PLANS_DIFFER',
      'b.json has another plan than a.json: payloadBytes is 128 instead of 64',
    ],
    [
      'another rate',
      [A, otherPlan({ profile: [{ durationMs: 1000, fromHz: 1, toHz: 2 }] })],
      'PLANS_DIFFER',
      'b.json has another plan than a.json: profile[0].toHz is 2 instead of 1',
    ],
    [
      'another stage',
      [A, otherPlan({ profile: [...B.plan.profile, { durationMs: 1, fromHz: 1, toHz: 1 }] })],
      'PLANS_DIFFER',
      'b.json has another plan than a.json: profile[1] is {"durationMs":1,"fromHz":1,"toHz":1} instead of missing',
    ],
    [
      'another server',
      [A, otherPlan({ target: { ...B.plan.target, url: 'ws://\u001b[31m/' } })],
      'PLANS_DIFFER',
      'b.json has another plan than a.json: target.url is "ws://\\u001b[31m/" instead of null',
    ],
    [
      'a threshold that others do not have',
      [A, otherPlan({ thresholds: ['lost==0'] })],
      'PLANS_DIFFER',
      'b.json has another plan than a.json: thresholds[0] is "lost==0" instead of missing',
    ],
  ])('%s', (_, files, code, message) => {
    expect(refusalOf(...files)).toMatchObject({ code, message, exitCode: 2 });
    expect(refusalOf(...files).hint).not.toBe('');
  });

  it('a merge', () => {
    const merge = new ShardMerge();
    for (const shard of [A, B, C]) merge.add('x.json', { ...shard });
    expect(refusalOf(merge.result())).toMatchObject({
      code: 'ALREADY_MERGED',
      message: 'a.json is the result of a merge already',
    });
  });

  it('but the folder of a file may differ from machine to machine', () => {
    const here = { ...A, plan: { ...A.plan, target: { ...A.plan.target, file: '/home/a/target.ts' } } };
    const there = otherPlan({
      target: { ...B.plan.target, file: '/srv/b/target.ts', allowRemote: 'example.com' },
    });
    expect(refusalOf(here, there)).toMatchObject({ code: 'SHARDS_MISSING' });
  });

  it('and names ten of many missing ones', () => {
    expect(refusalOf(madeShard(everyoneHears(2, 1), { index: 1, count: 200 })).message).toMatch(
      /^shards 2\/200, 3\/200, .*, 11\/200 and 189 more are missing: 1 shard of 200 given$/,
    );
  });
});
