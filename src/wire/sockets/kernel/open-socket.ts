import { isIPv4 } from 'node:net';
import type { Memory } from './arena.ts';
import {
  ERRNO,
  IP_BIND_ADDRESS_NO_PORT,
  LEVEL,
  SOCKET_OPTION,
  STREAM_SOCKET,
  TCP_NO_DELAY,
} from './layout.ts';
import { type Libc, systemError } from './libc.ts';
import { socketAddress } from './socket-address.ts';

/** What calls of a socket need: libc, and memory for what they are given. */
export interface SocketCalls {
  readonly libc: Libc;
  readonly scratch: Memory;
}

/**
 * Opens a socket that does not wait, sends small messages at once, and stamps what it receives. Returns its descriptor, or
 * why there is none.
 */
export function openSocket(calls: SocketCalls, family: number): number | Error {
  const { libc } = calls;
  const fd = libc.socket(family, STREAM_SOCKET, 0);
  if (fd < 0) return systemError('socket', libc.errno());
  for (const [level, option] of OPTIONS) {
    if (switchOn(calls, fd, level, option) === 0) continue;
    const error = systemError('setsockopt', libc.errno());
    libc.close(fd);
    return error;
  }
  return fd;
}

const OPTIONS = [
  [LEVEL.tcp, TCP_NO_DELAY],
  [LEVEL.socket, SOCKET_OPTION.timestampNs],
] as const;

function switchOn({ libc, scratch }: SocketCalls, fd: number, level: number, option: number): number {
  scratch.words[0] = 1;
  return libc.setsockopt(fd, level, option, scratch.address, 4);
}

/**
 * Gives a socket an address of this machine. Its port is chosen with the peer's address, so that one port serves
 * connections to several servers. Returns the error; null when there is none.
 */
function bindTo(calls: SocketCalls, fd: number, localAddress: string): Error | null {
  const { libc, scratch } = calls;
  // Where the system does not know it, the port is chosen now.
  switchOn(calls, fd, LEVEL.ip, IP_BIND_ADDRESS_NO_PORT);
  const { bytes } = socketAddress(localAddress, 0);
  bytes.copy(scratch.bytes);
  return libc.bind(fd, scratch.address, bytes.length) === 0
    ? null
    : systemError('bind', libc.errno(), localAddress);
}

/** Opens a socket and begins to connect it. Returns its descriptor, or why there is none. */
function beginConnecting(
  calls: SocketCalls,
  ip: string,
  port: number,
  localAddress?: string,
): number | Error {
  const { libc, scratch } = calls;
  const { family, bytes } = socketAddress(ip, port);
  const fd = openSocket(calls, family);
  if (typeof fd !== 'number') return fd;
  const problem = localAddress === undefined ? null : bindTo(calls, fd, localAddress);
  if (problem !== null) {
    libc.close(fd);
    return problem;
  }
  bytes.copy(scratch.bytes);
  const errno = libc.connect(fd, scratch.address, bytes.length) === 0 ? 0 : libc.errno();
  if (errno === 0 || errno === ERRNO.inProgress || errno === ERRNO.interrupted) return fd;
  libc.close(fd);
  return connectError(errno, ip, port);
}

/** Why a connection to an address could not be opened, as Node.js says it: `connect ECONNREFUSED 127.0.0.1:80`. */
function connectError(errno: number, ip: string, port: number): Error {
  const where = `${isIPv4(ip) ? ip : `[${ip}]`}:${port}`;
  return Object.assign(systemError('connect', errno, where), { address: ip, port });
}

/** Has the kernel reset a connection when its socket is closed: it lingers for no time (socket(7), SO_LINGER). */
export function resetWhenClosed({ libc, scratch }: SocketCalls, fd: number): void {
  scratch.words[0] = 1;
  scratch.words[1] = 0;
  libc.setsockopt(fd, LEVEL.socket, SOCKET_OPTION.linger, scratch.address, 8);
}

/** The addresses that a connection may go to. Each is tried if the one before it cannot be reached. */
export class Destinations {
  readonly #calls: SocketCalls;
  readonly #addresses: readonly string[];
  readonly #port: number;
  readonly #localAddress: string | undefined;
  #tried = 0;

  constructor(
    calls: SocketCalls,
    addresses: readonly string[],
    port: number,
    localAddress: string | undefined,
  ) {
    this.#calls = calls;
    this.#addresses = addresses;
    this.#port = port;
    this.#localAddress = localAddress;
  }

  /** Begins to connect to the next address: a descriptor, why there is none, or null after the last address. */
  next(): number | Error | null {
    const address = this.#addresses[this.#tried];
    this.#tried += 1;
    return address === undefined
      ? null
      : beginConnecting(this.#calls, address, this.#port, this.#localAddress);
  }

  /** Why the address that was tried last could not be reached. */
  errorOf(errno: number): Error {
    return connectError(errno, this.#addresses[this.#tried - 1] ?? '', this.#port);
  }
}

/** The error that the kernel holds for a socket; 0 for none. */
export function pendingError({ libc, scratch }: SocketCalls, fd: number): number {
  scratch.words[0] = 0;
  scratch.words[2] = 4;
  libc.getsockopt(fd, LEVEL.socket, SOCKET_OPTION.error, scratch.address, scratch.address + 8);
  return scratch.words[0] ?? 0;
}
