import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { trendSchema } from '../../src/result/trend.ts';
import { runOfDay, STEP } from '../report/trend-fixture.ts';
import { temporaryFolder } from '../support/sockbench.ts';
import { runFake } from './fake-cli.ts';

const folder = temporaryFolder();
const reports = join(folder, 'reports');
const out = join(folder, 'out');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runs = STEP.map((medianMs, day) => runOfDay(day, medianMs));

mkdirSync(join(reports, 'november', '.hidden'), { recursive: true });
for (const [day, run] of runs.entries()) {
  writeFileSync(join(reports, day < 9 ? '' : 'november', `${day}.json`), JSON.stringify(run));
}
writeFileSync(join(reports, 'broken.json'), '{"schemaVersion":');
writeFileSync(join(reports, 'foreign.json'), '{"name":"a package"}');
writeFileSync(join(reports, 'old.json'), '{"schemaVersion":2}');
writeFileSync(join(reports, 'november', 'bencher.json'), '{}');
writeFileSync(join(reports, 'november', '.hidden', 'a.json'), '{}');
writeFileSync(join(reports, 'notes.txt'), 'notes');

const trend = (...args: readonly string[]) => runFake('trend', ...args, '--out', out);

describe('sockbench trend', () => {
  it('reads a folder and its folders, names what it skips, and marks the change', async () => {
    const { exitCode, stdout, stderr } = await trend(reports);
    expect([exitCode, stderr]).toEqual([0, `wrote ${join(out, 'trend.json')}\n`]);
    expect(stdout).toMatch(/^broadcast-latency on ws, 18 runs, /);
    expect(stdout).toMatch(
      /\n1 change found in 18 results: 1 worse\nworse: .*\n.*\npage {2}\S+trend\.html\n$/,
    );
    expect(readdirSync(out).sort()).toEqual(['trend.html', 'trend.json']);
    const stored = trendSchema.parse(JSON.parse(readFileSync(join(out, 'trend.json'), 'utf8')));
    expect(
      stored.skipped.map(({ path, reason }) => [path.slice(reports.length + 1), reason.slice(0, 24)]),
    ).toEqual([
      ['broken.json', 'cannot be read as JSON: '],
      ['foreign.json', 'is not a sockbench resul'],
      ['old.json', 'has schemaVersion 2; thi'],
    ]);
    expect(stored.histories[0]?.points.map(({ commit }) => commit)).toEqual(
      runs.map((run) => run.environment.commit),
    );
  });

  it('leaves out its own document in a folder, and report renders that again', async () => {
    const again = await trend(reports, out, '--quiet');
    expect([again.exitCode, again.stderr]).toEqual([0, '']);
    const rendered = await runFake('report', join(out, 'trend.json'));
    const page = `page  ${join(out, 'trend.html')}\n`;
    expect([rendered.exitCode, `${rendered.stdout}${page}`]).toEqual([0, again.stdout]);
  });

  it('follows the metrics that are asked for', async () => {
    const { stdout } = await trend(reports, '--metric', 'lost', '--metric', 'delivery.p95', '--by', 'commit');
    expect(stdout).toMatch(/\nlost +0 +0 +none\n/);
    expect(stdout).not.toContain('delivery.p50');
  });

  it.each([
    [['--metric', 'delivery.p50', '--metric', 'delvery.p50'], /^error: "delvery" is not one of/],
    [['--by', 'week'], /^error: --by: "week" is not date or commit/],
    [['--format', 'junit'], /^error: --format: "junit" is a format of a comparison, not of a trend/],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await trend(reports, ...args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('refuses a folder with nothing to compare', async () => {
    const only = join(reports, '0.json');
    const alone = await trend(only);
    expect([alone.exitCode, alone.stderr]).toEqual([
      2,
      `error: no two results of the same plan and environment in 1 file; ${only} is the only result of its plan and environment\nGive a folder with results that sockbench run, compare or gate wrote.\n`,
    ]);
    const empty = await trend(join(reports, 'november', '.hidden', '..', '.hidden'));
    expect([empty.exitCode, empty.stderr]).toEqual([2, expect.stringMatching(/^error: no two results/)]);
    const missing = await trend(join(folder, 'nowhere'));
    expect([missing.exitCode, missing.stderr]).toEqual([
      2,
      expect.stringMatching(/nowhere cannot be read: ENOENT/),
    ]);
  });
});
