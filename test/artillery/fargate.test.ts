import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARTILLERY_PACKAGE } from '../../scripts/artillery/catalog.ts';
import { writeFargateFolder } from '../../scripts/artillery/fargate.ts';
import { VERSION } from '../../src/package.ts';
import { skipWhenMissing } from '../support/need.ts';
import { temporaryFolder } from '../support/sockbench.ts';
import { ARTILLERY_TEST, missingArtillery } from './run-artillery.ts';

skipWhenMissing(missingArtillery);

const DIST = join(ARTILLERY_PACKAGE, 'node_modules/artillery/dist/lib');

/** What `artillery run-fargate` of the installed version would upload: its own code, in a process of its own. */
const BILL_OF_MATERIALS = `
import { createGlobalObject } from '${DIST}/artillery-global.js';
import { createBOM } from '${DIST}/platform/aws-ecs/legacy/bom.js';
await createGlobalObject();
const script = process.argv[1];
createBOM(script, [], { flags: {}, scenarioPath: script }, (error, bill) => {
  if (error) throw error;
  console.log(JSON.stringify(bill));
});
`;

interface Bill {
  readonly files: ReadonlyArray<{ readonly orig: string; readonly noPrefixPosix: string }>;
  readonly modules: readonly string[];
  readonly externals: readonly unknown[];
}

function billOf(script: string): Bill {
  const args = ['--input-type=module', '-e', BILL_OF_MATERIALS, script];
  const env = { ...process.env, ARTILLERY_DISABLE_TELEMETRY: '1' };
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  const line = stdout.split('\n').find((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(stdout + stderr);
  return JSON.parse(line);
}

/** Packs a package of this name that has nothing but a module. */
function packSmall(folder: string): void {
  const source = temporaryFolder();
  const manifest = { name: 'sockbench', version: VERSION, exports: { './artillery': './artillery.js' } };
  writeFileSync(join(source, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(source, 'artillery.js'), 'export class SockbenchEngine {}');
  const { status, stderr } = spawnSync('npm', ['pack', '--pack-destination', folder], {
    cwd: source,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}

const OWN = ['artillery-engine-sockbench', 'artillery-plugin-sockbench', 'sockbench'];

describe('the folder for artillery run-fargate', ARTILLERY_TEST, () => {
  it('gives containers the engine, the plugin and sockbench, each exactly as it was packed', () => {
    const scenario = join(ARTILLERY_PACKAGE, 'sockbench/broadcast-latency.yml');
    const script = writeFargateFolder(scenario, join(temporaryFolder(), 'fargate'), packSmall);
    const bill = billOf(script);
    const names = bill.files.map(({ noPrefixPosix }) => noPrefixPosix);
    expect(names.toSorted()).toEqual([
      '.npmrc',
      'artillery-engine-sockbench/index.js',
      'artillery-engine-sockbench/package.json',
      'artillery-plugin-sockbench/index.js',
      'artillery-plugin-sockbench/package.json',
      'broadcast-latency.yml',
      'package.json',
      `sockbench-${VERSION}.tgz`,
    ]);
    // What is not declared would be installed by its bare name.
    expect(bill).toMatchObject({ modules: OWN, externals: [] });

    // As the container does: it copies the files, and installs every module by its name.
    const container = temporaryFolder();
    for (const { orig, noPrefixPosix } of bill.files) {
      mkdirSync(dirname(join(container, noPrefixPosix)), { recursive: true });
      cpSync(orig, join(container, noPrefixPosix));
    }
    const manifest = JSON.parse(readFileSync(join(container, 'package.json'), 'utf8'));
    // Artillery takes itself out: the image has it.
    delete manifest.dependencies.artillery;
    writeFileSync(join(container, 'package.json'), JSON.stringify(manifest));
    for (const module of bill.modules) {
      const installed = spawnSync('npm', ['install', '--offline', '--quiet', module], {
        cwd: container,
        encoding: 'utf8',
      });
      expect(installed.stderr).toBe('');
    }
    const engine = realpathSync(join(container, 'node_modules/artillery-engine-sockbench'));
    expect(engine).toBe(realpathSync(join(container, 'artillery-engine-sockbench')));
    const load = `console.log((await import('${join(engine, 'index.js')}')).default.name)`;
    const loaded = spawnSync(process.execPath, ['--input-type=module', '-e', load], { encoding: 'utf8' });
    expect(loaded.stdout).toBe('SockbenchEngine\n');
  });
});
