import { LOADS } from '../../scripts/cross-check/experiments.ts';
import type { CrossCheck, ToolReport, ToolRun } from '../../scripts/cross-check/record.ts';

type Latency = NonNullable<ToolReport['latency']>;

interface MadeRun {
  readonly tool: string;
  readonly variant?: string;
  /** Null for a run without a report. */
  readonly report?: Partial<ToolReport> | null;
  readonly server?: Partial<ToolRun['server']>;
  readonly usage?: Partial<ToolRun['usage']>;
}

export function latency(count: number, p50Ms: number, p99Ms: number, maxMs = p99Ms): Latency {
  return { count, p50Ms, p99Ms, maxMs };
}

export function madeRun({ tool, variant = '', report = {}, server, usage }: MadeRun): ToolRun {
  const full = {
    intended: null,
    sent: 100,
    latency: null,
    completedUsers: 5,
    failedUsers: 0,
    sessionP99Ms: null,
    errors: {},
    metrics: [],
    distributionFields: [],
    periods: [],
    generator: null,
  };
  return {
    tool,
    variant,
    report: report === null ? null : { ...full, ...report },
    server: {
      connections: 40,
      open: 0,
      peak: 40,
      requests: 100,
      acknowledged: 100,
      events: 0,
      distinct: 0,
      connectionsBySecond: [40],
      requestsBySecond: [10, 40, 40, 10],
      ...server,
    },
    usage: {
      exitCode: 0,
      stopped: false,
      durationMs: 9000,
      cpuMs: 4000,
      cpuPerRequestUs: 50,
      peakRssBytes: 300 * 1024 ** 2,
      ...usage,
    },
  };
}

const SUMMARY_FIELDS = ['count', 'max', 'mean', 'median', 'min', 'p50', 'p75', 'p90', 'p95', 'p99', 'p999'];
const artillery = (engine: string) => `Artillery ${engine}`;

/** Figures with which every claim holds. */
export function madeCheck(): CrossCheck {
  const { closedLoop, noAck } = LOADS;
  const stall = closedLoop.stallMs;
  const users = { completedUsers: 0, failedUsers: 5 };
  return {
    startedAt: '2026-11-28T18:00:00.000Z',
    durationMs: 200_000,
    commit: 'abc1234',
    machine: '2 x CPU, Linux 6',
    versions: { sockbench: '0.1.0', artillery: '2.0.34' },
    loads: LOADS,
    k6: null,
    experiments: {
      workload: [
        madeRun({
          tool: 'sockbench socketio',
          report: {
            latency: latency(100, 0.4, 2.5),
            generator: { loopDelayMaxMs: 3, snapshotMaxMs: 0.9, pacingRatio: 0.1 },
          },
        }),
        madeRun({ tool: artillery('socketio'), report: { latency: latency(100, 0.6, 3.1) } }),
        madeRun({ tool: artillery('socketio-v3'), usage: { cpuPerRequestUs: 70 } }),
        madeRun({ tool: 'sockbench ws', report: { latency: latency(100, 0.3, 2) } }),
        madeRun({
          tool: artillery('ws'),
          report: { metrics: ['vusers.session_length', 'websocket.send_rate'] },
        }),
      ],
      closedLoop: [
        madeRun({ tool: 'sockbench socketio', report: { latency: latency(1600, 1, stall * 0.8, stall) } }),
        madeRun({ tool: artillery('socketio'), report: { latency: latency(1600, 1, 4, stall) } }),
        madeRun({
          tool: artillery('socketio'),
          variant: 'one request per user',
          report: { latency: latency(400, 1, 20), sessionP99Ms: stall * 0.9 },
        }),
      ],
      noAck: [
        madeRun({
          tool: artillery('socketio'),
          report: { latency: latency(100, 0.2, noAck.ackDelayMs) },
          server: { requests: 50, acknowledged: 50, events: 50 },
        }),
        madeRun({ tool: artillery('socketio-v3') }),
      ],
      responseStep: [
        madeRun({
          tool: artillery('socketio'),
          variant: 'without data',
          report: { latency: latency(10, 9999, 9999) },
          server: { acknowledged: 5 },
        }),
        madeRun({ tool: artillery('socketio'), variant: 'with data', report: { latency: latency(5, 2, 3) } }),
        madeRun({ tool: artillery('socketio-v3'), variant: 'without data', report: { sessionP99Ms: 18 } }),
      ],
      neverAck: [
        madeRun({ tool: 'sockbench socketio', report: { errors: { lost: 5 } }, usage: { exitCode: 3 } }),
        ...['socketio', 'socketio-v3'].map((engine) =>
          madeRun({ tool: artillery(engine), report: null, usage: { stopped: true, exitCode: 143 } }),
        ),
        madeRun({ tool: artillery('ws'), report: { errors: { 'response timeout': 5 } } }),
      ],
      stalls: [
        madeRun({
          tool: artillery('socketio'),
          report: {
            latency: latency(200_000, 1.3, 10.3, 345),
            distributionFields: SUMMARY_FIELDS,
            periods: [latency(100_000, 1, 7), latency(100_000, 1, 12)],
          },
        }),
      ],
      failed: [
        madeRun({ tool: 'sockbench socketio', report: null, usage: { exitCode: 2 } }),
        ...['socketio', 'socketio-v3', 'ws'].map((engine) =>
          madeRun({ tool: artillery(engine), report: users }),
        ),
        madeRun({
          tool: artillery('socketio'),
          variant: 'with ensure',
          report: users,
          usage: { exitCode: 1 },
        }),
      ],
      features: [
        madeRun({ tool: artillery('socketio'), server: { distinct: 8, connectionsBySecond: [4, 5, 7] } }),
      ],
    },
    thread: {
      delaysMs: [12, 350],
      aggregationsMs: [110, 345],
    },
    plugin: { periods: 2, sketches: 4 },
  };
}
