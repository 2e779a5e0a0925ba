import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { largest } from '../../src/result/order-statistics.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { measuredProcesses } from '../../src/result/telemetry.ts';
import { viewResult } from '../../src/result/view.ts';
import type { CountingServer } from './counting-server.ts';
import type { ToolReport, ToolRun } from './record.ts';
import { scratchFolder } from './scratch-folder.ts';
import { runGenerator } from './usage.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

export interface SockbenchRun {
  readonly protocol: 'socketio' | 'ws';
  readonly clients: number;
  readonly rateHz: number;
  readonly durationMs: number;
  readonly drainMs: number;
}

const NS_PER_MS = 1e6;

function latencyIn(result: RunResult): ToolReport['latency'] {
  const view = viewResult(result);
  const histogram = view.histogram('ack');
  if (histogram === null || histogram.count === 0) return null;
  const quantileMs = (quantile: number) => {
    const ns = view.quantileNs('ack', quantile);
    return ns === null ? null : ns / NS_PER_MS;
  };
  return {
    count: histogram.count,
    p50Ms: quantileMs(0.5),
    p99Ms: quantileMs(0.99),
    maxMs: histogram.maxNs / NS_PER_MS,
  };
}

/** What the generator processes measured of themselves. */
function generatorOf(result: RunResult): ToolReport['generator'] {
  const workers = measuredProcesses(result.telemetry.workers, result).map(({ measured }) => measured);
  const delayNs = largest(workers.map(({ loopDelayMaxNs }) => loopDelayMaxNs));
  const pacing = workers.map(({ loopUtilization, workUtilization }) =>
    loopUtilization === null || workUtilization === null ? null : loopUtilization - workUtilization,
  );
  return {
    loopDelayMaxMs: delayNs === null ? null : delayNs / NS_PER_MS,
    snapshotMaxMs: result.snapshotCostMaxMs,
    pacingRatio: largest(pacing),
  };
}

/** Reads a stored result as a report of the cross-check. */
function reportOf(result: RunResult): ToolReport {
  const lost = result.ledger.lost > 0 ? [['lost', result.ledger.lost] as const] : [];
  const invalid = result.invalid.map(({ code }) => [code, 1] as const);
  const failures = result.clients.failures.map(({ reason, count }) => [reason, count] as const);
  return {
    intended: result.rate.intended,
    sent: result.rate.sent,
    latency: latencyIn(result),
    completedUsers: null,
    failedUsers: null,
    sessionP99Ms: null,
    errors: Object.fromEntries([...lost, ...invalid, ...failures]),
    metrics: Object.keys(result.series).toSorted(),
    distributionFields: Object.keys(Object.values(result.series)[0] ?? {}).toSorted(),
    periods: [],
    generator: generatorOf(result),
  };
}

/** Runs `ack-roundtrip` with the command line, without a warm-up: the other tools have none. */
export async function runAckRoundtrip(run: SockbenchRun, server: CountingServer): Promise<ToolRun> {
  const folder = scratchFolder();
  const flags = {
    target: run.protocol === 'ws' ? server.wsUrl : server.httpUrl,
    clients: run.clients,
    rate: `${run.rateHz}/s`,
    duration: `${run.durationMs}ms`,
    drain: `${run.drainMs}ms`,
    warmup: '0s',
    'warmup-max': '0s',
    format: 'json',
    out: folder.path,
  };
  const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { printed, ...usage } = await runGenerator(
    {
      program: process.execPath,
      args: [join(REPOSITORY, 'bin/sockbench.js'), 'run', 'ack-roundtrip', '--quiet', ...given],
      cwd: REPOSITORY,
      env: {},
      limitMs: run.durationMs + run.drainMs + 60_000,
    },
    server,
  );
  const [file] = readdirSync(folder.path).filter((name) => name.endsWith('.json'));
  const text = file === undefined ? null : readFileSync(join(folder.path, file), 'utf8');
  folder.remove();
  const result = text === null ? null : runResultSchema.parse(JSON.parse(text));
  if (result === null && usage.exitCode === 1) process.stderr.write(`${printed}\n`);
  return {
    tool: `sockbench ${run.protocol}`,
    variant: '',
    report: result === null ? null : reportOf(result),
    server: await server.counts(),
    usage,
  };
}
