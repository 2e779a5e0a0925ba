import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as layout from '../../../src/wire/sockets/kernel/layout.ts';

const { CONTROL, EPOLL, ERRNO, FAMILY, LEVEL, MEMORY, MESSAGE_HEADER, SOCKET_OPTION, TIME, VECTOR } = layout;

/** What each constant is in C. */
function constantsOf(arch: string): ReadonlyArray<readonly [c: string, value: number]> {
  const event = layout.eventLayoutOf(arch);
  return [
    ['AF_INET', FAMILY.inet],
    ['AF_INET6', FAMILY.inet6],
    ['(SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)', layout.STREAM_SOCKET],
    ['EPOLL_CLOEXEC', layout.CLOEXEC],
    ['IPPROTO_IP', LEVEL.ip],
    ['SOL_SOCKET', LEVEL.socket],
    ['IPPROTO_TCP', LEVEL.tcp],
    ['SO_ERROR', SOCKET_OPTION.error],
    ['SO_TIMESTAMPNS', SOCKET_OPTION.timestampNs],
    // The type of the control message, and the structure in it.
    ['SCM_TIMESTAMPNS', SOCKET_OPTION.timestampNs],
    ['SO_MEMINFO', SOCKET_OPTION.memory],
    ['(SK_MEMINFO_VARS * 4)', MEMORY.bytes],
    ['SK_MEMINFO_RMEM_ALLOC', MEMORY.receivedAt],
    ['SK_MEMINFO_RCVBUF', MEMORY.receiveLimitAt],
    ['TCP_NODELAY', layout.TCP_NO_DELAY],
    ['IP_BIND_ADDRESS_NO_PORT', layout.IP_BIND_ADDRESS_NO_PORT],
    ['MSG_NOSIGNAL', layout.NO_SIGNAL],
    ['SHUT_WR', layout.SHUT_WRITE],
    ['EPOLL_CTL_ADD', EPOLL.add],
    ['EPOLL_CTL_DEL', EPOLL.delete],
    ['EPOLL_CTL_MOD', EPOLL.modify],
    ['EPOLLIN', layout.READABLE],
    ['EPOLLOUT', layout.WRITABLE],
    ['EPOLLERR', layout.FAILED],
    ['EPOLLHUP', layout.HUNG_UP],
    ['CLOCK_REALTIME', layout.CLOCK_REALTIME],
    ['PR_SET_TIMERSLACK', layout.SET_TIMER_SLACK],
    ['SYS_epoll_pwait2', layout.SYSCALL_EPOLL_PWAIT2],
    ['EINTR', ERRNO.interrupted],
    ['EAGAIN', ERRNO.again],
    ['EWOULDBLOCK', ERRNO.again],
    ['ENOBUFS', ERRNO.noBuffers],
    ['ENOTCONN', ERRNO.notConnected],
    ['EINPROGRESS', ERRNO.inProgress],
    ['sizeof(struct epoll_event)', event.bytes],
    ['offsetof(struct epoll_event, events)', 0],
    ['offsetof(struct epoll_event, data)', event.data],
    ['sizeof(struct msghdr)', MESSAGE_HEADER.bytes],
    ['offsetof(struct msghdr, msg_iov)', MESSAGE_HEADER.vectors],
    ['offsetof(struct msghdr, msg_iovlen)', MESSAGE_HEADER.vectorCount],
    ['offsetof(struct msghdr, msg_control)', MESSAGE_HEADER.control],
    ['offsetof(struct msghdr, msg_controllen)', MESSAGE_HEADER.controlBytes],
    ['offsetof(struct msghdr, msg_flags)', MESSAGE_HEADER.flags],
    ['sizeof(struct iovec)', VECTOR.bytes],
    ['offsetof(struct iovec, iov_base)', VECTOR.base],
    ['offsetof(struct iovec, iov_len)', VECTOR.length],
    ['CMSG_SPACE(sizeof(struct timespec))', CONTROL.bytes],
    ['offsetof(struct cmsghdr, cmsg_level)', CONTROL.level],
    ['offsetof(struct cmsghdr, cmsg_type)', CONTROL.type],
    ['CMSG_LEN(0)', CONTROL.seconds],
    ['CMSG_LEN(0) + offsetof(struct timespec, tv_nsec)', CONTROL.nanoseconds],
    ['sizeof(struct timespec)', TIME.bytes],
    ['offsetof(struct timespec, tv_sec)', TIME.seconds],
    ['offsetof(struct timespec, tv_nsec)', TIME.nanoseconds],
    ['sizeof(void *)', 8],
    ['__BYTE_ORDER__', 1234],
  ];
}

const HEADERS = [
  'errno.h',
  'stddef.h',
  'netinet/in.h',
  'netinet/tcp.h',
  'sys/epoll.h',
  'sys/prctl.h',
  'sys/socket.h',
  'sys/syscall.h',
  'sys/uio.h',
  'time.h',
  'asm/socket.h',
  'linux/sock_diag.h',
];

/** Has a compiler check the constants. Returns what it finds wrong; null when there is no such compiler. */
function check(compiler: string, arch: string): string | null {
  const lines = [
    '#define _GNU_SOURCE',
    ...HEADERS.map((header) => `#include <${header}>`),
    ...constantsOf(arch).map(([c, value]) => `_Static_assert((${c}) == ${value}, "${c}");`),
  ];
  const folder = mkdtempSync(join(tmpdir(), 'sockbench-layout-'));
  const file = join(folder, 'layout.c');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const { error, stdout, stderr } = spawnSync(compiler, ['-std=gnu11', '-fsyntax-only', file], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  if (error === undefined) return stdout + stderr;
  console.warn(`the layouts of ${arch} are not compared with C: ${error.message}`);
  return null;
}

describe('the constants and layouts of the kernel', () => {
  const native = { x64: 'cc', arm64: 'cc', [process.arch === 'x64' ? 'arm64' : 'x64']: '' } as const;
  it.each([
    ['x64', native.x64 || 'x86_64-linux-gnu-gcc'],
    ['arm64', native.arm64 || 'aarch64-linux-gnu-gcc'],
  ])('of %s are those of its C headers, where %s can be had', (arch, compiler) => {
    expect(['', null]).toContain(check(compiler, arch));
  });

  it('would not pass if one was wrong', () => {
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    const found = check('cc', other);
    if (found !== null) expect(found).toContain('sizeof(struct epoll_event)');
  });
});
