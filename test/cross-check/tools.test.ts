import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readArtilleryOutput } from '../../scripts/cross-check/artillery.ts';
import { withServer } from '../../scripts/cross-check/experiments.ts';
import { k6Environment, readK6Summary } from '../../scripts/cross-check/k6.ts';
import { runAckRoundtrip } from '../../scripts/cross-check/sockbench.ts';
import { cpuPerRequestUs } from '../../scripts/cross-check/usage.ts';
import { temporaryFolder } from '../support/sockbench.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/cross-check/k6-ack.js');
const SUBSTITUTES = join(import.meta.dirname, 'k6-substitutes.js');

describe("k6's script, with substitutes for the modules of k6", () => {
  it.each(['ws', 'socketio'] as const)(
    'sends every request over %s and times each answer',
    async (protocol) => {
      await withServer({}, async (server) => {
        const summary = join(temporaryFolder(), 'summary.json');
        const run = { protocol, users: 3, everyMs: 10, durationMs: 50 };
        const env = { ...process.env, ...k6Environment(run, server), SUMMARY: summary };
        await promisify(execFile)(process.execPath, [SUBSTITUTES, SCRIPT], { env });
        const report = readK6Summary(readFileSync(summary, 'utf8'));
        expect(await server.counts()).toMatchObject({
          connections: 3,
          requests: 15,
          acknowledged: 15,
          events: 0,
        });
        expect({ sent: report.sent, timed: report.latency?.count }).toEqual({ sent: 15, timed: 15 });
      });
    },
  );
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
