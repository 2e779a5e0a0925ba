import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSockets, requireKernelSockets } from '../../src/generator/sockets.ts';

const ROOT = join(import.meta.dirname, '../..');
const PRINT = 'test/generator/print-sockets.ts';
const folder = mkdtempSync(join(tmpdir(), 'sockbench-sockets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const clock = { nowNs: () => 0 };
const plain = new URL('ws://127.0.0.1:1');
const refuse = () => {
  throw new Error('the system is fakeos, not Linux');
};

describe('the sockets of a worker', () => {
  it("are Node's, with the reason, where the kernel's cannot be used", () => {
    expect(openSockets({ sockets: 'auto' }, plain, clock, refuse)).toMatchObject({
      kind: 'node',
      problem: 'the system is fakeos, not Linux',
      loop: null,
    });
  });

  it("are Node's without a reason where the plan asks for them", () => {
    expect(openSockets({ sockets: 'node' }, plain, clock, refuse)).toMatchObject({
      kind: 'node',
      problem: null,
    });
  });

  it.each(['wss://127.0.0.1:1', 'https://127.0.0.1:1'])("are Node's for %s", (url) => {
    expect(openSockets({ sockets: 'auto' }, new URL(url), clock)).toMatchObject({
      kind: 'node',
      problem: 'connections with TLS use those of Node.js',
    });
  });

  it.runIf(process.platform === 'linux').each([
    ['node', 'ws://127.0.0.1:1'],
    ['auto', 'wss://127.0.0.1:1'],
  ] as const)('wait for what is due in the loop of the kernel with --sockets %s and %s', (sockets, url) => {
    const { kind, loop } = openSockets({ sockets }, new URL(url), clock);
    expect([kind, loop === null]).toEqual(['node', false]);
  });

  it.each([
    ['darwin', 'arm64', 'the system is darwin, not Linux'],
    ['win32', 'x64', 'the system is win32, not Linux'],
    ['linux', 'riscv64', 'the CPU is riscv64, neither x64 nor arm64'],
  ])("are Node's on %s with %s", (platform, arch, problem) => {
    const own = { platform: process.platform, arch: process.arch };
    const pretend = (values: typeof own | { platform: string; arch: string }) => {
      for (const [name, value] of Object.entries(values)) Object.defineProperty(process, name, { value });
    };
    pretend({ platform, arch });
    const { kind, problem: found } = openSockets({ sockets: 'auto' }, plain, clock);
    pretend(own);
    expect({ kind, found }).toEqual({ kind: 'node', found: problem });
  });

  it("cannot be opened where the plan asks for the kernel's and they cannot be used", () => {
    const error = expect.objectContaining({
      code: 'NO_KERNEL_SOCKETS',
      message: "the kernel's sockets cannot be used: the system is fakeos, not Linux",
    });
    expect(() => openSockets({ sockets: 'kernel' }, plain, clock, refuse)).toThrow(error);
    expect(() => requireKernelSockets(refuse)).toThrow(error);
  });
});

/** What a process prints that opens its sockets. */
function print(command: readonly string[], cwd = ROOT): unknown {
  const [file = '', ...args] = command;
  const { stdout, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8' });
  return stdout === '' ? stderr : JSON.parse(stdout);
}

describe.runIf(process.platform === 'linux')('a process', () => {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning'];

  it("uses the kernel's sockets", () => {
    expect(print([...node, PRINT])).toEqual({ kind: 'kernel', problem: null, isEarly: false });
  });

  it("without koffi uses Node's, or says what is missing", () => {
    // The sources, with one package that they need and not this one.
    const needed = 'node_modules/fastest-levenshtein';
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(ROOT, needed), join(folder, needed));
    cpSync(join(ROOT, 'src'), join(folder, 'src'), { recursive: true });
    cpSync(join(ROOT, dirname(PRINT)), join(folder, dirname(PRINT)), { recursive: true });
    expect(print([...node, PRINT], folder)).toEqual({
      kind: 'node',
      problem: "the package koffi cannot be loaded: Cannot find module 'koffi'",
      isEarly: false,
    });
    expect(print([...node, PRINT, 'kernel'], folder)).toEqual({
      error: expect.stringContaining(
        "the kernel's sockets cannot be used: the package koffi cannot be loaded",
      ),
    });
  });

  describe('in which calls are forbidden', () => {
    const forbid = join(folder, 'forbid');
    /** Numbers of the calls, on x64 and arm64. */
    const numbers = process.arch === 'x64' ? { wait: 232, recvmsg: 47 } : { wait: 22, recvmsg: 212 };
    const EPERM = '1';
    const ENOSYS = '38';
    let missing: string | null = null;
    try {
      execFileSync('cc', ['-o', forbid, join(ROOT, 'test/support/forbid.c')], { stdio: 'pipe' });
      execFileSync(forbid, [EPERM, '441', 'true']);
    } catch (error) {
      missing = `no calls can be forbidden here: ${(error as Error).message}`;
      console.warn(missing);
    }

    it.each([
      [
        '1',
        '441',
        { kind: 'kernel', problem: 'epoll_pwait2 is missing or forbidden: pacing needs more CPU' },
      ],
      [
        ENOSYS,
        '441',
        { kind: 'kernel', problem: 'epoll_pwait2 is missing or forbidden: pacing needs more CPU' },
      ],
      [EPERM, `441,${numbers.wait}`, { kind: 'node', problem: 'epoll_wait EPERM' }],
      [ENOSYS, String(numbers.recvmsg), { kind: 'node', problem: 'recvmsg ENOSYS' }],
    ])('by error %s for %s, uses what is left', (errno, calls, expected) => {
      if (missing !== null) return;
      expect(print([forbid, errno, calls, ...node, PRINT])).toEqual({ ...expected, isEarly: false });
    });
  });
});
