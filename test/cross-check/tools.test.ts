import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readArtilleryOutput } from '../../scripts/cross-check/artillery.ts';
import { withServer } from '../../scripts/cross-check/experiments.ts';
import { k6Version, runK6 } from '../../scripts/cross-check/k6.ts';
import { runAckRoundtrip } from '../../scripts/cross-check/sockbench.ts';
import { cpuPerRequestUs } from '../../scripts/cross-check/usage.ts';
import { temporaryFolder } from '../support/sockbench.ts';

const SUBSTITUTES = join(import.meta.dirname, 'k6-substitutes.js');

/** Puts a program `k6` on PATH that runs the script of k6 on Node.js. */
function substituteK6(): void {
  const folder = temporaryFolder();
  const lines = ['#!/bin/sh', `exec "${process.execPath}" "${SUBSTITUTES}" "$@"`];
  writeFileSync(join(folder, 'k6'), `${lines.join('\n')}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
}

afterEach(() => vi.unstubAllEnvs());

describe('a run of k6, with substitutes for its modules', () => {
  it.each(['ws', 'socketio'] as const)(
    'sends every request over %s and times each answer',
    async (protocol) => {
      substituteK6();
      await withServer({}, async (server) => {
        const { report, usage } = await runK6({ protocol, users: 3, everyMs: 10, durationMs: 50 }, server);
        const counts = await server.counts();
        expect(counts).toMatchObject({ connections: 3, requests: 15, acknowledged: 15, events: 0 });
        const { sent, latency } = report ?? {};
        expect({ sent, timed: latency?.count, exitCode: usage.exitCode }).toEqual({
          sent: 15,
          timed: 15,
          exitCode: 0,
        });
      });
    },
  );

  it('is made only with a k6 on PATH', () => {
    substituteK6();
    expect(k6Version()).toBe('substitute');
    vi.stubEnv('PATH', temporaryFolder());
    expect(k6Version()).toBeNull();
  });
});

describe('a run of sockbench', () => {
  it('is read from its result and its processes, beside what the server counted', async () => {
    const load = { protocol: 'socketio', clients: 2, rateHz: 50, durationMs: 1000, drainMs: 1000 } as const;
    const toolRun = await withServer({}, (server) => runAckRoundtrip(load, server));
    expect(toolRun.report).toMatchObject({ intended: 50, sent: 50, latency: { count: 50 } });
    expect(toolRun.server).toMatchObject({ connections: 2, requests: 50, acknowledged: 50 });
    expect(toolRun.usage.stopped).toBe(false);
    expect(toolRun.usage.cpuMs).toBeGreaterThan(0);
    // A coordinator and a generator, each a Node.js.
    expect(toolRun.usage.peakRssBytes).toBeGreaterThan(2 * 30 * 1024 ** 2);
  });
});

describe('the output of Artillery', () => {
  const histogram = {
    min: 1,
    max: 9,
    count: 4,
    mean: 3,
    p50: 2,
    median: 2,
    p75: 3,
    p90: 8,
    p95: 8,
    p99: 9,
    p999: 9,
  };
  const period = {
    counters: { 'vusers.completed': 2, 'vusers.failed': 1, 'socketio.emit': 4, 'errors.response timeout': 1 },
    rates: { 'socketio.emit_rate': 4 },
    histograms: { 'socketio.response_time': histogram, 'vusers.session_length': { ...histogram, p99: 70 } },
  };

  it('is read with its counts, errors, latencies and periods', () => {
    const report = readArtilleryOutput(JSON.stringify({ aggregate: period, intermediate: [period, {}] }));
    const latency = { count: 4, p50Ms: 2, p99Ms: 9, maxMs: 9 };
    expect(report).toMatchObject({
      intended: null,
      sent: 4,
      latency,
      completedUsers: 2,
      failedUsers: 1,
      sessionP99Ms: 70,
      errors: { 'response timeout': 1 },
      periods: [latency],
    });
    expect(report.metrics).toContain('socketio.emit_rate');
    expect(report.distributionFields).toEqual(Object.keys(histogram).toSorted());
  });

  it('without a response time has no latency', () => {
    const counters = { 'vusers.created': 5, 'vusers.failed': 5 };
    const report = readArtilleryOutput(JSON.stringify({ aggregate: { counters }, intermediate: [] }));
    expect(report).toMatchObject({
      sent: null,
      latency: null,
      completedUsers: 0,
      failedUsers: 5,
      periods: [],
    });
  });
});

describe('CPU time per request', () => {
  const reading = (requests: number, cpuMs: number) => ({ requests, cpuMs });

  it('leaves out start and end', () => {
    const readings = [reading(0, 3000), reading(100, 3100), reading(900, 3900), reading(1000, 9000)];
    expect(cpuPerRequestUs(readings)).toBe(1000);
  });

  it('is unknown for less CPU time than ticks can tell', () => {
    expect(cpuPerRequestUs([reading(100, 0), reading(900, 190), reading(1000, 200)])).toBeNull();
  });

  it('is unknown without requests', () => {
    expect(cpuPerRequestUs([])).toBeNull();
    expect(cpuPerRequestUs([reading(0, 0), reading(0, 5000)])).toBeNull();
  });
});
