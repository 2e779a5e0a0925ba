import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { STORED_SCHEMA_NAMES } from '../../src/result/json-schemas.ts';
import { runResultSchema } from '../../src/result/run-result.ts';
import { SHORT, temporaryFolder } from '../support/sockbench.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

const project = temporaryFolder();
const installed = join(project, 'node_modules/sockbench');
const bin = join(installed, 'bin/sockbench.js');

function run(file: string, ...args: string[]): string {
  return execFileSync(file, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const sockbench = (...args: string[]) =>
  spawnSync(process.execPath, [bin, ...args], { cwd: project, encoding: 'utf8' });

/**
 * Packs the package and lays it out as npm installs it: with what package.json says is installed with it, and nothing
 * else of this repository. Downloading would take a minute.
 */
beforeAll(() => {
  const packed = temporaryFolder();
  execFileSync('npm', ['pack', '--pack-destination', packed], { cwd: REPOSITORY, stdio: 'ignore' });
  mkdirSync(installed, { recursive: true });
  const [tarball = ''] = readdirSync(packed);
  run('tar', '-xzf', join(packed, tarball), '-C', installed, '--strip-components=1');
  const { dependencies, optionalDependencies } = manifest();
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(REPOSITORY, 'node_modules', name)), link);
  }
}, 120_000);

function manifest(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
}

/** A module that makes Node.js say that it is this version, and lack what is newer than Node.js 20. */
function nodeVersion(version: string): string {
  const lines = [
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`,
    `Object.defineProperty(process, 'version', { value: 'v${version}' })`,
    'delete Map.groupBy; delete Object.groupBy; delete Promise.withResolvers; delete process.getBuiltinModule',
    "const { default: m } = await import('node:module'); delete m.findPackageJSON; delete m.registerHooks",
  ];
  return `data:text/javascript,${encodeURIComponent(lines.join(';'))}`;
}

function filesIn(folder: string, ending = ''): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('the packed package', () => {
  it('runs without TypeScript and without the packages of other servers', () => {
    expect(sockbench('list').stdout).toMatch(/room-fanout/);
    const load = ['--target', 'ws', '--clients', '5', '--rate', '100/s', '--duration', '2s', ...SHORT];
    const stored = sockbench('run', 'broadcast-latency', ...load, '--format', 'json');
    expect([0, 3], stored.stderr).toContain(stored.status);
    expect(runResultSchema.parse(JSON.parse(stored.stdout)).ledger).toMatchObject({
      expected: 1000,
      delivered: 1000,
    });
    const html = sockbench('report', ...filesIn(join(project, 'reports'), '.json'), '--format', 'html');
    expect(html.stdout).toMatch(/<!doctype html>/i);
  });

  it('has what was built, and neither sources nor what others installed', () => {
    expect(readdirSync(installed)).not.toContain('src');
    expect(readdirSync(join(installed, 'dist/scenarios'))).not.toContain('artillery');
    const extra = filesIn(installed).filter((file) =>
      /node_modules|package-lock/.test(relative(installed, file)),
    );
    expect(extra).toEqual([]);
    const schemas = readdirSync(join(installed, 'dist/schemas'));
    expect(schemas).toEqual(STORED_SCHEMA_NAMES.map((name) => `${name}.schema.json`).toSorted());
    const schema = run('node', '-p', 'require("sockbench/schemas/run.schema.json").title');
    expect(schema).toMatch(/^sockbench run, schemaVersion \d+\n$/);
  });

  it('brings no Bun, Nest, Redis or TypeScript, which its optional peers need', () => {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta, devDependencies } =
      manifest();
    expect(Object.keys(optionalDependencies ?? {})).toEqual(['koffi']);
    const peers = Object.keys(peerDependencies ?? {});
    expect(peers).toEqual(expect.arrayContaining(['bun', '@nestjs/core', 'redis']));
    expect(peers.filter((name) => name in { ...dependencies, ...optionalDependencies })).toEqual([]);
    // A user's own version of Nest must not conflict, and is never required.
    expect(new Set(Object.values(peerDependencies ?? {}))).toEqual(new Set(['*']));
    expect(peerDependenciesMeta).toEqual(Object.fromEntries(peers.map((name) => [name, { optional: true }])));
    // The install line names the versions that are tested here.
    expect(Object.keys(devDependencies ?? {})).toEqual(expect.arrayContaining(peers));
    // A package that brought its own node would replace its user's in every npm script.
    expect(Object.keys({ ...dependencies, ...optionalDependencies })).not.toContain('node');
  });

  it('names the missing packages of a server, and how to install them', () => {
    const { stderr, status } = sockbench('run', 'room-fanout', '--target', 'nest-ws');
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^error: the server "nest-ws" cannot run here: packages are not installed: npm install @nestjs\/common@[\d.]+ .*@nestjs\/platform-ws@[\d.]+\n/,
    );
  });

  it.each([
    ['18.20.8', ['--version'], 0, /^0\.\d+\.\d+\n$/],
    ['20.20.2', ['--help'], 0, /^Usage: sockbench/],
    ['20.20.2', ['list'], 0, /room-fanout/],
    ['20.20.2', ['run', 'room-fanout'], 2, /^$/],
    ['22.17.0', ['run', 'room-fanout'], 2, /^$/],
  ] as const)('on Node.js %s, %j exits with %i', (node, args, status, stdout) => {
    const old = spawnSync(process.execPath, ['--import', nodeVersion(node), bin, ...args], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(old).toMatchObject({
      status,
      stdout: expect.stringMatching(stdout),
      stderr:
        status === 0
          ? ''
          : expect.stringContaining(`needs Node.js 22.18 or later; this is v${node}.\nInstall`),
    });
  });

  it('refers to no file that it lacks', () => {
    const pages = filesIn(installed, '.md');
    const links = pages.flatMap((page) =>
      [
        ...readFileSync(page, 'utf8')
          .replace(/^```.*?^```$/gms, '')
          .matchAll(/\]\(([^)\s#]+)/g),
      ]
        .map(([, link = '']) => link)
        .filter((link) => !/^[a-z]+:/.test(link))
        .map((link) => [relative(installed, page), link, join(dirname(page), link)] as const),
    );
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter(([, , file]) => !existsSync(file)).map(([page, link]) => [page, link])).toEqual([]);
    const code = [...filesIn(join(installed, 'dist'), '.js'), ...filesIn(join(installed, 'templates'))];
    const named = code.flatMap(
      (file) => readFileSync(file, 'utf8').match(/(?<![\w./])docs\/[\w/-]+\.md/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((page) => !existsSync(join(installed, page)))).toEqual([]);
  });
});
