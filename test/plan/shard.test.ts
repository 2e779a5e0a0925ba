import { describe, expect, it } from 'vitest';
import { clientsOfShard, MAX_SHARDS, parseShard, shardOfClient } from '../../src/plan/shard.ts';
import { SCHEDULERS, shardFromEnvironment } from '../../src/plan/shard-environment.ts';
import { thrownBy } from '../thrown.ts';

describe('a shard', () => {
  it.each([
    ['1/1', { index: 1, count: 1 }],
    ['2/4', { index: 2, count: 4 }],
    [' 1000/1000 ', { index: 1000, count: 1000 }],
  ])('is read from %j', (text, shard) => {
    expect(parseShard(text)).toEqual(shard);
    expect(shardFromEnvironment(text, { CI_NODE_INDEX: '7', CI_NODE_TOTAL: '9' })).toEqual(shard);
  });

  it.each([
    '',
    '2',
    '/4',
    '2/',
    '2/4/8',
    '-1/4',
    '1.5/4',
    '0x1/4',
    '2 / 4',
    '1234567/4',
    'env/',
    'env/x',
    'env4',
    'ENV',
  ])('is not %j', (text) => {
    expect(thrownBy(() => shardFromEnvironment(text, {}))).toMatchObject({
      code: 'BAD_SHARD',
      message: `"${text}" is not a shard`,
    });
  });

  it.each([
    ['0/4', '"0/4" is not one of 4 shards'],
    ['5/4', '"5/4" is not one of 4 shards'],
    ['1/0', '"1/0" has 0 shards'],
    ['1/1001', '"1/1001" has 1001 shards'],
  ])('is not %j: out of range', (text, message) => {
    expect(thrownBy(() => parseShard(text))).toMatchObject({ code: 'BAD_SHARD', message });
  });

  it('has every n-th client, so that the shards share all of them', () => {
    const shares = [1, 2, 3].map((index) => clientsOfShard({ index, count: 3 }, 8));
    expect(shares).toEqual([
      [0, 3, 6],
      [1, 4, 7],
      [2, 5],
    ]);
    expect([0, 3, 5, 7].map((client) => shardOfClient(client, 3))).toEqual([1, 1, 3, 2]);
  });
});

const slurm = (id: number, min: number, step: number | null, count: number, max: number | null = null) => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_MIN: String(min),
  ...(max === null ? {} : { SLURM_ARRAY_TASK_MAX: String(max) }),
  SLURM_ARRAY_TASK_COUNT: String(count),
  ...(step === null ? {} : { SLURM_ARRAY_TASK_STEP: String(step) }),
});

describe('a shard from the environment', () => {
  it.each([
    ['Kubernetes, the first', 'env/4', { JOB_COMPLETION_INDEX: '0' }, { index: 1, count: 4 }],
    ['Kubernetes, the last', 'env/4', { JOB_COMPLETION_INDEX: '3' }, { index: 4, count: 4 }],
    ['GitLab, the first', 'env', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '4' }, { index: 1, count: 4 }],
    ['GitLab, the last', 'env', { CI_NODE_INDEX: '4', CI_NODE_TOTAL: '4' }, { index: 4, count: 4 }],
    [
      'GitLab with the same count',
      'env/4',
      { CI_NODE_INDEX: '2', CI_NODE_TOTAL: '4' },
      { index: 2, count: 4 },
    ],
    ['Slurm, --array=0-3', 'env', slurm(0, 0, 1, 4, 3), { index: 1, count: 4 }],
    ['Slurm, --array=1-4', 'env', slurm(4, 1, 1, 4, 4), { index: 4, count: 4 }],
    ['Slurm, --array=10-40:10', 'env', slurm(30, 10, 10, 4, 40), { index: 3, count: 4 }],
    ['Slurm, --array=5', 'env', slurm(5, 5, 1, 1, 5), { index: 1, count: 1 }],
    ['Slurm without a step', 'env/4', slurm(2, 1, null, 4), { index: 2, count: 4 }],
    [
      'AWS Batch, the first',
      'env',
      { AWS_BATCH_JOB_ARRAY_INDEX: '0', AWS_BATCH_JOB_ARRAY_SIZE: '2' },
      { index: 1, count: 2 },
    ],
    [
      'AWS Batch, the last',
      'env',
      { AWS_BATCH_JOB_ARRAY_INDEX: '1', AWS_BATCH_JOB_ARRAY_SIZE: '2' },
      { index: 2, count: 2 },
    ],
    ['AWS Batch without a size', 'env/3', { AWS_BATCH_JOB_ARRAY_INDEX: '1' }, { index: 2, count: 3 }],
    // A job of GitLab without `parallel` has a total; some runners set what does not apply to the empty text.
    [
      'one scheduler among traces of another',
      'env/2',
      { JOB_COMPLETION_INDEX: '1', CI_NODE_TOTAL: '1', CI_NODE_INDEX: '', SLURM_ARRAY_TASK_COUNT: '9' },
      { index: 2, count: 2 },
    ],
  ])('%s', (_, text, env, shard) => {
    expect(shardFromEnvironment(text, env)).toEqual(shard);
  });

  it.each([
    [
      'no scheduler',
      'env',
      { CI_NODE_TOTAL: '4' },
      '--shard env found none of JOB_COMPLETION_INDEX (Kubernetes Indexed Job), CI_NODE_INDEX (GitLab parallel), SLURM_ARRAY_TASK_ID (Slurm array) and AWS_BATCH_JOB_ARRAY_INDEX (AWS Batch array job)',
    ],
    [
      'several schedulers',
      'env/4',
      { JOB_COMPLETION_INDEX: '1', CI_NODE_INDEX: '2', CI_NODE_TOTAL: '4' },
      '--shard env found several schedulers: JOB_COMPLETION_INDEX=1 (Kubernetes Indexed Job) and CI_NODE_INDEX=2 (GitLab parallel)',
    ],
    [
      'Kubernetes without a count',
      'env',
      { JOB_COMPLETION_INDEX: '1' },
      'JOB_COMPLETION_INDEX=1, but its scheduler sets no count',
    ],
    [
      'GitLab without a count',
      'env',
      { CI_NODE_INDEX: '1' },
      'CI_NODE_INDEX=1, but CI_NODE_TOTAL is not set',
    ],
    [
      'another count',
      'env/4',
      { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '3' },
      '--shard env/4 contradicts CI_NODE_TOTAL=3',
    ],
    [
      'an index past the last',
      'env/4',
      { JOB_COMPLETION_INDEX: '4' },
      'JOB_COMPLETION_INDEX=4: 4 shards have the indexes 0 to 3',
    ],
    [
      'an index before the first',
      'env',
      { CI_NODE_INDEX: '0', CI_NODE_TOTAL: '3' },
      'CI_NODE_INDEX=0 and CI_NODE_TOTAL=3: 3 shards have the indexes 1 to 3',
    ],
    [
      // As Slurm 22.05 sets them for --array=1,3,7; the index alone would be that of a shard.
      'a Slurm array with a gap',
      'env',
      slurm(3, 1, 1, 3, 7),
      'SLURM_ARRAY_TASK_ID=3, SLURM_ARRAY_TASK_MIN=1, SLURM_ARRAY_TASK_MAX=7, SLURM_ARRAY_TASK_STEP=1 and SLURM_ARRAY_TASK_COUNT=3: 3 shards have the indexes 1 to 3',
    ],
    [
      'a Slurm task between two steps',
      'env',
      slurm(2, 1, 2, 3),
      'SLURM_ARRAY_TASK_ID=2, SLURM_ARRAY_TASK_MIN=1, SLURM_ARRAY_TASK_STEP=2 and SLURM_ARRAY_TASK_COUNT=3: 3 shards have the indexes 1 to 5 in steps of 2',
    ],
    [
      'Slurm without its first index',
      'env/4',
      { SLURM_ARRAY_TASK_ID: '1' },
      '--shard env: SLURM_ARRAY_TASK_MIN is not set',
    ],
    [
      'an index that is no number',
      'env/4',
      { JOB_COMPLETION_INDEX: '1\n2' },
      'JOB_COMPLETION_INDEX=1\\n2 is not a whole number',
    ],
    [
      'a negative index',
      'env/4',
      { JOB_COMPLETION_INDEX: '-1' },
      'JOB_COMPLETION_INDEX=-1 is not a whole number',
    ],
    ['no shards', 'env/0', { JOB_COMPLETION_INDEX: '0' }, '--shard env/0: the number of shards is 1 to 1000'],
    [
      'too many shards',
      'env',
      { AWS_BATCH_JOB_ARRAY_INDEX: '1', AWS_BATCH_JOB_ARRAY_SIZE: '1001' },
      'AWS_BATCH_JOB_ARRAY_SIZE=1001: the number of shards is 1 to 1000',
    ],
  ])('is refused for %s', (_, text, env, message) => {
    expect(thrownBy(() => shardFromEnvironment(text, env))).toMatchObject({ code: 'BAD_SHARD', message });
  });

  it('finds every index of every scheduler, by its row alone', () => {
    const rows = SCHEDULERS.filter((each) => each.index !== null);
    expect(rows).toHaveLength(4);
    for (const { index, first, last, step, count } of rows) {
      for (let own = 1; own <= 5; own++) {
        const start = typeof first === 'number' ? first : 20;
        const distance = step === null ? 1 : 3;
        const env = Object.fromEntries(
          [
            [index, start + (own - 1) * distance],
            [first, start],
            [last, start + 4 * distance],
            [step, distance],
            [count, 5],
          ].flatMap(([name, value]) => (typeof name === 'string' ? [[name, String(value)]] : [])),
        );
        expect(shardFromEnvironment('env/5', env)).toEqual({ index: own, count: 5 });
      }
    }
    expect(MAX_SHARDS).toBeGreaterThan(5);
  });
});
