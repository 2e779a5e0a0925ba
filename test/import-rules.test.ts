import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const TRIALS = 'zz-import-trial';
const written: string[] = [];

/** Lints a new file that imports one module, and says which rules object. */
function lintImport(file: string, imported: string): string {
  const path = join(ROOT, dirname(file), `${TRIALS}-${file.split('/').at(-1)}`);
  written.push(path);
  writeFileSync(path, `import * as trial from '${imported}';\n\nexport const used = trial;\n`);
  const { stdout, stderr } = spawnSync('biome', ['lint', '--error-on-warnings', relative(ROOT, path)], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

afterEach(() => {
  for (const path of written.splice(0)) rmSync(path, { force: true });
});

describe('the import rules of the house', () => {
  test.each([
    ['servers/a.ts', '../src/units.ts'],
    ['scenarios/a.ts', '../src/plan.ts'],
    ['src/measure/a.ts', '../result/schema.ts'],
    ['src/load/a.ts', '../run/runner.ts'],
    ['src/drivers/a.ts', '../cli/cli.ts'],
    ['src/report/a.ts', '../run/runner.ts'],
    ['src/report/html/a.ts', '../../measure/clock.ts'],
    ['src/stats/a.ts', '../drivers/driver.ts'],
    ['src/result/a.ts', '../report/index.ts'],
    ['src/run/a.ts', '../../scenarios/index.ts'],
    ['src/run/a.ts', '../../servers/index.ts'],
    ['src/load/a.ts', '../drivers/index.ts'],
    ['src/a.ts', './cli/cli.ts'],
  ])('%s must not import %s', (file, imported) => {
    expect(lintImport(file, imported)).toMatch(/lint\/style\/noRestrictedImports/);
  });

  test.each([
    ['servers/a.ts', '../src/wire.ts'],
    ['scenarios/a.ts', '../src/scenario.ts'],
    ['src/report/a.ts', '../result/view.ts'],
    ['src/cli/a.ts', '../../scenarios/index.ts'],
  ])('%s may import %s', (file, imported) => {
    expect(lintImport(file, imported)).not.toMatch(/noRestrictedImports/);
  });

  test('a cycle is refused', () => {
    const path = join(ROOT, 'src', `${TRIALS}-b.ts`);
    written.push(path);
    writeFileSync(path, `import { used } from './${TRIALS}-a.ts';\n\nexport const other = used;\n`);
    expect(lintImport('src/a.ts', `./${TRIALS}-b.ts`)).toMatch(/lint\/suspicious\/noImportCycles/);
  });
});
