import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STORED_SCHEMA_NAMES } from '../../src/result/json-schemas.ts';
import { runResultSchema } from '../../src/result/run-result.ts';
import { SHORT, temporaryFolder } from '../support/sockbench.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

function run(cwd: string, file: string, ...args: string[]): string {
  return execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

test('the packed package, installed into an empty folder, runs without TypeScript', {
  timeout: 300_000,
}, () => {
  const packed = temporaryFolder();
  const empty = temporaryFolder();
  run(REPOSITORY, 'npm', 'pack', '--pack-destination', packed);
  const [tarball] = readdirSync(packed);
  run(empty, 'npm', 'init', '--yes');
  run(empty, 'npm', 'install', '--omit', 'dev', join(packed, tarball ?? ''));

  expect(readdirSync(join(empty, 'node_modules/sockbench'))).not.toContain('src');
  expect(readdirSync(join(empty, 'node_modules/sockbench/dist/scenarios'))).not.toContain('artillery');
  // A package that brought its own node would replace its user's in every npm script.
  expect(readdirSync(join(empty, 'node_modules/.bin'))).not.toContain('node');
  const schemas = readdirSync(join(empty, 'node_modules/sockbench/dist/schemas'));
  expect(schemas).toEqual(STORED_SCHEMA_NAMES.map((name) => `${name}.schema.json`).toSorted());
  const schema = run(empty, 'node', '-p', 'require("sockbench/schemas/run.schema.json").title');
  expect(schema).toMatch(/^sockbench run, schemaVersion \d+\n$/);
  const bin = join(empty, 'node_modules/.bin/sockbench');
  expect(run(empty, bin, 'list')).toMatch(/room-fanout/);
  const load = ['--target', 'ws', '--clients', '5', '--rate', '100/s', '--duration', '2s', ...SHORT];
  const stored = run(
    empty,
    'sh',
    '-c',
    `"${bin}" run broadcast-latency ${load.join(' ')} --format json || [ $? -eq 3 ]`,
  );
  expect(runResultSchema.parse(JSON.parse(stored)).ledger).toMatchObject({ expected: 1000, delivered: 1000 });
  expect(run(empty, bin, 'report', ...jsonIn(join(empty, 'reports')), '--format', 'html')).toMatch(
    /<!doctype html>/i,
  );
});

function jsonIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => join(folder, file));
}
