/**
 * Makes a folder from which `artillery run-fargate` packs everything that its containers need:
 *
 *     npm run artillery-fargate -- SCENARIO.yml FOLDER
 *     cd FOLDER && npm install && npx artillery run-fargate SCENARIO.yml
 *
 * Containers install the packages of package.json. What stands there as a file is exactly what was packed; an engine or a
 * plugin that does not stand there would be taken from the public registry by its name alone.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../../src/package.ts';
import { ARTILLERY_PACKAGE } from './catalog.ts';

const OWN_PACKAGES = ['artillery-engine-sockbench', 'artillery-plugin-sockbench'] as const;
const ARCHIVE = `sockbench-${VERSION}.tgz`;

/** Writes the folder. `pack` writes the archive of sockbench into it. */
export function writeFargateFolder(scenario: string, folder: string, pack: (folder: string) => void): string {
  mkdirSync(folder, { recursive: true });
  for (const name of OWN_PACKAGES)
    cpSync(join(ARTILLERY_PACKAGE, name), join(folder, name), { recursive: true });
  pack(folder);
  const { artillery } = JSON.parse(
    readFileSync(join(ARTILLERY_PACKAGE, 'package.json'), 'utf8'),
  ).dependencies;
  const dependencies = {
    artillery,
    ...Object.fromEntries(OWN_PACKAGES.map((name) => [name, `file:${name}`])),
    sockbench: `file:${ARCHIVE}`,
  };
  const manifest = { name: 'sockbench-on-fargate', private: true, type: 'module', dependencies };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, '.npmrc'), 'ignore-scripts=true\n');
  const script = join(folder, basename(scenario));
  writeFileSync(script, withFiles(readFileSync(scenario, 'utf8'), [...OWN_PACKAGES, ARCHIVE]));
  return script;
}

/** Names files in a script's `config.includeFiles`, which Artillery copies into every container. */
function withFiles(yaml: string, files: readonly string[]): string {
  if (!/^config:\s*$/m.test(yaml)) throw new Error('the scenario has no line "config:"');
  return yaml.replace(/^config:\s*$/m, `config:\n  includeFiles: ${JSON.stringify(files)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [scenario, folder] = process.argv.slice(2);
  if (scenario === undefined || folder === undefined) {
    process.stderr.write('npm run artillery-fargate -- SCENARIO.yml FOLDER\n');
    process.exitCode = 2;
  } else {
    const pack = (into: string) =>
      execFileSync('npm', ['pack', '--pack-destination', into], {
        cwd: join(import.meta.dirname, '../..'),
        stdio: ['ignore', 'ignore', 'inherit'],
        shell: process.platform === 'win32',
      });
    process.stdout.write(`${writeFargateFolder(scenario, folder, pack)}\n`);
  }
}
