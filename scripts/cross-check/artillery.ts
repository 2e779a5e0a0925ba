import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ARTILLERY_PACKAGE } from '../artillery/catalog.ts';
import { ARTILLERY } from '../artillery/install.ts';
import type { CountingServer } from './counting-server.ts';
import type { ToolReport, ToolRun } from './record.ts';
import { scratchFolder } from './scratch-folder.ts';
import { runGenerator } from './usage.ts';

export const ENGINES = ['socketio', 'socketio-v3', 'ws'] as const;
export type Engine = (typeof ENGINES)[number];

const MODULES = join(ARTILLERY_PACKAGE, 'node_modules');
/** The module of Artillery that holds and aggregates its metrics. */
const STORE = join(MODULES, 'artillery/dist/lib/core/ssms.js');

/** Returns the version of a package beside Artillery. */
export function versionBeside(name: string): string {
  const manifest = readFileSync(join(MODULES, name, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
}

type YamlStep = Readonly<Record<string, unknown>>;

/** A script of Artillery without its target. */
export interface LoadScript {
  readonly engine: Engine;
  readonly phases: readonly YamlStep[];
  readonly flow: readonly YamlStep[];
  readonly config: YamlStep;
}

/** One request of the workload and its answer, as each engine writes it. */
export function requestOf(engine: Engine): YamlStep {
  if (engine !== 'ws') return { emit: ['hello', 'payload'], acknowledge: { data: 'payload' } };
  const payload = { event: 'hello', data: 'payload', id: 1 };
  return { send: { payload, match: { json: '$.ack', value: 1 } } };
}

/** All users arrive in the first second, and each repeats its steps. */
export function loopOf(engine: Engine, users: number, steps: readonly YamlStep[], count: number): LoadScript {
  return {
    engine,
    phases: [{ duration: 1, arrivalCount: users }],
    flow: [{ loop: steps, count }],
    config: {},
  };
}

const distributionSchema = z.looseObject({
  count: z.number(),
  p50: z.number().nullable(),
  p99: z.number().nullable(),
  max: z.number(),
});

const periodSchema = z.looseObject({
  counters: z.record(z.string(), z.number()).default({}),
  rates: z.record(z.string(), z.number()).default({}),
  histograms: z.record(z.string(), distributionSchema).default({}),
});

const outputSchema = z.object({ aggregate: periodSchema, intermediate: z.array(periodSchema) });

type Period = z.infer<typeof periodSchema>;

const RESPONSE_TIME = 'socketio.response_time';
const SENT_METRICS = ['socketio.emit', 'engine.socketio.emit', 'websocket.messages_sent'];

function latencyOf({ histograms }: Period): ToolReport['latency'] {
  const found = histograms[RESPONSE_TIME];
  if (found === undefined) return null;
  return { count: found.count, p50Ms: found.p50, p99Ms: found.p99, maxMs: found.max };
}

/** Reads the file that `--output` names. */
export function readArtilleryOutput(text: string): ToolReport {
  const { aggregate, intermediate } = outputSchema.parse(JSON.parse(text));
  const { counters, rates, histograms } = aggregate;
  const errors = Object.entries(counters).filter(([name]) => name.startsWith('errors.'));
  return {
    intended: null,
    sent: SENT_METRICS.map((name) => counters[name]).find((value) => value !== undefined) ?? null,
    latency: latencyOf(aggregate),
    completedUsers: counters['vusers.completed'] ?? 0,
    failedUsers: counters['vusers.failed'] ?? 0,
    sessionP99Ms: histograms['vusers.session_length']?.p99 ?? null,
    errors: Object.fromEntries(errors.map(([name, value]) => [name.slice('errors.'.length), value])),
    metrics: [...Object.keys(counters), ...Object.keys(rates), ...Object.keys(histograms)].toSorted(),
    distributionFields: [...new Set(Object.values(histograms).flatMap(Object.keys))].toSorted(),
    periods: intermediate.map(latencyOf).filter((latency) => latency !== null),
    generator: null,
  };
}

export interface ArtilleryRun {
  readonly variant?: string;
  readonly script: LoadScript;
  /** Where the script finds the server; the engine's own address without it. */
  readonly target?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** Stops the run this long after the first request. */
  readonly limitAfterRequestMs?: number;
}

function scriptFile({ engine, phases, flow, config }: LoadScript, target: string): string {
  return JSON.stringify({
    config: {
      target,
      phases,
      socketio: { transports: ['websocket'] },
      engines: engine === 'socketio-v3' ? { 'socketio-v3': { transports: ['websocket'] } } : {},
      ...config,
    },
    scenarios: [{ engine, flow }],
  });
}

/** Runs a script with Artillery's command line, on the Node.js that runs this. */
export async function runArtilleryScript(run: ArtilleryRun, server: CountingServer): Promise<ToolRun> {
  const { script, limitMs, limitAfterRequestMs } = run;
  const folder = scratchFolder();
  const target = run.target ?? (script.engine === 'ws' ? server.wsUrl : server.httpUrl);
  writeFileSync(join(folder.path, 'script.json'), scriptFile(script, target));
  const output = join(folder.path, 'output.json');
  const { printed, ...usage } = await runGenerator(
    {
      program: process.execPath,
      args: [ARTILLERY, 'run', '--quiet', '--output', output, join(folder.path, 'script.json')],
      cwd: folder.path,
      env: { ARTILLERY_DISABLE_TELEMETRY: '1', CROSS_CHECK_STORE: STORE, ...run.env },
      limitMs,
      limitAfterRequestMs,
    },
    server,
  );
  const report = existsSync(output) ? readArtilleryOutput(readFileSync(output, 'utf8')) : null;
  folder.remove();
  if (report === null && !usage.stopped) process.stderr.write(`${printed}\n`);
  return {
    tool: `Artillery ${script.engine}`,
    variant: run.variant ?? '',
    report,
    server: await server.counts(),
    usage,
  };
}
