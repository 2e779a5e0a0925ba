import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOMS = [
  'contract',
  'measure',
  'plan',
  'user-files',
  'drivers',
  'generator',
  'result',
  'stats',
  'report',
  'run',
  'cli',
] as const;
type Room = (typeof ROOMS)[number];

/** The rooms that each room may import, besides itself. */
const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  contract: [],
  measure: ['contract'],
  plan: ['contract', 'measure'],
  'user-files': ['contract', 'measure', 'plan'],
  drivers: ['contract'],
  generator: ['contract', 'measure', 'plan', 'user-files', 'drivers'],
  result: ['contract', 'measure', 'plan'],
  stats: ['result'],
  report: ['result', 'stats'],
  run: ['contract', 'measure', 'plan', 'user-files', 'drivers', 'generator', 'result'],
  cli: ROOMS.filter((room) => room !== 'cli'),
};

/** Files that import one other file, by path; each is linted with the rules of the repository. */
const TRIALS: Record<string, string> = {};
for (const room of ROOMS) {
  for (const other of ROOMS) TRIALS[`src/${room}/from-${other}.ts`] = `../${other}/some.ts`;
  for (const registry of ['servers', 'scenarios']) {
    TRIALS[`src/${room}/from-${registry}.ts`] = `../../${registry}/index.ts`;
  }
  TRIALS[`src/${room}/from-driver-registry.ts`] = '../drivers/index.ts';
}
for (const folder of ['servers', 'scenarios']) {
  for (const file of ['contract/some', 'units', 'plan/some', 'cli/main']) {
    TRIALS[`${folder}/from-${file.replace('/', '-')}.ts`] = `../src/${file}.ts`;
  }
}
TRIALS['src/errors.ts'] = './units.ts';
TRIALS['src/units.ts'] = './errors.ts';
TRIALS['src/text.ts'] = './plan/some.ts';
TRIALS['src/generator/process.ts'] = '../../scenarios/index.ts';
TRIALS['test/one.ts'] = './other.ts';
TRIALS['test/other.ts'] = './one.ts';

const folder = mkdtempSync(join(tmpdir(), 'sockbench-test-'));
/** The rules that each file breaks. */
const broken = new Map<string, string[]>();

beforeAll(() => {
  const config = JSON.parse(readFileSync(join(import.meta.dirname, '../biome.json'), 'utf8'));
  const files = { 'biome.json': JSON.stringify({ ...config, vcs: { enabled: false } }) };
  const sources = Object.entries(TRIALS).map(([path, imported]) => [
    path,
    `import * as trial from '${imported}';\n\nexport const used = trial;\n`,
  ]);
  for (const [path = '', text = ''] of [...Object.entries(files), ...sources]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
  const { stdout } = spawnSync('biome', args, { cwd: folder, encoding: 'utf8', maxBuffer: 1e8 });
  const report = JSON.parse(stdout);
  for (const { category, location } of report.diagnostics) {
    const path = String(location.path?.file ?? location.path).replace(`${folder}/`, '');
    broken.set(path, [...(broken.get(path) ?? []), category]);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const isRejected = (path: string) => (broken.get(path) ?? []).includes('lint/style/noRestrictedImports');

describe('the import rules', () => {
  test.each(ROOMS)('src/%s imports the rooms below it only', (room) => {
    const rejected = ROOMS.filter((other) => other !== room && isRejected(`src/${room}/from-${other}.ts`));
    const allowed = MAY_IMPORT[room];
    expect(rejected).toEqual(ROOMS.filter((other) => other !== room && !allowed.includes(other)));
  });

  test.each(['servers', 'scenarios'])('only cli and child entries import the registry of %s', (registry) => {
    expect(ROOMS.filter((room) => !isRejected(`src/${room}/from-${registry}.ts`))).toEqual(['cli']);
    expect(isRejected('src/generator/process.ts')).toBe(false);
  });

  test('generator and run import no registry of drivers', () => {
    expect(isRejected('src/generator/from-driver-registry.ts')).toBe(true);
    expect(isRejected('src/run/from-driver-registry.ts')).toBe(true);
  });

  test.each(['servers', 'scenarios'])('%s imports src/contract only', (name) => {
    expect(isRejected(`${name}/from-contract-some.ts`)).toBe(false);
    for (const file of ['units', 'plan-some', 'cli-main']) {
      expect(isRejected(`${name}/from-${file}.ts`)).toBe(true);
    }
  });

  test('errors.ts imports nothing, units.ts errors.ts, text.ts no room', () => {
    const files = ['src/errors.ts', 'src/units.ts', 'src/text.ts'];
    expect(files.map(isRejected)).toEqual([true, false, true]);
  });

  test('import cycles are rejected', () => {
    expect(broken.get('test/one.ts')).toContain('lint/suspicious/noImportCycles');
  });
});
