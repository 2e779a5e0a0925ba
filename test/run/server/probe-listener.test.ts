import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ProbeListener } from '../../../src/run/server/probe-listener.ts';
import { collectGarbage } from '../../garbage.ts';
import { telemetryAt } from '../made-snapshot.ts';

const closers: Array<() => void> = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(): Promise<{ listener: ProbeListener; socket: Socket }> {
  const listener = await ProbeListener.open();
  const socket = connect(listener.path);
  await once(socket, 'connect');
  closers.push(
    () => listener.close(),
    () => socket.destroy(),
  );
  return { listener, socket };
}

const REPORT = { acceptedCount: 1, isInCluster: false };
const lineOf = (pid: number, atNs: number) =>
  `${JSON.stringify({ pid, ...REPORT, sample: telemetryAt(atNs) })}\n`;

describe('the listener of probes', () => {
  it('keeps the samples of each process, however its lines are split', async () => {
    const { listener, socket } = await listen();
    const text = `{"pid":7}\n${lineOf(7, 1)}${lineOf(8, 2)}${lineOf(7, 3)}`;
    for (const byte of text) {
      if (!socket.write(byte)) await once(socket, 'drain');
    }
    await expect.poll(() => listener.all.flatMap(({ samples }) => samples).length).toBe(3);
    expect(listener.all.map(({ pid, samples }) => [pid, samples.map(({ atNs }) => atNs)])).toEqual([
      [7, [1, 3]],
      [8, [2]],
    ]);
    expect(listener.serving).toHaveLength(2);
    expect(listener.droppedLines).toBe(0);
  });

  const sampleWith = (fault: object) =>
    `${JSON.stringify({ pid: 7, ...REPORT, sample: { ...telemetryAt(1), ...fault } })}\n`;

  it.each([
    ['a torn line', `${lineOf(7, 1).slice(0, 60)}\n`],
    ['text that is not JSON', 'GET / HTTP/1.1\n'],
    ['null', 'null\n'],
    ['a number', '5\n'],
    ['an empty line', '\n'],
    ['JSON of another kind', '[1, 2]\n'],
    ['bytes that are no text', Buffer.from([0xff, 0x00, 0x1b, 0x80, 0x0a])],
    ['a line without a pid', `${JSON.stringify({ ...REPORT, sample: telemetryAt(1) })}\n`],
    ['a pid that is none', '{"pid":-7}\n'],
    ['a line without a sample', `${JSON.stringify({ pid: 7, ...REPORT })}\n`],
    ['a sample that is null', `${JSON.stringify({ pid: 7, ...REPORT, sample: null })}\n`],
    ['a sample that is a list', `${JSON.stringify({ pid: 7, ...REPORT, sample: [1, 2] })}\n`],
    ['a text instead of a number', sampleWith({ rssBytes: 'much' })],
    ['a missing number', sampleWith({ cpuMs: undefined })],
    ['a number that JSON has not', sampleWith({ cpuMs: 1 }).replace('"cpuMs":1', '"cpuMs":NaN')],
    ['an infinite number', sampleWith({ cpuMs: 1 }).replace('"cpuMs":1', '"cpuMs":1e999')],
    ['a number beyond any process', sampleWith({ cpuMs: 1e308 })],
    ['a negative number', sampleWith({ lengthMs: -1 })],
    ['half a byte', sampleWith({ heapUsedBytes: 0.5 })],
    ['deeply nested text', `${'['.repeat(20_000)}\n`],
  ])('counts and drops %s', async (_, text) => {
    const { listener, socket } = await listen();
    socket.write(lineOf(7, 1));
    socket.write(text);
    socket.write(lineOf(7, 2));
    await expect.poll(() => listener.all[0]?.samples.length).toBe(2);
    expect(listener.droppedLines).toBe(1);
    expect(listener.knows(7)).toBe(true);
  });

  it('keeps no more lines than a probe writes in a second, and counts the others', async () => {
    const { listener, socket } = await listen();
    socket.write(lineOf(7, 1).repeat(500));
    const kept = () => listener.all[0]?.samples.length ?? 0;
    await expect.poll(() => kept() + listener.droppedLines).toBe(500);
    // A new second may have begun in between.
    expect([100, 200]).toContain(kept());
  });

  it('closes a connection that sends more than a probe, and keeps the others', async () => {
    const { listener, socket } = await listen();
    const flood = connect(listener.path);
    closers.push(() => flood.destroy());
    flood.on('error', () => {});
    const closed = new Promise((resolve) => flood.once('close', resolve));
    await once(flood, 'connect');
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    while (!flood.destroyed) {
      const isFull = !flood.write('x'.repeat(1024 ** 2));
      if (isFull) await Promise.race([new Promise((resolve) => flood.once('drain', resolve)), closed]);
    }
    socket.write(lineOf(7, 1));
    await expect.poll(() => listener.all.length).toBe(1);
    expect(listener.droppedLines).toBeGreaterThan(0);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * 1024 ** 2);
  });

  it('keeps 256 processes and drops the lines of more', async () => {
    const { listener, socket } = await listen();
    const sockets = [socket];
    for (let count = 0; count < 3; count++) {
      const other = connect(listener.path);
      await once(other, 'connect');
      closers.push(() => other.destroy());
      sockets.push(other);
    }
    for (const [index, each] of sockets.entries()) {
      each.write(Array.from({ length: 75 }, (_, line) => lineOf(1 + index * 75 + line, 1)).join(''));
    }
    await expect.poll(() => listener.droppedLines).toBe(300 - 256);
    expect(listener.all).toHaveLength(256);
  });

  it('outlives a thousand connections that come and go, and the loss of its file', async () => {
    const { listener, socket } = await listen();
    for (let count = 0; count < 1000; count++) {
      const other = connect(listener.path);
      await once(other, 'connect');
      other.end('{"pid":');
      other.destroy();
    }
    rmSync(listener.path);
    socket.write(lineOf(7, 1));
    await expect.poll(() => listener.all.length).toBe(1);
    listener.sampleNow(0);
    await once(socket, 'data');
  });
});
