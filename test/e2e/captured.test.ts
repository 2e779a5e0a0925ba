import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { startCapture } from '../../scripts/captured/capture.ts';
import { differencesOf, runCaptured } from '../../scripts/captured/compare.ts';
import { sightingsOf } from '../../scripts/captured/packets.ts';
import type { Connection } from '../../src/drivers/driver.ts';
import { wireWs } from '../../src/drivers/wire-ws.ts';
import { createClock, readOriginNs } from '../../src/measure/clock.ts';
import { createPayloads } from '../../src/measure/payload.ts';
import { fixedSize } from '../../src/measure/payload-contents.ts';
import { readWallOrigin } from '../../src/measure/wall-clock.ts';
import { openKernelLoop } from '../../src/wire/sockets/kernel/kernel-loop.ts';
import { retryDisturbed } from '../support/sockbench.ts';

/** What tcpdump says where it may not capture, or is not there. */
const IMPOSSIBLE = /permission|not permitted|ENOENT/i;

/** Why nothing can be captured here; null where it can. */
const problem = await startCapture('/dev/null', 9).then(
  (end) => end().then(() => null),
  (error: Error) => error.message,
);

if (problem !== null) {
  test('no traffic can be captured here, so receive times are compared with no capture', () => {
    console.log(problem);
    expect(problem).toMatch(IMPOSSIBLE);
  });
}

/** The error of reading two clocks one after the other, where the process keeps its CPU. */
const CLOSE_NS = 20_000;
/**
 * The kernel stamps a message once for the capture and once, 0.5 us later, for its socket. This share of them may lie
 * further apart: an interrupt came in between.
 */
const INTERRUPTED_SHARE = 0.01;

describe.runIf(problem === null)('receive times of the kernel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sockbench-captured-'));
  const originNs = readOriginNs();
  const clock = createClock(originNs);
  const loop = openKernelLoop(clock);
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const connections: Connection[] = [];

  beforeAll(async () => {
    if (server.address() === null) await once(server, 'listening');
  });

  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    server.close();
    rmSync(folder, { recursive: true });
  });

  test('are those of a capture, message by message, while the process is busy with other work', async () => {
    const { port } = server.address() as AddressInfo;
    const file = join(folder, 'packets');
    const { originWallNs, boundNs } = readWallOrigin(originNs);
    const endCapture = await startCapture(file, port);
    const arrived = new Map<string, { receivedNs: number; uncertaintyNs: number }>();
    for (let client = 0; client < 5; client += 1) {
      const connection = await wireWs.connect({
        url: `ws://127.0.0.1:${port}`,
        transport: 'websocket',
        timeoutMs: 5000,
        openStream: (address, handlers) => loop.open(address, handlers),
      });
      connections.push(connection);
      connection.on('message', (data, arrival) => {
        if (arrival === undefined) throw new Error('a message without an arrival');
        const { receivedNs, uncertaintyNs } = arrival;
        arrived.set(String(data), { receivedNs, uncertaintyNs });
      });
    }
    const { write } = createPayloads({ key: 1, contents: fixedSize(64), check: 'length' });
    for (let seq = 0; seq < 100; seq += 1) {
      [...server.clients].forEach((client, stream) => {
        const stamp = { stream, seq, intendedNs: seq, actualNs: seq, measured: true };
        client.send(JSON.stringify({ event: 'message', data: write(stamp, 'text') }));
      });
      // What has arrived waits in the kernel meanwhile.
      if (seq % 10 === 0) busyFor(20);
      await sleep(1);
    }
    await sleep(100);
    await endCapture();
    const { received } = sightingsOf(readFileSync(file), port);
    expect(received).toHaveLength(500);
    const errorNs = boundNs + CLOSE_NS;
    let late = 0;
    for (const { at, stream, seq } of received) {
      const text = String(write({ stream, seq, intendedNs: seq, actualNs: seq, measured: true }, 'text'));
      const { receivedNs, uncertaintyNs } = arrived.get(text) ?? { receivedNs: 0, uncertaintyNs: 0 };
      const lateNs = receivedNs - Number(at - originWallNs);
      expect(lateNs).toBeGreaterThan(-errorNs);
      // Of several messages in one read, only the last one's time is known. The others came before it.
      if (lateNs >= uncertaintyNs + errorNs) late += 1;
    }
    expect(late / received.length).toBeLessThanOrEqual(INTERRUPTED_SHARE);
  });
});

const LOAD = '--clients 20 --rate 100/s --duration 3s --warmup 1s --warmup-max 1s --sockets kernel';
const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

describe.runIf(problem === null)('a valid run reports what a capture of it shows', () => {
  test.each([
    ['broadcast-latency', 'ws'],
    ['ack-roundtrip', 'socketio'],
  ] as const)('%s on %s', async (scenario, server) => {
    await retryDisturbed(
      () => runCaptured({ scenario, server, flags: LOAD.split(' ') }),
      ({ result }) => result.invalid,
      (captured) => {
        expect(captured.capturedNs).toHaveLength(captured.result.ledger.delivered);
        for (const difference of differencesOf(captured, QUANTILES)) {
          expect(difference).toMatchObject({ holds: true });
        }
      },
    );
  });
});

function busyFor(durationMs: number): void {
  const end = performance.now() + durationMs;
  while (performance.now() < end);
}
