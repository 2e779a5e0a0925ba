import { once } from 'node:events';
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

  it.each([
    ['a torn line', `${lineOf(7, 1).slice(0, 60)}\n`],
    ['text that is not JSON', 'GET / HTTP/1.1\n'],
    ['JSON of another kind', '[1, 2]\n'],
    ['a line without a pid', `${JSON.stringify({ ...REPORT, sample: telemetryAt(1) })}\n`],
    [
      'a sample without numbers',
      `${JSON.stringify({ pid: 7, ...REPORT, sample: { ...telemetryAt(1), rssBytes: 'much' } })}\n`,
    ],
  ])('counts and drops %s', async (_, text) => {
    const { listener, socket } = await listen();
    socket.write(`${lineOf(7, 1)}${text}${lineOf(7, 2)}`);
    await expect.poll(() => listener.all[0]?.samples.length).toBe(2);
    expect(listener.droppedLines).toBe(1);
    expect(listener.knows(7)).toBe(true);
  });

  it('does not keep a line that never ends', async () => {
    const { listener, socket } = await listen();
    const before = process.memoryUsage().heapUsed;
    for (let written = 0; written < 64; written++) {
      if (!socket.write('x'.repeat(1024 ** 2))) await once(socket, 'drain');
    }
    socket.write(`\n${lineOf(7, 1)}`);
    await expect.poll(() => listener.all.length).toBe(1);
    expect(listener.droppedLines).toBeGreaterThan(0);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * 1024 ** 2);
  });
});
