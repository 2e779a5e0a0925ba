import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import { messageOf } from '../../../errors.ts';

/**
 * The calls of libc that the kernel's sockets need. All memory that the kernel sees lies in an arena, and is named by
 * its address.
 */
export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: number, length: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: number, length: number, flags: number): number;
  getsockname(fd: number, address: number, length: number): number;
  connect(fd: number, address: number, length: number): number;
  setsockopt(fd: number, level: number, name: number, value: number, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: number, length: number): number;
  send(fd: number, bytes: number, length: number, flags: number): number;
  recv(fd: number, bytes: number, length: number, flags: number): number;
  recvmsg(fd: number, message: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: number): number;
  epoll_wait(epoll: number, events: number, max: number, timeoutMs: number): number;
  /** A call of the kernel that not every libc names. */
  syscall(number: number, a: number, b: number, c: number, d: number, e: number, f: number): number;
  clock_gettime(clock: number, time: number): number;
  prctl(option: number, value: number): number;
  /** The error of the last call that failed. */
  errno(): number;
  /** The address of memory outside of V8's heap. */
  addressOf(memory: ArrayBuffer): number;
}

/** C declarations; pointers are numbers, which hold the 47 bits of an address. */
const DECLARATIONS = {
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, uint64_t, uint32_t)',
  listen: 'int listen(int, int)',
  accept4: 'int accept4(int, uint64_t, uint64_t, int)',
  getsockname: 'int getsockname(int, uint64_t, uint64_t)',
  connect: 'int connect(int, uint64_t, uint32_t)',
  setsockopt: 'int setsockopt(int, int, int, uint64_t, uint32_t)',
  getsockopt: 'int getsockopt(int, int, int, uint64_t, uint64_t)',
  send: 'int64_t send(int, uint64_t, uint64_t, int)',
  recv: 'int64_t recv(int, uint64_t, uint64_t, int)',
  recvmsg: 'int64_t recvmsg(int, uint64_t, int)',
  shutdown: 'int shutdown(int, int)',
  close: 'int close(int)',
  epoll_create1: 'int epoll_create1(int)',
  epoll_ctl: 'int epoll_ctl(int, int, int, uint64_t)',
  epoll_wait: 'int epoll_wait(int, uint64_t, int, int)',
  syscall: 'int64_t syscall(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)',
  clock_gettime: 'int clock_gettime(int, uint64_t)',
  prctl: 'int prctl(int, uint64_t)',
} as const satisfies Partial<Record<keyof Libc, string>>;

type Native = (...values: readonly number[]) => number;

/** Functions that this process has loaded, by their C declarations. */
export interface NativeLibrary {
  func(declaration: string): Native;
}

/** The parts of koffi that are used. It is an optional dependency. */
interface Koffi {
  /** Null names what the process has loaded already: libc, whichever it is, and the symbols that Node.js exports. */
  load(path: null): NativeLibrary;
  errno(): number;
  address(memory: ArrayBuffer): bigint;
}

/** Loads the functions of this process. Throws an Error that says why this machine has no sockets of the kernel. */
export function loadNative(): { readonly libc: Libc; readonly library: NativeLibrary } {
  const { platform, arch } = process;
  if (platform !== 'linux') throw new Error(`the system is ${platform}, not Linux`);
  if (arch !== 'x64' && arch !== 'arm64') throw new Error(`the CPU is ${arch}, neither x64 nor arm64`);
  const koffi = loadKoffi();
  const library = koffi.load(null);
  const calls = Object.entries(DECLARATIONS).map(([name, declaration]) => {
    try {
      return [name, library.func(declaration)] as const;
    } catch (error) {
      throw new Error(`libc has no ${name}: ${messageOf(error)}`);
    }
  });
  const libc = {
    ...(Object.fromEntries(calls) as unknown as Omit<Libc, 'errno' | 'addressOf'>),
    errno: () => koffi.errno(),
    addressOf: (memory: ArrayBuffer) => Number(koffi.address(memory)),
  };
  return { libc, library };
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    // Lines after the first list who asked for it.
    const [reason = ''] = messageOf(error).split('\n');
    throw new Error(`the package koffi cannot be loaded: ${reason}`);
  }
}

/** An error of the system, as Node.js names it. `where` is the address that a connection goes to. */
export function systemError(call: string, errno: number, where = ''): Error {
  const code = getSystemErrorName(-errno);
  const message = `${call} ${code}${where === '' ? '' : ` ${where}`}`;
  return Object.assign(new Error(message), { code, errno: -errno, syscall: call });
}
