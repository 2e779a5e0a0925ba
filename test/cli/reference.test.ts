import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { runtimeCommand } from '../../servers/availability.ts';
import { planRuntime } from '../../src/cli/reference.ts';
import { startReference } from '../../src/run/server/server-process.ts';
import { planFor } from '../support/plan.ts';
import { temporaryFolder } from '../support/sockbench.ts';
import { thrownBy } from '../thrown.ts';

const NODE = process.execPath;
const [BUN = ''] = runtimeCommand('bun');

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A program of the shell in a folder of its own. */
function script(text: string, mode = 0o755): string {
  const path = join(temporaryFolder(), 'program');
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode });
  return path;
}

describe('the program that runs a reference server', () => {
  test('is the Node.js that runs sockbench unless another is given', () => {
    expect(planRuntime('node', null)).toEqual({ program: null, version: process.version });
  });

  test('is given by an absolute or relative path, or by a name on PATH', () => {
    const found = { program: NODE, version: process.version };
    expect(planRuntime('node', NODE)).toEqual(found);
    expect(planRuntime('node', relative(process.cwd(), NODE))).toEqual(found);
    vi.stubEnv('PATH', dirname(NODE));
    expect(planRuntime('node', basename(NODE))).toEqual(found);
  });

  test('may be any Node.js that is new enough', () => {
    for (const version of ['v22.18.0', 'v23.0.0', 'v26.0.0-nightly2026']) {
      const program = script(`echo ${version}`);
      expect(planRuntime('node', program)).toEqual({ program, version });
    }
  });

  test('may be a Bun where the server runs on Bun', () => {
    const version = execFileSync(BUN, ['--version'], { encoding: 'utf8' }).trim();
    expect(version).toMatch(/^1\.\d+\.\d+/);
    expect(planRuntime('bun', null)).toEqual({ program: null, version });
    expect(planRuntime('bun', BUN)).toEqual({ program: BUN, version });
  });

  test.each<[string, 'node' | 'bun', () => string, RegExp]>([
    ['is not there', 'node', () => '/nowhere/node', /^--runtime \/nowhere\/node does not exist$/],
    ['is not on PATH', 'node', () => 'sockbench-nonesuch', /^--runtime sockbench-nonesuch is not on PATH$/],
    ['is a folder', 'node', temporaryFolder, /is not an executable program$/],
    ['is not executable', 'node', () => script('echo v24.0.0', 0o644), /is not an executable program$/],
    ['fails', 'node', () => script('exit 3'), / --version ended with exit code 3$/],
    ['never answers', 'node', () => script('exec sleep 60'), /did not print its version within 0\.3 s$/],
    ['is something else', 'node', () => script('echo deno 2.5.0'), /printed "deno 2\.5\.0": it is neither/],
    ['is Bun', 'node', () => BUN, /printed "1\.\S+": it is Bun, but this server runs on Node\.js$/],
    ['is Node.js', 'bun', () => NODE, /printed "v\S+": it is Node\.js, but this server runs on Bun$/],
    ['is too old', 'node', () => script('echo v22.17.1'), /printed v22\.17\.1; .* need 22\.18 or later$/],
  ])('is refused when it %s', (_, kind, given, message) => {
    const error = thrownBy(() => planRuntime(kind, given(), 300));
    expect(error.message).toMatch(message);
    expect([error.code, error.exitCode]).toEqual(['BAD_RUNTIME', 2]);
    expect(error.hint).not.toBe('');
  });
});

describe('--runtime', () => {
  const resolved = (given: Readonly<Record<string, string>>) =>
    planFor(ackRoundtrip, given).then(({ plan }) => plan.target);

  test('goes into the plan with its version', async () => {
    const target = await resolved({ target: 'ws', runtime: NODE });
    expect(target.reference).toMatchObject({ runtime: 'node', program: NODE, version: process.version });
  });

  test('is not for a server of the user', async () => {
    await expect(resolved({ target: 'ws://127.0.0.1:1', exec: 'node x.js', runtime: NODE })).rejects.toThrow(
      /--runtime selects the program of a reference server, but --target ws:\/\/127\.0\.0\.1:1 is your own server/,
    );
  });

  test('may name a Bun for a server that runs on Bun', async () => {
    const target = await resolved({ target: 'bun-ws', runtime: BUN });
    expect(target.reference).toMatchObject({ runtime: 'bun', program: BUN });
  });

  test('runs the server', async () => {
    const seen = join(temporaryFolder(), 'seen');
    const program = script(`echo "$*" >> '${seen}'\nexec '${NODE}' "$@"`);
    const target = await resolved({ target: 'ws', runtime: program });
    if (target.reference === null) throw new Error('no reference server');
    const listen = { host: '127.0.0.1', port: 0 };
    const options = {
      cpus: null,
      env: {},
      timeoutMs: 20_000,
      signal: new AbortController().signal,
      onDied: () => {},
    };
    const server = await startReference('ws', target.reference, listen, options);
    await server.stop();
    expect(server.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+/);
    const [asked, started] = readFileSync(seen, 'utf8').split('\n');
    expect(asked).toBe('--version');
    expect(started).toMatch(/start\.ts ws 127\.0\.0\.1 0 /);
  });
});
