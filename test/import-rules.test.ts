import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const PREFIX = 'zz-import-trial';

/** Imports that the rules of biome.json reject: importing file, imported file. */
const REJECTED = [
  ['servers/a.ts', '../src/units.ts'],
  ['servers/a.ts', '../scenarios/index.ts'],
  ['scenarios/a.ts', '../src/plan/plan.ts'],
  ['scenarios/a.ts', '../servers/index.ts'],
  ['src/contract/a.ts', '../plan/options.ts'],
  ['src/measure/a.ts', '../plan/plan.ts'],
  ['src/measure/a.ts', '../result/run-result.ts'],
  ['src/drivers/a.ts', '../measure/clock.ts'],
  ['src/drivers/a.ts', '../cli/cli.ts'],
  ['src/wire/a.ts', '../drivers/driver.ts'],
  ['src/measure/a.ts', '../wire/sockets/stream.ts'],
  ['src/relay/a.ts', '../run/run.ts'],
  ['src/relay/a.ts', '../drivers/driver.ts'],
  ['src/null-server/a.ts', '../run/run.ts'],
  ['src/null-server/a.ts', '../drivers/driver.ts'],
  ['src/plan/a.ts', '../user-files/target-file.ts'],
  ['src/plan/a.ts', '../generator/messages.ts'],
  ['src/user-files/a.ts', '../generator/target.ts'],
  ['src/contract/a.ts', '../presets/index.ts'],
  ['src/presets/a.ts', '../user-files/target-file.ts'],
  ['src/import/a.ts', '../contract/scenario.ts'],
  ['src/import/a.ts', '../cli/cli.ts'],
  ['src/generator/a.ts', '../run/run.ts'],
  ['src/generator/operations/a.ts', '../../drivers/index.ts'],
  ['src/generator/a.ts', '../../scenarios/index.ts'],
  ['src/result/a.ts', '../report/index.ts'],
  ['src/result/a.ts', '../generator/messages.ts'],
  ['src/stats/a.ts', '../drivers/driver.ts'],
  ['src/stats/a.ts', '../plan/plan.ts'],
  ['src/report/a.ts', '../run/run.ts'],
  ['src/report/a.ts', '../stats/judge.ts'],
  ['src/report/content/a.ts', '../../measure/clock.ts'],
  ['src/run/a.ts', '../stats/judge.ts'],
  ['src/run/server/a.ts', '../../../servers/index.ts'],
  ['src/run/a.ts', '../../scenarios/index.ts'],
  ['src/run/a.ts', '../drivers/index.ts'],
] as const;

/** Imports that they allow. */
const ALLOWED = [
  ['servers/a.ts', '../src/contract/protocol.ts'],
  ['scenarios/a.ts', '../src/contract/scenario.ts'],
  ['src/plan/a.ts', '../measure/stamp.ts'],
  ['src/user-files/a.ts', '../plan/options.ts'],
  ['src/user-files/a.ts', '../presets/index.ts'],
  ['src/presets/a.ts', '../contract/target.ts'],
  ['src/presets/a.ts', '../errors.ts'],
  ['src/import/a.ts', '../foreign.ts'],
  ['src/generator/a.ts', '../user-files/target-file.ts'],
  ['src/generator/a.ts', '../drivers/driver.ts'],
  ['src/drivers/a.ts', '../wire/sockets/stream.ts'],
  ['src/wire/a.ts', '../measure/clock.ts'],
  ['src/relay/a.ts', '../wire/sockets/stream.ts'],
  ['src/relay/a.ts', '../plan/link.ts'],
  ['src/null-server/a.ts', '../wire/sockets/stream.ts'],
  ['src/null-server/a.ts', '../../servers/envelope-chat.ts'],
  ['src/result/a.ts', '../plan/plan.ts'],
  ['src/report/a.ts', '../result/view.ts'],
  ['src/report/a.ts', '../foreign.ts'],
  ['src/stats/a.ts', '../foreign.ts'],
  ['src/contract/a.ts', '../foreign.ts'],
  ['src/run/a.ts', '../generator/messages.ts'],
  ['src/cli/a.ts', '../../scenarios/index.ts'],
] as const;

/** Files that rules name, which no trial beside them shows: what each may import of this project. */
const LOWEST = [
  ['errors.ts', []],
  ['units.ts', ['./errors.ts']],
  ['text.ts', ['./errors.ts', './units.ts']],
  ['foreign.ts', ['./errors.ts', './units.ts']],
  ['package.ts', ['./errors.ts', './units.ts']],
] as const;

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string };
}

describe('the import rules of the house', () => {
  const written: string[] = [];
  let diagnostics: readonly Diagnostic[] = [];

  /** Writes a file that imports one module, and returns its path from the top of the repository. */
  const trial = (importing: string, imported: string, index: number) => {
    const path = join(dirname(importing), `${PREFIX}-${index}.ts`);
    written.push(path);
    writeFileSync(join(ROOT, path), `import * as trial from '${imported}';\n\nexport const used = trial;\n`);
    return path;
  };

  /** The paths of the trials by their imports. */
  const paths = new Map<string, string>();
  const keyOf = (importing: string, imported: string) => `${importing} ${imported}`;

  beforeAll(() => {
    const all = [...REJECTED, ...ALLOWED];
    for (const [index, [importing, imported]] of all.entries()) {
      paths.set(keyOf(importing, imported), trial(importing, imported, index));
    }
    paths.set('cycle', trial('src/a.ts', `./${PREFIX}-cycle.ts`, all.length));
    const cycle = `src/${PREFIX}-cycle.ts`;
    written.push(cycle);
    writeFileSync(
      join(ROOT, cycle),
      `import { used } from './${PREFIX}-${all.length}.ts';\n\nexport const other = used;\n`,
    );
    const biome = join(ROOT, 'node_modules/.bin/biome');
    const { stdout } = spawnSync(biome, ['lint', '--max-diagnostics=none', '--reporter=json', ...written], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    diagnostics = JSON.parse(stdout).diagnostics;
  });

  afterAll(() => {
    for (const path of written) rmSync(join(ROOT, path), { force: true });
  });

  /** The rules that object to a trial. */
  const objections = (key: string) =>
    diagnostics
      .filter(({ location }) => location.path === paths.get(key))
      .map(({ category }) => category.split('/').at(-1));

  test.each(REJECTED)('%s must not import %s', (...pair) => {
    expect(objections(keyOf(...pair))).toContain('noRestrictedImports');
  });

  test.each(ALLOWED)('%s may import %s', (...pair) => {
    expect(paths.has(keyOf(...pair))).toBe(true);
    expect(objections(keyOf(...pair))).not.toContain('noRestrictedImports');
  });

  test.each(LOWEST)('src/%s imports at most %j', (file, allowed) => {
    const text = readFileSync(join(ROOT, 'src', file), 'utf8');
    const imported = [...text.matchAll(/from '(\.[^']*)'/g)].map(([, path]) => path);
    expect(imported.filter((path) => !allowed.some((each) => each === path))).toEqual([]);
  });

  test('a cycle is rejected', () => {
    expect(objections('cycle')).toContain('noImportCycles');
  });
});
