import { describe, expect, it } from 'vitest';
import { KernelSockets } from '../../../src/wire/sockets/kernel/kernel-sockets.ts';
import {
  ERRNO,
  FAILED,
  HUNG_UP,
  READ_BYTES,
  READABLE,
  WRITABLE,
} from '../../../src/wire/sockets/kernel/layout.ts';
import { systemError } from '../../../src/wire/sockets/kernel/libc.ts';
import type { OpenStream } from '../../../src/wire/sockets/stream.ts';
import { openTo } from '../support/opened-stream.ts';
import { FakeKernel } from './fake-libc.ts';

const EPERM = 1;
const EMFILE = 24;
const ENOSPC = 28;
const ENOSYS = 38;
const ECONNREFUSED = 111;

/** Sockets of a made-up kernel. Times of the run count from the start of its wall clock. */
function makeSockets(kernel = new FakeKernel()) {
  const startNs = kernel.wallNs;
  const clock = { nowNs: () => Number(kernel.wallNs - startNs) + 1e9 };
  const sockets = new KernelSockets(clock, kernel, null);
  // One socket is open from the start.
  kernel.sockets.delete(10);
  const open: OpenStream = (address, handlers) => sockets.open(address, handlers);
  return {
    kernel,
    sockets,
    open,
    /** Reports events of one wait. */
    report: (...events: FakeKernel['events']) => {
      kernel.events.push(...events);
      sockets.handle(sockets.wait(0));
    },
    /** Opens a stream, which gets the next descriptor. */
    async connected(fd: number, hooks?: Parameters<typeof openTo>[2]) {
      const opened = openTo(open, { port: 80 }, hooks);
      await nextImmediate();
      kernel.events.push({ fd, events: WRITABLE });
      sockets.handle(sockets.wait(0));
      await opened.opened;
      return opened;
    },
  };
}

const nextImmediate = () => new Promise<void>((resolve) => setImmediate(resolve));
const arrived = (text: string, stampNs: number | null = 0) => ({ text, stampNs });

describe('the sockets of the kernel', () => {
  it.each(['socket', 'setsockopt', 'recvmsg', 'epoll_create1'])(
    'are refused where %s is forbidden',
    (call) => {
      const kernel = new FakeKernel();
      kernel.errors[call] = EPERM;
      expect(() => makeSockets(kernel)).toThrow(`${call} EPERM`);
    },
  );

  it.each([
    ['is not there', ENOSYS],
    ['is forbidden', EPERM],
  ])('wait by whole milliseconds where epoll_pwait2 %s', (_, errno) => {
    const kernel = new FakeKernel();
    kernel.errors['epoll_pwait2'] = errno;
    const { sockets } = makeSockets(kernel);
    expect(sockets.isPrecise).toBe(false);
    sockets.wait(3_999_999);
    expect(kernel.waits.at(-1)).toBe('3 ms');
    kernel.errors['epoll_wait'] = errno;
    expect(() => makeSockets(kernel)).toThrow('epoll_wait');
  });

  it('wait to the nanosecond otherwise, and take the end of a wait by a signal for nothing', () => {
    const { kernel, sockets } = makeSockets();
    expect(sockets.isPrecise).toBe(true);
    sockets.wait(12_345_678_901);
    expect(kernel.waits.at(-1)).toBe('12345678901 ns');
    kernel.errors['epoll_pwait2'] = ERRNO.interrupted;
    expect(sockets.wait(1e9)).toBe(0);
    kernel.errors['epoll_pwait2'] = 9;
    expect(() => sockets.wait(1e9)).toThrow('EBADF');
  });

  it('fail a connection, and only it, when there is no descriptor or no room in epoll', async () => {
    const { kernel, sockets, open } = makeSockets();
    kernel.errors['socket'] = EMFILE;
    const first = openTo(open, { port: 80 });
    expect(await first.closed).toMatchObject({ code: 'EMFILE', syscall: 'socket' });
    delete kernel.errors['socket'];
    kernel.errors['epoll_ctl'] = ENOSPC;
    const second = openTo(open, { port: 80 });
    expect(await second.closed).toMatchObject({ code: 'ENOSPC', syscall: 'epoll_ctl' });
    expect(kernel.sockets.size).toBe(0);
    expect(sockets.count).toBe(0);
  });

  it('never hand an event to a stream that got the descriptor of another', async () => {
    const { kernel, report, connected, open } = makeSockets();
    const first = await connected(10);
    // It tries its second address when the first refuses, and gets descriptor 10, which is free by then.
    const second = openTo(open, { host: 'localhost', port: 80 }, { onBytes: () => {} });
    await new Promise((resolve) => setTimeout(resolve, 5));
    kernel.socketOf(11).error = ECONNREFUSED;
    kernel.socketOf(10).arrived.push(arrived('for the first'));
    const third = await connected(12, { onBytes: () => first.stream.destroy() });
    kernel.socketOf(12).arrived.push(arrived('x'));
    report({ fd: 12, events: READABLE }, { fd: 11, events: FAILED | HUNG_UP }, { fd: 10, events: READABLE });
    expect(await first.closed).toBeNull();
    expect(String(first.received())).toBe('');
    expect([...kernel.sockets.keys()]).toEqual([12, 10]);
    second.stream.destroy();
    third.stream.destroy();
    expect(await second.closed).toBeNull();
    expect(kernel.sockets.size).toBe(0);
  });

  it('queue what the kernel does not take, in order, and count it', async () => {
    const { kernel, sockets, report, connected } = makeSockets();
    const { stream } = await connected(10);
    const socket = kernel.socketOf(10);
    socket.room = 7;
    for (const text of ['0123', '4567', '89']) stream.write(Buffer.from(text));
    expect(socket.sent).toEqual(['0123', '456']);
    expect(stream.unsentBytes).toBe(3);
    expect(socket.watched).toBe(READABLE | WRITABLE);
    socket.room = 1e9;
    report({ fd: 10, events: WRITABLE });
    expect(socket.sent.join('')).toBe('0123456789');
    expect(stream.unsentBytes).toBe(0);
    expect(socket.watched).toBe(READABLE);
    expect(sockets.counter.take()).toMatchObject({ sendsNotTaken: 2, mostUnsentBytes: 3 });
    expect(sockets.counter.take()).toMatchObject({ sendsNotTaken: 0, mostUnsentBytes: 0 });
  });

  it('take a kernel without buffers for one that takes nothing now', async () => {
    const { kernel, connected } = makeSockets();
    const { stream } = await connected(10);
    kernel.errors['send'] = ERRNO.noBuffers;
    stream.write(Buffer.from('later'));
    expect(stream.unsentBytes).toBe(5);
  });

  it('use the time of the kernel, within what is possible', async () => {
    const times: Array<[receivedNs: number, sinceNs: number, clock: string]> = [];
    const { kernel, report, connected } = makeSockets();
    await connected(10, {
      onBytes: (_, { receivedNs, sinceNs, clock }) => times.push([receivedNs, sinceNs, clock]),
    });
    const { arrived: data } = kernel.socketOf(10);
    const at = (afterNs: bigint, stampNs: number | null) => {
      kernel.wallNs += afterNs;
      data.push(arrived('x', stampNs));
      report({ fd: 10, events: READABLE });
    };
    at(1_000_000n, -300_000);
    at(1_000_000n, -400_000);
    // Before there was nothing to read, after now, and not at all.
    at(1_000_000n, -5_000_000);
    at(1_000_000n, 5_000_000);
    at(1_000_000n, null);
    expect(times).toEqual([
      [1_000_700_000, 1_000_000_000, 'kernel'],
      [1_001_600_000, 1_001_000_000, 'kernel'],
      [1_002_000_000, 1_002_000_000, 'kernel'],
      [1_004_000_000, 1_003_000_000, 'kernel'],
      [1_005_000_000, 1_004_000_000, 'process'],
    ]);
  });

  it('do not count as late what the plan kept from being read, until nothing of it is left', async () => {
    const { kernel, sockets, report, connected } = makeSockets();
    const { stream } = await connected(10);
    const { arrived: data } = kernel.socketOf(10);
    const full = 'x'.repeat(READ_BYTES);
    stream.limitReading(0);
    // Six reads: two wake-ups, and the last read does not fill the buffer.
    for (let read = 0; read < 5; read++) data.push(arrived(full, -3_000_000_000));
    data.push(arrived('rest', -3_000_000_000));
    report();
    stream.limitReading(null);
    report({ fd: 10, events: READABLE });
    report({ fd: 10, events: READABLE });
    expect(data).toHaveLength(0);
    expect(sockets.counter.take()).toMatchObject({ reads: 0, fullReads: 0, waitedNs: 0, fullestBuffer: 0 });
    data.push(arrived(full, 0));
    report({ fd: 10, events: READABLE });
    expect(sockets.counter.take()).toMatchObject({ reads: 1, fullReads: 1 });
    stream.destroy();
  });

  it('know that what the last wait did not report had nothing to read', async () => {
    const sinceNs: number[] = [];
    const { kernel, report, connected } = makeSockets();
    await connected(10, { onBytes: (_, arrival) => sinceNs.push(arrival.sinceNs) });
    const receive = (stampNs: number) => {
      kernel.socketOf(10).arrived.push(arrived('x', stampNs));
      report({ fd: 10, events: READABLE });
    };
    kernel.wallNs += 7_000_000n;
    report();
    kernel.wallNs += 1_000_000n;
    // As after a stop of the process: a signal ends a wait that reports nothing.
    kernel.errors['epoll_pwait2'] = ERRNO.interrupted;
    report();
    delete kernel.errors['epoll_pwait2'];
    receive(0);
    kernel.wallNs += 1_000_000n;
    report();
    kernel.wallNs += 1_000_000n;
    // It arrived just before the end of the last wait was noticed.
    receive(-1_000_100);
    expect(sinceNs).toEqual([1_007_000_000, 1_008_999_900]);
  });

  it('name errors as Node.js does', () => {
    expect(systemError('read', 104)).toMatchObject({ code: 'ECONNRESET', errno: -104, syscall: 'read' });
    expect(systemError('connect', 110, '10.0.0.1:80').message).toBe('connect ETIMEDOUT 10.0.0.1:80');
    expect(systemError('connect', 113).message).toBe('connect EHOSTUNREACH');
  });
});
