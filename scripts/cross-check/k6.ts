import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { CountingServer } from './counting-server.ts';
import type { ToolReport, ToolRun } from './record.ts';
import { scratchFolder } from './scratch-folder.ts';
import { runGenerator } from './usage.ts';

export interface K6Run {
  readonly protocol: 'socketio' | 'ws';
  readonly users: number;
  readonly everyMs: number;
  readonly durationMs: number;
}

/** Returns the version of the k6 on PATH; null when there is none. */
export function k6Version(): string | null {
  const { status, stdout } = spawnSync('k6', ['version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

const summarySchema = z.object({
  metrics: z.record(
    z.string(),
    z.looseObject({ type: z.string(), values: z.record(z.string(), z.number()) }),
  ),
});

/** Reads the summary that the script leaves. */
function readK6Summary(text: string): ToolReport {
  const { metrics } = summarySchema.parse(JSON.parse(text));
  const trend = metrics['ack_round_trip']?.values;
  const latency =
    trend === undefined
      ? null
      : {
          count: trend['count'] ?? 0,
          p50Ms: trend['med'] ?? null,
          p99Ms: trend['p(99)'] ?? null,
          maxMs: trend['max'] ?? 0,
        };
  return {
    intended: null,
    sent: metrics['ack_sent']?.values['count'] ?? null,
    latency,
    completedUsers: metrics['iterations']?.values['count'] ?? 0,
    failedUsers: null,
    sessionP99Ms: metrics['ws_session_duration']?.values['p(99)'] ?? null,
    errors: {},
    metrics: Object.keys(metrics).toSorted(),
    distributionFields: Object.keys(trend ?? {}).toSorted(),
    periods: [],
    generator: null,
  };
}

/** The variables of the script for one run. */
function k6Environment({ protocol, users, everyMs, durationMs }: K6Run, server: CountingServer) {
  const engineUrl = `${server.httpUrl.replace('http:', 'ws:')}/socket.io/?EIO=4&transport=websocket`;
  return {
    URL: protocol === 'ws' ? server.wsUrl : engineUrl,
    PROTOCOL: protocol,
    USERS: String(users),
    EVERY_MS: String(everyMs),
    DURATION_MS: String(durationMs),
  };
}

export async function runK6(run: K6Run, server: CountingServer): Promise<ToolRun> {
  const folder = scratchFolder();
  const summary = join(folder.path, 'summary.json');
  const variables = { ...k6Environment(run, server), SUMMARY: summary };
  const flags = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const { printed, ...usage } = await runGenerator(
    {
      program: 'k6',
      args: ['run', '--quiet', ...flags, join(import.meta.dirname, 'k6-ack.js')],
      cwd: folder.path,
      env: { K6_NO_USAGE_REPORT: 'true' },
      limitMs: run.durationMs + 30_000,
    },
    server,
  );
  const report = existsSync(summary) ? readK6Summary(readFileSync(summary, 'utf8')) : null;
  folder.remove();
  if (report === null) process.stderr.write(`${printed}\n`);
  return { tool: `k6 ${run.protocol}`, variant: '', report, server: await server.counts(), usage };
}
