import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createClock, readOriginNs } from '../../src/measure/clock.ts';
import { type TelemetrySample, TelemetrySampler } from '../../src/measure/telemetry.ts';
import { collectGarbage } from '../garbage.ts';

function createSampler(): TelemetrySampler {
  return new TelemetrySampler(createClock(readOriginNs()));
}

/** Computes until this process has used so much CPU time and so much time has passed. */
function computeForMs(durationMs: number): void {
  const started = process.cpuUsage();
  const startedMs = performance.now();
  for (;;) {
    const { user, system } = process.cpuUsage(started);
    if ((user + system) / 1000 >= durationMs && performance.now() - startedMs >= durationMs) return;
  }
}

/** Samples until one has what is looked for; a test's own time limit ends it otherwise. */
async function sampleUntil(
  sampler: TelemetrySampler,
  found: (sample: TelemetrySample) => boolean,
): Promise<TelemetrySample> {
  for (;;) {
    const sample = sampler.sample();
    if (found(sample)) return sample;
    await sleep(5);
  }
}

describe('a telemetry sample', () => {
  it('shows the CPU time of a busy loop, and its length', () => {
    const sampler = createSampler();
    computeForMs(120);
    const sample = sampler.sample();
    expect(sample.cpuMs).toBeGreaterThanOrEqual(119);
    expect(sample.lengthMs).toBeGreaterThanOrEqual(119);
  });

  it('shows how long the main thread waited for a CPU, where the system reports it', () => {
    const sampler = createSampler();
    computeForMs(40);
    const { runQueueWaitMs, lengthMs } = sampler.sample();
    if (process.platform !== 'linux') return expect(runQueueWaitMs).toBeNull();
    expect(runQueueWaitMs).toBeGreaterThanOrEqual(0);
    return expect(runQueueWaitMs).toBeLessThanOrEqual(lengthMs + 10);
  });

  it('shows that the event loop was blocked, and for how long', async () => {
    const sampler = createSampler();
    // The monitor measures between two fires of a timer of 10 ms, which come before those of later timers.
    await sleep(30);
    computeForMs(120);
    await sleep(30);
    const sample = sampler.sample();
    expect(sample.loopDelayMaxNs).toBeGreaterThan(80e6);
    expect(sample.loopDelayP99Ns).toBeGreaterThan(80e6);
    expect(sample.loopDelayP50Ns).toBeLessThanOrEqual(sample.loopDelayP99Ns);
    expect(sample.loopDelayP99Ns).toBeLessThanOrEqual(sample.loopDelayMaxNs);
  });

  it('shows how much of the time the event loop was at work', async () => {
    const sampler = createSampler();
    await sleep(1);
    computeForMs(120);
    await sleep(1);
    const busy = sampler.sample();
    expect(busy.loopUtilization).toBeGreaterThan(0);
    expect(busy.loopUtilization).toBeLessThanOrEqual(1);
    expect(busy.loopUtilization * busy.lengthMs).toBeGreaterThan(100);
  });

  it('counts from the sample before', () => {
    const sampler = createSampler();
    computeForMs(120);
    const first = sampler.sample();
    const second = sampler.sample();
    expect(second.atNs - first.atNs).toBeCloseTo(second.lengthMs * 1e6, 0);
    expect(second.cpuMs).toBeLessThan(first.cpuMs);
  });

  it('shows collections of garbage', async () => {
    const sampler = createSampler();
    collectGarbage();
    const sample = await sampleUntil(sampler, ({ gcCount }) => gcCount > 0);
    expect(sample.gcMaxMs).toBeGreaterThan(0);
    expect(sample.gcTotalMs).toBeGreaterThanOrEqual(sample.gcMaxMs);
  });

  it('shows the memory of the process', () => {
    const held = Buffer.alloc(64 * 1024 ** 2, 1);
    const sample = createSampler().sample();
    expect(sample.rssBytes).toBeGreaterThan(held.length);
    expect(sample.heapUsedBytes).toBeGreaterThan(0);
    expect(sample.heapUsedBytes).toBeLessThan(sample.rssBytes);
  });

  it('shows the share of the time that the pacer says it waited', () => {
    const sampler = createSampler();
    computeForMs(20);
    expect(sampler.sample(7e6)).toSatisfy(
      ({ pacingShare, lengthMs }: TelemetrySample) => Math.abs(pacingShare * lengthMs - 7) < 1e-6,
    );
    computeForMs(20);
    expect(sampler.sample(12e6)).toSatisfy(
      ({ pacingShare, lengthMs }: TelemetrySample) => Math.abs(pacingShare * lengthMs - 5) < 1e-6,
    );
  });

  it('shows what accepted connections could not hand to the kernel, until they are gone', async () => {
    const sampler = createSampler();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const client = connect(port, '127.0.0.1').pause();
    const [accepted] = (await once(server, 'connection')) as [Socket];
    // More than any socket buffer takes, and the client reads nothing.
    accepted.write(Buffer.alloc(64 * 1024 ** 2));
    const { bufferedBytes } = sampler.sample();
    expect(bufferedBytes).toBeGreaterThan(1024 ** 2);
    expect(bufferedBytes).toBeLessThanOrEqual(64 * 1024 ** 2);

    const closed = once(accepted, 'close');
    accepted.destroy();
    client.destroy();
    await closed;
    expect(sampler.sample().bufferedBytes).toBe(0);
    server.close();
  });

  it('has no buffers for a process that has accepted no connection, not even for its own pipes', async () => {
    const sampler = createSampler();
    expect(sampler.sample().bufferedBytes).toBeNull();
    const path = join(mkdtempSync(join(tmpdir(), 'sockbench-test-')), 'pipe');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const client = connect(path);
    await once(server, 'connection');
    expect(sampler.acceptedCount).toBe(0);
    expect(sampler.sample().bufferedBytes).toBeNull();
    client.destroy();
    server.close();
  });
});
