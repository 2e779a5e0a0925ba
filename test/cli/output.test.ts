import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFormats, reportName, writeFiles, writtenRuns } from '../../src/cli/output.ts';
import { readResult } from '../../src/result/store.ts';
import { makeResult, results } from '../report/fixture.ts';
import { thrownBy } from '../thrown.ts';
import { FakeCli, runFake } from './fake-cli.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockbench-output-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a list of formats', () => {
  it.each([
    ['text', ['text']],
    ['text,json,html', ['text', 'json', 'html']],
    [' csv , md', ['csv', 'md']],
  ])('is read from "%s"', (list, names) => {
    expect(parseFormats(list).map(({ name }) => name)).toEqual(names);
  });

  it.each([
    ['htm', 'htm', 'Did you mean html?'],
    ['text,', '', ''],
    ['postscript', 'postscript', ''],
  ])('is refused for "%s"', (list, name, hint) => {
    expect(thrownBy(() => parseFormats(list))).toMatchObject({
      code: 'UNKNOWN_FORMAT',
      message: `--format: there is no format "${name}"; there are: text, table, md, json, html, hgrm, hlog, csv`,
      hint,
    });
  });
});

describe('the name of a report', () => {
  it('says what was measured, over what, and when', () => {
    expect(reportName(results.polling())).toBe('broadcast-latency-socketio-polling-20260304-050607-891');
  });

  it('has no URL in it', () => {
    const result = makeResult({ protocol: 'ws', seconds: 1 });
    const url = 'ws://127.0.0.1:3000/path?token=secret';
    const target = {
      name: url,
      protocol: 'ws' as const,
      url,
      exec: null,
      cwd: null,
      reference: null,
      file: null,
      namespace: null,
      allowRemote: null,
    };
    expect(reportName({ ...result, plan: { ...result.plan, target } })).toBe(
      'broadcast-latency-ws-websocket-20260304-050607-891',
    );
  });
});

describe('reports', () => {
  it('are one file for each format', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    const cli = new FakeCli([]);
    const paths = await writeFiles(cli, home, parseFormats('csv,json'), writtenRuns('run', [results.ack()]));
    expect(paths).toEqual([join(home, 'run.csv'), join(home, 'run.json')]);
    expect((await readdir(home)).sort()).toEqual(['run.csv', 'run.json']);
    expect(await readResult(join(home, 'run.json'))).toEqual(results.ack());
    expect(cli.stderr).toBe('');
  });

  it('are saved elsewhere, and the user is told where, when their folder is gone', async () => {
    const cli = new FakeCli([]);
    const gone = join(folder, 'gone');
    const [rescue = ''] = await writeFiles(
      cli,
      gone,
      parseFormats('json'),
      writtenRuns('rescued', [results.ack()]),
    );
    try {
      expect(dirname(dirname(rescue))).toBe(tmpdir());
      expect(basename(rescue)).toBe('rescued.json');
      expect(await readResult(rescue)).toEqual(results.ack());
      expect(cli.stderr).toMatch(`warning: ${join(gone, 'rescued.json')} could not be written: ENOENT`);
      expect(cli.stderr).toMatch(`; it is at ${rescue} instead\n`);
    } finally {
      await rm(dirname(rescue), { force: true, recursive: true });
    }
  });
});

describe('report', () => {
  const store = async (name: string, result = results.ack()) => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(result));
    return path;
  };

  it('renders a stored result to stdout', async () => {
    const path = await store('shown.json');
    const { exitCode, stdout, stderr } = await runFake('report', path, '--format', 'json');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(results.ack());
  });

  it('writes several results into one file when a folder is given', async () => {
    const out = join(folder, 'compared');
    const paths = [await store('a.json'), await store('b.json', results.valid())];
    const { exitCode, stdout, stderr } = await runFake('report', ...paths, '--format', 'csv', '--out', out);
    const written = join(out, 'comparison-of-2.csv');
    expect([exitCode, stdout, stderr]).toEqual([0, '', `wrote ${written}\n`]);
    // A header and one row for each.
    expect((await readFile(written, 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  it('refuses what is no result, with exit code 2', async () => {
    const path = join(folder, 'other.json');
    await writeFile(path, '{}');
    const { exitCode, stdout, stderr } = await runFake('report', path);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: .*other\.json is not a sockbench result: schemaVersion: /);
  });
});
