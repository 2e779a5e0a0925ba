import { endianness } from 'node:os';

/** Constants and layouts of Linux that x64 and arm64 share, but for what {@link eventLayoutOf} says. All are little-endian. */

export const FAMILY = { inet: 2, inet6: 10 } as const;
/** SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC */
export const STREAM_SOCKET = 1 | 0o4000 | 0o2000000;
export const CLOEXEC = 0o2000000;

export const LEVEL = { ip: 0, socket: 1, tcp: 6 } as const;
/** Of level SOL_SOCKET. */
export const SOCKET_OPTION = { error: 4, linger: 13, timestampNs: 35, memory: 55 } as const;
export const TCP_NO_DELAY = 1;
/** Of level IP: a bound socket gets its port when it connects, so that ports are shared between destinations. */
export const IP_BIND_ADDRESS_NO_PORT = 24;

/** SO_MEMINFO: an array of 32-bit numbers, of which these say how full the receive buffer is. */
export const MEMORY = { bytes: 36, receivedAt: 0, receiveLimitAt: 1 } as const;

/** MSG_NOSIGNAL: a peer that has gone must not end the process by a signal. */
export const NO_SIGNAL = 0x4000;
export const SHUT_WRITE = 1;

export const EPOLL = { add: 1, delete: 2, modify: 3 } as const;
export const READABLE = 0x001;
export const WRITABLE = 0x004;
export const FAILED = 0x008;
export const HUNG_UP = 0x010;

export const CLOCK_REALTIME = 0;
export const SET_TIMER_SLACK = 29;
/** The number of epoll_pwait2 on x64 and arm64, which glibc names since version 2.35 and musl does not. */
export const SYSCALL_EPOLL_PWAIT2 = 441;

export const ERRNO = {
  noEntry: 2,
  interrupted: 4,
  again: 11,
  noBuffers: 105,
  notConnected: 107,
  inProgress: 115,
} as const;

/** struct msghdr and struct iovec, with the offsets of their fields. */
export const MESSAGE_HEADER = {
  bytes: 56,
  vectors: 16,
  vectorCount: 24,
  control: 32,
  controlBytes: 40,
  flags: 48,
} as const;
export const VECTOR = { bytes: 16, base: 0, length: 8 } as const;
/** struct cmsghdr with a struct timespec. */
export const CONTROL = { bytes: 32, level: 8, type: 12, seconds: 16, nanoseconds: 24 } as const;
/** struct timespec */
export const TIME = { bytes: 16, seconds: 0, nanoseconds: 8 } as const;

/** struct epoll_event: packed on x64 only. */
export interface EventLayout {
  readonly bytes: number;
  /** Offset of the 64 bits that epoll returns with an event. */
  readonly data: number;
}

export function eventLayoutOf(arch: string): EventLayout {
  if (endianness() !== 'LE') throw new Error('the CPU is big-endian');
  return arch === 'x64' ? { bytes: 12, data: 4 } : { bytes: 16, data: 8 };
}

/** One read takes no more, so that one of fewer bytes has emptied the socket. One call of send(2) hands over no more. */
export const READ_BYTES = 64 * 1024;
