import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver, unlessLost } from '../../src/cli/output.ts';
import type { ExitCode } from '../../src/errors.ts';
import { COMPARISON, type Format, parseFormats, RUNS } from '../../src/report/index.ts';
import { readAs } from '../../src/result/documents.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { MAX_DOCUMENT_BYTES } from '../../src/result/stored-json.ts';
import { makeComparison } from '../report/comparison-fixture.ts';
import { results } from '../report/fixture.ts';
import { FakeCli, runFake } from './fake-cli.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockbench-output-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const rendering = { kind: RUNS, document: [results.ack()] } as const;
const QUIET = { quiet: true, verbose: false, open: false };
const VERBOSE = { ...QUIET, verbose: true };
const SHOWN_OUTPUT = { ...QUIET, quiet: false };
const RUN_FILE = 'ack-roundtrip-socketio-websocket-20260304-050607-891';

function failing(name: string): Format<readonly RunResult[]> {
  const render = () => {
    throw new RangeError('Invalid string length');
  };
  return { name, file: name, summary: '', render };
}

describe('reports', () => {
  it('are one file for each format, and text on stdout', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    const cli = new FakeCli([]);
    expect(await deliver(cli, home, parseFormats(RUNS, 'csv,text,json'), rendering, SHOWN_OUTPUT)).toBe(
      'kept',
    );
    expect((await readdir(home)).sort()).toEqual([`${RUN_FILE}.csv`, `${RUN_FILE}.json`]);
    expect(await readAs('run', join(home, `${RUN_FILE}.json`))).toEqual(results.ack());
    expect(cli.stdout).toMatch(/\n\nVALID\n\S+\.json\n$/);
    // The text ends with the place of the result.
    expect(cli.stderr).toBe(`wrote ${join(home, RUN_FILE)}.csv\n`);
  });

  it('of two runs that started in the same millisecond have different names', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    const formats = parseFormats(RUNS, 'csv,json');
    for (let run = 0; run < 3; run++) await deliver(new FakeCli([]), home, formats, rendering, QUIET);
    const expected = ['', '-2', '-3'].flatMap((copy) => [
      `${RUN_FILE}${copy}.csv`,
      `${RUN_FILE}${copy}.json`,
    ]);
    expect((await readdir(home)).sort()).toEqual(expected.sort());
  });

  it('of a comparison have the same names again', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    const document = makeComparison();
    const formats = parseFormats(COMPARISON, 'json');
    for (let run = 0; run < 2; run++) {
      await deliver(new FakeCli([]), home, formats, { kind: COMPARISON, document }, QUIET);
    }
    expect(await readdir(home)).toEqual(['rounds.json']);
  });

  it('write the document before anything is rendered', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    const seen: string[][] = [];
    const format = { ...failing('text'), render: () => `${seen.push(readdirSync(home))}\n` };
    await deliver(new FakeCli([]), home, [format], rendering, VERBOSE);
    expect(seen).toEqual([[`${RUN_FILE}.json`]]);
  });

  it('lose only the format that cannot be rendered', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    const cli = new FakeCli([]);
    const formats = [failing('text'), failing('html'), ...parseFormats(RUNS, 'csv')];
    expect(await deliver(cli, home, formats, rendering, VERBOSE)).toBe('lost');
    expect((await readdir(home)).sort()).toEqual([`${RUN_FILE}.csv`, `${RUN_FILE}.json`]);
    expect([cli.stdout, cli.stderr]).toEqual([
      '',
      'error: html could not be rendered: Invalid string length\nerror: text could not be rendered: Invalid string length\n',
    ]);
  });

  it('are written even when the document itself is too large for JSON', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    const kind = { ...RUNS, formats: [failing('json')] };
    const cli = new FakeCli([]);
    await deliver(cli, home, parseFormats(RUNS, 'text,csv'), { ...rendering, kind }, QUIET);
    expect(await readdir(home)).toEqual([`${RUN_FILE}.csv`]);
    expect(cli.stdout).toMatch(/^VALID\n/);
    expect(cli.stderr).toBe('error: json could not be rendered: Invalid string length\n');
  });

  it('are written with a warning when the document is larger than what report reads', async () => {
    const home = await mkdtemp(join(folder, 'case-'));
    const large = { ...failing('json'), render: () => ' '.repeat(MAX_DOCUMENT_BYTES + 1) };
    const cli = new FakeCli([]);
    await deliver(cli, home, [], { ...rendering, kind: { ...RUNS, formats: [large] } }, QUIET);
    expect(await readdir(home)).toEqual([`${RUN_FILE}.json`]);
    expect(cli.stderr).toBe(
      `warning: ${RUN_FILE}.json has 40 MiB, and report reads at most 40 MiB; use fewer rounds, arms or series\n`,
    );
  });

  it('are written elsewhere, with a warning that names the place, when their folder is gone', async () => {
    const cli = new FakeCli([]);
    const gone = join(folder, 'gone');
    await deliver(cli, gone, [failing('html')], rendering, QUIET);
    const [, rescue = ''] = /; wrote (\S+) instead\n/.exec(cli.stderr) ?? [];
    try {
      expect(dirname(dirname(rescue))).toBe(tmpdir());
      expect(basename(rescue)).toBe(`${RUN_FILE}.json`);
      expect(await readAs('run', rescue)).toEqual(results.ack());
      expect(cli.stderr).toMatch(`warning: ${join(gone, RUN_FILE)}.json could not be written: ENOENT`);
      expect(cli.stderr).toMatch('error: html could not be rendered: Invalid string length\n');
    } finally {
      await rm(dirname(rescue), { force: true, recursive: true });
    }
  });

  it.each(['text,csv', 'html,csv'])(
    'are lost when no folder takes a file, and text reaches stdout: %s',
    async (formats) => {
      // No folder takes a name of this length.
      const kind = { ...RUNS, fileName: () => 'x'.repeat(300) };
      const cli = new FakeCli([]);
      expect(await deliver(cli, folder, parseFormats(RUNS, formats), { ...rendering, kind }, QUIET)).toBe(
        'lost',
      );
      expect(cli.stdout).toMatch(/^VALID\n/);
      const lines = cli.stderr.trimEnd().split('\n');
      expect(lines).toHaveLength(formats === 'text,csv' ? 2 : 3);
      for (const line of lines)
        expect(line).toMatch(
          /^error: .* could not be written: ENAMETOOLONG.*; the temporary folder failed too: ENAMETOOLONG/,
        );
    },
  );
});

it('a result that was lost did not pass; any other exit code stays', () => {
  expect([0, 3, 4, 99].map((code) => unlessLost('lost', code as ExitCode))).toEqual([2, 3, 4, 99]);
  expect([0, 3, 4, 99].map((code) => unlessLost('kept', code as ExitCode))).toEqual([0, 3, 4, 99]);
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

  it('writes the formats that can be rendered, and fails for the others', async () => {
    const out = join(folder, 'partly');
    const paths = [await store('c.json'), await store('d.json')];
    const { exitCode, stderr } = await runFake('report', ...paths, '--format', 'hlog,csv', '--out', out);
    const written = join(out, 'comparison-of-2.csv');
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      `wrote ${written}\nerror: hlog holds one result; 2 were given\nWrite hlog for each result separately.\n`,
    );
  });

  it.each([
    [
      'htm',
      'there is no format "htm"; the formats of a run are text, table, md, json, html, hgrm, hlog, csv, badge\nDid you mean html?\n',
    ],
    [
      'junit',
      '"junit" is a format of a comparison, not of a run; the formats of a run are text, table, md, json, html, hgrm, hlog, csv, badge\n',
    ],
  ])('refuses the format %s, which a run does not have, with exit code 2', async (format, problem) => {
    const { exitCode, stdout, stderr } = await runFake('report', await store('e.json'), '--format', format);
    expect([exitCode, stdout, stderr]).toEqual([2, '', `error: --format: ${problem}`]);
  });

  it('refuses a file that is not a result, with exit code 2', async () => {
    const path = join(folder, 'other.json');
    await writeFile(path, '{}');
    const { exitCode, stdout, stderr } = await runFake('report', path);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: .*other\.json is not a sockbench result: schemaVersion: /);
  });
});
