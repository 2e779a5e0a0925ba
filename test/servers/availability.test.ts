import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { whyUnavailable } from '../../servers/availability.ts';
import { server as socketio } from '../../servers/socketio.ts';
import { server as socketioRedis } from '../../servers/socketio-redis.ts';
import { runFake } from '../cli/fake-cli.ts';

const folders: string[] = [];

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sockbench-test-'));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Runs a module in a Node.js of its own and returns what it prints, parsed. */
function evaluate(source: string, env: NodeJS.ProcessEnv = {}): unknown {
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source];
  return JSON.parse(execFileSync(process.execPath, flags, { encoding: 'utf8', env }));
}

describe('a server that needs a program', () => {
  it('is not available where that is not on PATH, and names the remedy', async () => {
    vi.stubEnv('PATH', '');
    const reason =
      'redis-server is not on PATH: install Redis (apt-get install redis-server), or pass the URL of a running Redis with --redis';
    expect(whyUnavailable(socketioRedis)).toBe(reason);
    const { exitCode, stdout, stderr } = await runFake('run', 'room-fanout', '--target', 'socketio-redis');
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      `error: the server "socketio-redis" cannot run here: ${reason}\nsockbench list shows which servers can.\n`,
    );
    const listed = (await runFake('list')).stdout.replaceAll(/\s+/g, ' ');
    expect(listed).toMatch(/ socketio-redis Socket\.IO [^:]*cannot run here: redis-server is not on PATH/);
  });

  it('is available without it when a setting replaces it', () => {
    vi.stubEnv('PATH', '');
    expect(whyUnavailable(socketioRedis, { redis: 'redis://127.0.0.1:6379' })).toBeNull();
  });

  it('is available where that is on PATH', () => {
    const folder = temporaryFolder();
    const program = join(folder, 'redis-server');
    writeFileSync(program, '');
    vi.stubEnv('PATH', folder);
    expect(whyUnavailable(socketioRedis)).not.toBeNull();
    chmodSync(program, 0o755);
    expect(whyUnavailable(socketioRedis)).toBeNull();
  });
});

describe('a server that needs packages', () => {
  it('names the missing ones, and how to install them', () => {
    const needy = { ...socketio, packages: ['ws', 'sockbench-nonesuch', '@sockbench/nonesuch'] };
    expect(whyUnavailable(needy)).toBe(
      'packages are not installed: npm install sockbench-nonesuch @sockbench/nonesuch',
    );
    expect(whyUnavailable({ ...socketio, packages: ['ws'] })).toBeNull();
  });
});

describe('a server that runs on Bun', () => {
  /** The module in a folder in which nothing is installed. */
  function elsewhere(): {
    folder: string;
    why: (more?: string) => unknown;
    command: (env: NodeJS.ProcessEnv) => unknown;
  } {
    const folder = temporaryFolder();
    const copy = join(folder, 'availability.ts');
    cpSync(path('../../servers/availability.ts'), copy);
    const load = `const here = await import(${JSON.stringify(pathToFileURL(copy).href)});`;
    const print = (what: string) => `${load} console.log(JSON.stringify(${what}));`;
    return {
      folder,
      why: (more = '') => evaluate(print(`here.whyUnavailable({ runtime: "bun" }${more})`), { PATH: '' }),
      command: (env) => evaluate(print('here.runtimeCommand("bun")[0]'), env),
    };
  }

  it('names how to install Bun where there is none', () => {
    expect(elsewhere().why()).toBe('a package is not installed: npm install bun');
  });

  it('is available without Bun where a program is given', () => {
    expect(elsewhere().why(', {}, "/opt/bun"')).toBeNull();
  });

  it('uses the platform package where the install script of bun has not run', () => {
    const { folder, why, command } = elsewhere();
    const put = (file: string, bytes: number) => {
      const target = join(folder, 'node_modules', file);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, '{}');
      truncateSync(target, bytes);
      return target;
    };
    put('bun/package.json', 2);
    put('bun/bin/bun.exe', 500);
    expect(why()).toMatch(/npm install bun$/);
    const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
    put(`@oven/bun-${process.platform}-${arch}/package.json`, 2);
    const program = put(`@oven/bun-${process.platform}-${arch}/bin/bun`, 2e6);
    expect([why(), command({ PATH: '' })]).toEqual([null, program]);
  });

  it('uses the Bun on PATH where the package is not installed', () => {
    const { folder, command } = elsewhere();
    const bun = join(folder, process.platform === 'win32' ? 'bun.exe' : 'bun');
    writeFileSync(bun, '', { mode: 0o755 });
    expect(command({ PATH: folder })).toBe(bun);
  });
});

describe('an error about support', () => {
  it('names the reason for a server that is not on npm', async () => {
    const { exitCode, stderr } = await runFake('run', 'room-fanout', '--target', 'uwebsockets');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /^error: the server "uwebsockets" is not supported: uWebSockets\.js is not on npm/,
    );
  });

  it('names the reason for a transport that no runtime implements', async () => {
    const { exitCode, stderr } = await runFake('run', 'room-fanout', '--transport', 'webtransport');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error: --transport: webtransport is not supported: neither Node\.js nor Bun/);
  });

  it('does not take the name of a property for a server', async () => {
    const { stderr } = await runFake('run', 'room-fanout', '--target', 'toString');
    expect(stderr).toMatch(/^error: there is no server "toString"; available: /);
  });
});

it('every server can be described where no optional package is installed', () => {
  const { peerDependencies } = JSON.parse(readFileSync(path('../../package.json'), 'utf8'));
  const names = evaluate(`
    import { registerHooks } from 'node:module';
    const optional = new Set(${JSON.stringify(Object.keys(peerDependencies))});
    registerHooks({
      resolve(specifier, context, next) {
        const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
        if (optional.has(name)) throw new Error(specifier + ' is not installed');
        return next(specifier, context);
      },
    });
    const { servers } = await import(${JSON.stringify(new URL('../../servers/index.ts', import.meta.url).href)});
    const names = [];
    for (const load of Object.values(servers)) names.push((await load()).server.name);
    console.log(JSON.stringify(names));
  `);
  expect(names).toEqual(expect.arrayContaining(['socketio', 'socketio-bun', 'socketio-redis']));
});
