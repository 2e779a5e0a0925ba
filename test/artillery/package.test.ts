import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ARTILLERY_PACKAGE,
  artilleryScenarios,
  findArtilleryScenario,
} from '../../scripts/artillery/catalog.ts';
import { isArtilleryInstalled } from '../../scripts/artillery/install.ts';
import { temporaryFolder } from '../support/sockbench.ts';
import { missingArtillery } from './run-artillery.ts';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('the package of Artillery', () => {
  it('names exact versions, and its lock file no registry', () => {
    const { dependencies, private: isPrivate } = JSON.parse(read('scenarios/artillery/package.json'));
    expect(isPrivate).toBe(true);
    expect(dependencies).toMatchObject({ artillery: '2.0.34', 'artillery-engine-socketio-v3': '1.2.0' });
    const lock = read('scenarios/artillery/package-lock.json');
    expect(JSON.parse(lock).packages[''].dependencies).toEqual(dependencies);
    expect(lock).not.toContain('"resolved": "http');
  });

  it('runs no install scripts', () => {
    expect(read('scenarios/artillery/.npmrc')).toContain('ignore-scripts=true');
  });

  it('is not installed with sockbench', () => {
    expect(JSON.parse(read('package.json')).workspaces).toEqual(['scripts/pinned-node']);
    expect(Object.keys(JSON.parse(read('package-lock.json')).packages)).not.toContain(
      'node_modules/artillery',
    );
  });

  it('is left out by the linter and the compiler where npm installs', () => {
    const seen = spawnSync(join(BIN, 'tsc'), ['--listFilesOnly'], { cwd: ROOT, encoding: 'utf8' }).stdout;
    expect(seen).toContain('test/artillery/package.test.ts');
    expect(seen).not.toContain('scenarios/artillery/node_modules');
    const linted = spawnSync(
      join(BIN, 'biome'),
      ['lint', 'scenarios/artillery/node_modules/artillery/util.js'],
      {
        cwd: ROOT,
        encoding: 'utf8',
      },
    );
    expect(linted.stdout + linted.stderr).toMatch(/Checked 0 files|ignored/);
  });

  it('keeps the Artillery 1 of artillery-engine-socketio-v3 to itself', (ctx) => {
    if (missingArtillery !== null) {
      console.warn(`skipped: ${missingArtillery}`);
      ctx.skip(missingArtillery);
    }
    const versionFrom = (folder: string): string =>
      createRequire(join(folder, 'index.js'))('artillery/package.json').version;
    expect(versionFrom(ARTILLERY_PACKAGE)).toBe('2.0.34');
    expect(versionFrom(join(ARTILLERY_PACKAGE, 'artillery-engine-sockbench'))).toBe('2.0.34');
    const modules = join(ARTILLERY_PACKAGE, 'node_modules');
    expect(versionFrom(join(modules, 'artillery/dist/lib/core'))).toBe('2.0.34');
    expect(versionFrom(join(modules, 'artillery-engine-socketio-v3'))).toMatch(/^1\./);
    for (const folder of ['.', 'scenarios', 'src', 'test/artillery']) {
      expect(() => versionFrom(join(ROOT, folder))).toThrow(/Cannot find module/);
    }
  });
});

describe('an installation', () => {
  /** A package with one dependency, of which `installed` is in node_modules. */
  const packageWith = (installed: string | null, isComplete: boolean) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'package.json'), '{"dependencies":{"artillery":"2.0.34"}}');
    mkdirSync(join(folder, 'node_modules/artillery'), { recursive: true });
    if (isComplete) writeFileSync(join(folder, 'node_modules/.package-lock.json'), '{}');
    if (installed !== null) {
      writeFileSync(join(folder, 'node_modules/artillery/package.json'), `{"version":"${installed}"}`);
    }
    return folder;
  };

  it.each([
    ['has all versions', '2.0.34', true, true],
    ['has another version', '2.0.21', true, false],
    ['lacks a package', null, true, false],
    ['was interrupted', '2.0.34', false, false],
  ])('that %s', (_, installed, isComplete, expected) => {
    expect(isArtilleryInstalled(packageWith(installed, isComplete))).toBe(expected);
  });
});

describe('a scenario of Artillery', () => {
  const all = artilleryScenarios();
  const workloads = ['ack-roundtrip', 'broadcast-latency', 'chat', 'room-fanout'];

  it('exists for each engine and workload, and says what it does', () => {
    for (const engine of ['sockbench', 'socketio', 'ws', 'socketio-v3']) {
      const names = all.map(({ name }) => name).filter((name) => name.startsWith(`${engine}/`));
      expect(names).toEqual(workloads.map((workload) => `${engine}/${workload}`));
    }
    expect(all.filter(({ summary }) => summary === '')).toEqual([]);
    expect(all.filter(({ name, server }) => name.startsWith('ws/') !== (server === 'ws'))).toEqual([]);
  });

  it.each([
    ['ws/chat', 'ws/chat'],
    ['broadcast-latency', 'sockbench/broadcast-latency'],
    ['scenarios/artillery/socketio-v3/chat.yml', 'socketio-v3/chat'],
  ])('is found by %s', (given, name) => {
    expect(findArtilleryScenario(given).name).toBe(name);
  });

  it.each([
    ['brodcast-latency', 'Did you mean broadcast-latency?'],
    ['socketio/ack-roundtip', 'Did you mean socketio/ack-roundtrip?'],
    ['xyz', 'npm run artillery describes each of them.'],
  ])('is not found by %s', (given, hint) => {
    expect(() => findArtilleryScenario(given)).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_ARTILLERY_SCENARIO',
        message: expect.stringContaining('available: sockbench/ack-roundtrip, sockbench/broadcast-latency'),
        hint,
      }),
    );
  });
});
