import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BaseCheckout, type BaseOptions, checkOutBase } from '../../../src/run/base/check-out.ts';
import { readEnvironment } from '../../../src/run/environment.ts';
import { startCommand } from '../../../src/run/server/server-process.ts';
import { commitFiles, gitIn, makeRepository } from '../../support/git.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { findProcesses, NO_PROC } from '../../support/proc.ts';
import { freePort, temporaryFolder } from '../../support/sockbench.ts';

skipWhenMissing(NO_PROC);

const SCRIPT = join(import.meta.dirname, '../../support/check-out-base.ts');
const SERVER = join(import.meta.dirname, '../../support/plain-server.mjs');

/** The folder for temporary files, in which nothing may be left. */
let temporary: string;
/** To be removed after the test. */
const bases: BaseCheckout[] = [];

beforeEach(() => {
  temporary = temporaryFolder();
  vi.stubEnv('TMPDIR', temporary);
});

afterEach(() => {
  for (const base of bases.splice(0)) base.remove();
  expect(readdirSync(temporary)).toEqual([]);
  vi.unstubAllEnvs();
});

/** Two commits: app.txt says one, of which there are a tag and a branch; then two. */
function twoCommits(): string {
  const repository = outside(() => makeRepository({ 'app.txt': 'one', 'server/index.js': '1' }));
  gitIn(repository, 'tag', 'v1');
  gitIn(repository, 'branch', 'feature/old');
  commitFiles(repository, { 'app.txt': 'two' });
  return repository;
}

/** What a test needs itself lies elsewhere. */
function outside<T>(make: () => T): T {
  vi.unstubAllEnvs();
  const made = make();
  vi.stubEnv('TMPDIR', temporary);
  return made;
}

function worktreesOf(repository: string): string[] {
  return gitIn(repository, 'worktree', 'list', '--porcelain')
    .split('\n')
    .filter((line) => line.startsWith('worktree '))
    .map((line) => line.slice('worktree '.length));
}

/** Checks out the branch of the first commit, by default. */
async function checkOut(repository: string, options: Partial<BaseOptions> = {}): Promise<BaseCheckout> {
  const { signal } = new AbortController();
  const base = await checkOutBase({
    ...{ ref: 'feature/old', install: null, repository, signal, onLine: () => {} },
    ...options,
  });
  bases.push(base);
  return base;
}

async function expectRefused(
  repository: string,
  options: Partial<BaseOptions>,
  expected: { code: string; message: RegExp; hint: RegExp },
): Promise<void> {
  await expect(checkOut(repository, options)).rejects.toMatchObject({
    exitCode: 2,
    code: expected.code,
    message: expect.stringMatching(expected.message),
    hint: expect.stringMatching(expected.hint),
  });
}

describe('a base', () => {
  test.each(['feature/old', 'v1', 'HEAD~1', 'the hash', 'half of the hash'])(
    'is checked out by %s',
    async (name) => {
      const repository = twoCommits();
      const hash = gitIn(repository, 'rev-parse', 'v1');
      const hashes: Record<string, string> = { 'the hash': hash, 'half of the hash': hash.slice(0, 20) };
      const base = await checkOut(repository, { ref: hashes[name] ?? name });
      expect(base.commit).toBe(hash);
      expect(base.notes).toEqual([]);
      expect(base.folder.startsWith(`${realpathSync(temporary)}/`)).toBe(true);
      expect(readFileSync(join(base.folder, 'app.txt'), 'utf8')).toBe('one');
    },
  );

  test('leaves the changes, the index and the branches of the user as they are', async () => {
    const repository = twoCommits();
    writeFileSync(join(repository, 'app.txt'), 'changed and staged');
    gitIn(repository, 'add', 'app.txt');
    writeFileSync(join(repository, 'app.txt'), 'changed again');
    writeFileSync(join(repository, 'new.txt'), 'untracked');
    const state = () => [
      gitIn(repository, 'status', '--porcelain', '--branch'),
      gitIn(repository, 'for-each-ref'),
      gitIn(repository, 'stash', 'list'),
      readFileSync(join(repository, 'app.txt'), 'utf8'),
      readFileSync(join(repository, '.git/index')).toString('base64'),
    ];
    const before = state();
    const base = await checkOut(repository, { install: 'echo built > app.txt; touch more.txt' });
    expect(readFileSync(join(base.folder, 'app.txt'), 'utf8')).toBe('built\n');
    expect(state()).toEqual(before);
    expect(worktreesOf(repository)).toEqual([realpathSync(repository), base.folder]);
    base.remove();
    expect(state()).toEqual(before);
    expect(worktreesOf(repository)).toEqual([realpathSync(repository)]);
  });

  test('is entered where the user stands', async () => {
    const repository = twoCommits();
    const base = await checkOut(join(repository, 'server'), { install: 'pwd > here.txt' });
    expect(readdirSync(base.folder)).toEqual(['here.txt', 'index.js']);
    expect(readFileSync(join(base.folder, 'here.txt'), 'utf8')).toBe(`${base.folder}\n`);
    expect(existsSync(join(base.folder, '../app.txt'))).toBe(true);
  });

  test('without the folder in which the user stands is refused', async () => {
    const repository = twoCommits();
    mkdirSync(join(repository, 'added'));
    await expectRefused(
      join(repository, 'added'),
      {},
      {
        code: 'BASE_WITHOUT_FOLDER',
        message: /feature\/old has no folder added\//,
        hint: /both commits have/,
      },
    );
  });

  test('that is what the user has, without changes, is noted', async () => {
    const repository = twoCommits();
    const { notes } = await checkOut(repository, { ref: 'main' });
    expect(notes).toEqual([
      { code: 'base_is_head', message: expect.stringMatching(/^main is the commit .* no changes: both/) },
    ]);
    writeFileSync(join(repository, 'app.txt'), 'changed');
    expect((await checkOut(repository, { ref: 'main' })).notes).toEqual([]);
  });

  test('with submodules, or without a lock file, is noted', async () => {
    const repository = twoCommits();
    commitFiles(repository, { '.gitmodules': '', 'package.json': '{}' });
    commitFiles(repository, { 'app.txt': 'four' });
    const { notes } = await checkOut(repository, { ref: 'HEAD~1' });
    expect(notes.map(({ code }) => code)).toEqual(['base_submodules', 'base_not_installed']);
  });

  test('is that of the folder, whatever the environment of git, and runs no hook', async () => {
    const repository = twoCommits();
    const other = outside(() => makeRepository({ 'other.txt': 'other' }));
    const hook = join(repository, '.git/hooks/post-checkout');
    writeFileSync(hook, '#!/bin/sh\ntouch hooked.txt\n', { mode: 0o755 });
    vi.stubEnv('GIT_DIR', join(other, '.git'));
    vi.stubEnv('GIT_WORK_TREE', other);
    vi.stubEnv('GIT_INDEX_FILE', join(other, '.git/index'));
    const base = await checkOut(repository, { install: 'git rev-parse HEAD > head.txt' });
    expect(readdirSync(base.folder).sort()).toEqual(['.git', 'app.txt', 'head.txt', 'server']);
    expect(readFileSync(join(base.folder, 'head.txt'), 'utf8').trim()).toBe(base.commit);
    base.remove();
    expect(worktreesOf(other)).toHaveLength(1);
  });

  test('takes no other worktree along, even one whose drive is away', async () => {
    const repository = twoCommits();
    const mine = join(temporary, 'mine');
    gitIn(repository, 'worktree', 'add', '--quiet', '--detach', mine);
    rmSync(mine, { recursive: true });
    const { signal } = new AbortController();
    const base = await checkOutBase({ ref: 'v1', install: null, repository, signal, onLine: () => {} });
    expect(worktreesOf(repository)).toHaveLength(3);
    base.remove();
    base.remove();
    expect(worktreesOf(repository).map((path) => path.split('/').at(-1))).toContain('mine');
    expect(worktreesOf(repository)).toHaveLength(2);
  });

  test('reports each step', async () => {
    const lines: string[] = [];
    const { folder } = await checkOut(twoCommits(), { install: 'true', onLine: (line) => lines.push(line) });
    expect(lines).toEqual([
      expect.stringMatching(/^base: checking out feature\/old \([0-9a-f]{8}\) in /),
      'base: true',
    ]);
    expect(lines[0]).toContain(folder);
  });
});

describe('what the base needs', () => {
  test('is installed by its own lock file', async () => {
    const repository = twoCommits();
    const dependencies = { mine: 'file:./mine' };
    commitFiles(repository, {
      'package.json': JSON.stringify({ name: 'app', version: '1.0.0', dependencies }),
      'mine/package.json': JSON.stringify({ name: 'mine', version: '1.0.0' }),
      'package-lock.json': JSON.stringify({
        ...{ name: 'app', version: '1.0.0', lockfileVersion: 3, requires: true },
        packages: {
          '': { name: 'app', version: '1.0.0', dependencies },
          mine: { version: '1.0.0' },
          'node_modules/mine': { resolved: 'mine', link: true },
        },
      }),
    });
    const { folder } = await checkOut(repository, { ref: 'HEAD' });
    expect(realpathSync(join(folder, 'node_modules/mine'))).toBe(join(folder, 'mine'));
    expect(existsSync(join(repository, 'node_modules'))).toBe(false);
  });

  test('and cannot be installed is reported with the last lines of the output', async () => {
    const install = 'for i in $(seq 100); do echo "line $i"; done; echo no such package >&2; exit 7';
    await expectRefused(
      twoCommits(),
      { install },
      {
        code: 'BASE_INSTALL',
        message:
          /in a checkout of feature\/old ended with exit code 7; its last lines:\n(.*\n)*.*no such package/,
        hint: /--base-install CMD/,
      },
    );
  });

  test('leaves no process running', async () => {
    const pause = `300.${process.pid}1`;
    await checkOut(twoCommits(), { install: `sleep ${pause} & setsid sleep ${pause} & sleep 0.1` });
    expect(findProcesses('sleep', pause)).toEqual([]);
  });
});

describe('what is no base', () => {
  test.each(['--version', '-x', '--upload-pack=touch /tmp/x'])(
    'is "%s", which git would read as an option',
    async (ref) => {
      await expectRefused(
        twoCommits(),
        { ref },
        {
          code: 'NO_SUCH_REF',
          message: /does not begin with "-"/,
          hint: /^Give a branch, a tag or a commit\.$/,
        },
      );
    },
  );

  test('is a name with characters of a shell, which the advice quotes', async () => {
    await expectRefused(
      twoCommits(),
      { ref: 'x;reboot' },
      { code: 'NO_SUCH_REF', message: /no such branch/, hint: /git fetch origin 'x;reboot'$/ },
    );
  });

  test.each(['nonesuch', '', 'v1:app.txt'])('is "%s"', async (ref) => {
    await expectRefused(
      twoCommits(),
      { ref },
      {
        code: 'NO_SUCH_REF',
        message: /this clone has no such branch, tag or commit/,
        hint: /git fetch origin/,
      },
    );
  });

  test('is suggested where a remote has it', async () => {
    const repository = outside(() => {
      const folder = temporaryFolder();
      gitIn(folder, 'clone', '--quiet', twoCommits(), 'clone');
      return join(folder, 'clone');
    });
    const expected = {
      code: 'NO_SUCH_REF',
      message: /no such branch/,
      hint: /^Did you mean origin\/feature\/old\?$/,
    };
    await expectRefused(repository, {}, expected);
  });

  test('is in no shallow clone, which is said', async () => {
    const repository = outside(() => {
      const folder = temporaryFolder();
      gitIn(folder, 'clone', '--quiet', '--depth', '1', `file://${twoCommits()}`, 'clone');
      return join(folder, 'clone');
    });
    const expected = {
      code: 'NO_SUCH_REF',
      message: /no such branch/,
      hint: /shallow: .*fetch-depth: 0.*--unshallow/,
    };
    await expectRefused(repository, { ref: 'v1' }, expected);
  });

  test('is outside any repository', async () => {
    const expected = {
      code: 'NO_REPOSITORY',
      message: /git checkout: not a git repository/,
      hint: /--arm/,
    };
    await expectRefused(outside(temporaryFolder), {}, expected);
  });
});

/** A shell that has two processes sleep for long, one of a session of its own, and then writes the file. */
function endless(file: string): { install: string; left: () => number[] } {
  const pause = `300.${process.pid}2`;
  const install = `setsid sleep ${pause} & sleep ${pause} & touch '${file}'; wait`;
  return { install, left: () => findProcesses('sleep', pause) };
}

describe('interrupted', () => {
  test('in the middle of installing, it ends that and leaves nothing', async () => {
    const repository = twoCommits();
    const installing = join(outside(temporaryFolder), 'installing');
    const { install, left } = endless(installing);
    const abort = new AbortController();
    const checkedOut = checkOut(repository, { install, signal: abort.signal });
    const refused = expect(checkedOut).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 3 });
    await expect.poll(() => existsSync(installing), { timeout: 10_000 }).toBe(true);
    // The shell goes on before the processes that it starts are sleeping.
    await expect.poll(left, { timeout: 10_000 }).toHaveLength(3);
    abort.abort();
    await refused;
    expect(left()).toEqual([]);
    expect(worktreesOf(repository)).toHaveLength(1);
  });

  test('before it began, it leaves nothing', async () => {
    const repository = twoCommits();
    const checkedOut = checkOut(repository, { signal: AbortSignal.abort() });
    await expect(checkedOut).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(worktreesOf(repository)).toHaveLength(1);
  });

  test.each(['while it installs', 'once it stands'])(
    'by the exit of its process, %s, it leaves nothing',
    async (when) => {
      const repository = twoCommits();
      const installing = join(outside(temporaryFolder), 'installing');
      const { install, left } = endless(installing);
      const args = [SCRIPT, 'v1', when === 'while it installs' ? install : `touch '${installing}'`];
      const child = spawn(process.execPath, args, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (chunk) => {
        said += chunk;
      });
      await expect.poll(() => existsSync(installing), { timeout: 10_000 }).toBe(true);
      if (when === 'once it stands')
        await expect.poll(() => said, { timeout: 10_000 }).toMatch(/checked out/);
      expect(worktreesOf(repository)).toHaveLength(2);
      child.kill('SIGINT');
      expect(await once(child, 'exit')).toEqual([130, null]);
      expect(worktreesOf(repository)).toHaveLength(1);
      await expect.poll(left, { timeout: 5000 }).toEqual([]);
    },
  );
});

test('a server of the base runs in its folder, and its result would have its commit', async () => {
  const repository = twoCommits();
  const base = await checkOut(repository);
  const url = new URL(`ws://127.0.0.1:${await freePort()}`);
  const command = `pwd > here.txt; exec "${process.execPath}" "${SERVER}" ${url.port}`;
  const options = {
    cpus: null,
    env: {},
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    onDied: () => {},
  };
  const server = await startCommand({ command, cwd: base.folder }, url, options);
  await server.stop();
  expect(readFileSync(join(base.folder, 'here.txt'), 'utf8')).toBe(`${base.folder}\n`);
  const disturbance = { stealRatio: null, serverStealRatio: null, throttledMs: null, cpuPressureRatio: null };
  const environmentOf = (folder: string) =>
    readEnvironment([], { server: null, workers: [] }, disturbance, folder);
  expect(environmentOf(base.folder)).toMatchObject({ commit: base.commit, dirty: true });
  expect(environmentOf(repository)).toMatchObject({
    commit: gitIn(repository, 'rev-parse', 'HEAD'),
    dirty: false,
  });
});
