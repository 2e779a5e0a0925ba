import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runResultSchema } from '../../src/result/run-result.ts';
import { everyoneHears } from '../result/merge/made-run.ts';
import { madeShards } from '../support/made-shards.ts';
import { temporaryFolder } from '../support/sockbench.ts';
import { runFake } from './fake-cli.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PATHS = madeShards(everyoneHears(6), 3).map((shard, index) => {
  const path = join(folder, `${index + 1}.json`);
  writeFileSync(path, JSON.stringify(shard));
  return path;
});
const [FIRST = '', SECOND = ''] = PATHS;

function merge(...args: readonly string[]) {
  const out = temporaryFolder();
  return { out, ended: runFake('merge', '--out', out, '--verbose', ...args) };
}

describe('sockbench merge', () => {
  it('writes and shows one ordinary result', async () => {
    const { out, ended } = merge(...PATHS, '--format', 'text,json,html,md,csv,hgrm,hlog,table', '--quiet');
    const { exitCode, stdout, stderr } = await ended;
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^VALID\n/);
    expect(stdout).toMatch(/Shards\nshard +host .*\n1\/3 +host-1 .*\n2\/3 +host-2 .*\n3\/3 +host-3 /);
    const name = 'broadcast-latency-socketio-websocket-20260304-050607-891';
    expect(readdirSync(out).sort()).toEqual(
      ['csv', 'hgrm', 'hlog', 'html', 'json', 'md', 'table.txt'].map((ending) => `${name}.${ending}`),
    );
    const stored = runResultSchema.parse(JSON.parse(readFileSync(join(out, `${name}.json`), 'utf8')));
    expect(stored.ledger).toMatchObject({ expected: 240, delivered: 240, lost: 0 });
    expect(readFileSync(join(out, `${name}.html`), 'utf8')).toContain('host-3');
    rmSync(out, { recursive: true });
  });

  it.each([
    [['--threshold', 'lost==0', '--threshold', 'delivery.p50<1h'], 0, 'passed: lost==0: 0'],
    [['--threshold', 'delivery.p50<1us'], 99, 'FAILED: delivery.p50<1us: 1.00 ms'],
    [
      ['--threshold', 'delivery.p99<1h'],
      4,
      'not judged: delivery.p99<1h: judging it needs 1,000 independent samples',
    ],
  ] as const)('judges thresholds on the whole: %j', async (flags, exitCode, shown) => {
    const { out, ended } = merge(...PATHS, '--format', 'text', ...flags);
    const result = await ended;
    expect(result.stdout).toContain(shown);
    expect(result.exitCode).toBe(exitCode);
    rmSync(out, { recursive: true });
  });

  it('judges the thresholds of the shards again', async () => {
    const shards = madeShards(everyoneHears(6), 2).map((shard, index) => {
      const path = join(folder, `t${index}.json`);
      writeFileSync(path, JSON.stringify({ ...shard, plan: { ...shard.plan, thresholds: ['lost==1'] } }));
      return path;
    });
    const { out, ended } = merge(...shards, '--format', 'text', '--threshold', 'lost==1');
    const { exitCode, stdout } = await ended;
    expect(exitCode).toBe(99);
    expect(stdout.match(/FAILED: lost==1: 0/g)).toHaveLength(1);
    expect(stdout).toMatch(/\n\u2717 lost==1: 0\n/);
    rmSync(out, { recursive: true });
  });

  it('exits 3 and names a shard that was late', async () => {
    const late = join(folder, 'late.json');
    const shard = JSON.parse(readFileSync(PATHS[2] ?? '', 'utf8'));
    writeFileSync(late, JSON.stringify({ ...shard, shard: { ...shard.shard, lateMs: 700 } }));
    const { out, ended } = merge(FIRST, SECOND, late, '--format', 'text', '--threshold', 'lost==1');
    const { exitCode, stdout } = await ended;
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/^INVALID: shard 3\/3 \(host-3\) began 700ms after the others\n/);
    rmSync(out, { recursive: true });
  });

  it.each<[what: string, args: readonly string[], error: string]>([
    ['a missing shard', [FIRST, SECOND], 'error: shard 3/3 is missing: 2 shards of 3 given\n'],
    ['a shard given twice', [FIRST, SECOND, FIRST], `error: ${FIRST} was given twice\n`],
    ['no file', [], "error: missing required argument 'result.json'\n"],
    [
      'a file that is missing',
      [join(folder, 'none.json')],
      `error: ${join(folder, 'none.json')} cannot be read: `,
    ],
    [
      'a threshold that is none',
      [...PATHS, '--threshold', 'delivery.p99'],
      'error: --threshold "delivery.p99", column 13: an operator is missing',
    ],
    ['an unknown format', [...PATHS, '--format', 'pdf'], 'error: --format: there is no format "pdf"'],
    [
      'another version',
      [edited({ schemaVersion: 4 })],
      `error: ${join(folder, 'edited.json')} has schemaVersion 4`,
    ],
  ])('refuses %s with exit code 2', async (_, args, error) => {
    const { out, ended } = merge(...args);
    const { exitCode, stdout, stderr } = await ended;
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(error);
    expect(readdirSync(out)).toEqual([]);
    rmSync(out, { recursive: true });
  });
});

/** A shard with other values, in a file. */
function edited(values: object): string {
  const path = join(folder, 'edited.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(FIRST, 'utf8')), ...values }));
  return path;
}

describe('sockbench report', () => {
  it.each(['text', 'md', 'html', 'csv', 'hlog', 'hgrm'])(
    'says of one shard that it is one: %s',
    async (format) => {
      const { exitCode, stdout } = await runFake('report', SECOND, '--verbose', '--format', format);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(
        format === 'html'
          ? 'This is shard 2 of 3: only a merge of all shards has the whole run'
          : 'SHARD 2 OF 3 (only a merge of all shards has the whole run), VALID',
      );
    },
  );

  it('counts the shards among several results', async () => {
    const { stdout } = await runFake('report', '--verbose', ...PATHS);
    expect(stdout).toMatch(/^3 VALID, 3 SHARD of 3 results\n/);
  });
});
