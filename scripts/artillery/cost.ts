/**
 * Compares the engine sockbench inside Artillery with `sockbench run`: the same workload on the same server, in turn.
 *
 *     npm run artillery-cost                          about 9 minutes, on a quiet machine
 *     npm run artillery-cost -- --trials 3 --clients 50 --only broadcast-ws
 *
 * Prints the median of each figure and its ratio. Exit code 1 unless the engine reports the same percentiles within 10 % or
 * 100 us, at 1.25 times the CPU per delivery or less. The server runs on the first CPU; sockbench puts the
 * generators on the others.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../servers/cluster/redis-process.ts';
import { median } from '../../src/result/order-statistics.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { measuredProcesses, receivedInTime } from '../../src/result/telemetry.ts';
import { viewResult } from '../../src/result/view.ts';
import { allowedCpus, pinningProblem } from '../../src/run/affinity.ts';
import { ARTILLERY_PACKAGE } from './catalog.ts';
import { ARTILLERY } from './install.ts';

const COMMAND = join(import.meta.dirname, '../../bin/sockbench.js');
const LIMIT = { ratio: 0.1, ns: 100e3, cpuRatio: 1.25 } as const;
const COMPARED_QUANTILES = [0.5, 0.95, 0.99] as const;
const TIMES = { warmup: '2s', duration: '10s' } as const;

/** One workload, as flags of `sockbench run` and as a step of a flow. */
interface CostWorkload {
  readonly server: 'ws' | 'socketio';
  readonly scenario: string;
  readonly rate: string;
  readonly step: string;
  readonly users: string;
}

const WORKLOADS: Readonly<Record<string, CostWorkload>> = {
  'broadcast-ws': { server: 'ws', scenario: 'broadcast-latency', rate: '100/s', step: 'publish', users: '1' },
  'broadcast-socketio': {
    server: 'socketio',
    scenario: 'broadcast-latency',
    rate: '100/s',
    step: 'publish',
    users: '1',
  },
  'ack-socketio': {
    server: 'socketio',
    scenario: 'ack-roundtrip',
    rate: '500/s',
    step: 'request',
    users: 'all',
  },
};

interface CostFigures {
  readonly quantilesNs: readonly number[];
  readonly cpuPerDeliveryNs: number;
  readonly invalid: readonly string[];
}

/** Starts a command on some of the CPUs, where that is possible. */
function onCpus(cpus: readonly number[], command: readonly string[]): readonly string[] {
  return pinningProblem(allowedCpus()) === null ? ['taskset', '-c', cpus.join(','), ...command] : command;
}

const [SERVER_CPU = 0] = allowedCpus();

function runCommand(command: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const [file = '', ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', env, maxBuffer: 1e9 });
  if (error !== undefined || (status !== 0 && status !== 3)) {
    throw error ?? new Error(`exit code ${status}: ${command.join(' ')}\n${stdout}${stderr}`);
  }
  return stdout;
}

function figuresIn(folder: string): CostFigures {
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const result: RunResult = runResultSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const histogram = viewResult(result).histogram(result.headline);
  const cpuMs = measuredProcesses(result.telemetry.workers, result).reduce(
    (sum, { measured }) => sum + measured.cpuRatio * result.timing.measureMs,
    0,
  );
  rmSync(folder, { recursive: true, force: true });
  return {
    quantilesNs: COMPARED_QUANTILES.map((quantile) => histogram?.quantileNs(quantile) ?? Number.NaN),
    cpuPerDeliveryNs: (cpuMs * 1e6) / receivedInTime(result),
    invalid: result.invalid.map(({ code }) => code),
  };
}

const newFolder = () => mkdtempSync(join(tmpdir(), 'sockbench-cost-'));

function runDirectly({ scenario, rate }: CostWorkload, url: string, clients: number): CostFigures {
  const out = newFolder();
  const flags = `--clients ${clients} --rate ${rate} --warmup ${TIMES.warmup} --warmup-max ${TIMES.warmup} --duration ${TIMES.duration}`;
  runCommand([
    process.execPath,
    COMMAND,
    ...['run', scenario, '--target', url, ...flags.split(' ')],
    ...['--out', out, '--format', 'json', '--quiet'],
  ]);
  return figuresIn(out);
}

function runInside({ step, rate, users }: CostWorkload, url: string, clients: number): CostFigures {
  const [out, folder] = [newFolder(), newFolder()];
  const script = join(folder, 'cost.json');
  const pace = {
    rate,
    for: TIMES.duration,
    warmup: TIMES.warmup,
    users: users === 'all' ? users : Number(users),
  };
  writeFileSync(
    script,
    JSON.stringify({
      config: {
        target: url,
        phases: [{ duration: 2, arrivalCount: clients }],
        engines: { sockbench: {} },
        plugins: { sockbench: { out, format: 'json' } },
      },
      scenarios: [{ engine: 'sockbench', flow: [{ rendezvous: clients }, { [step]: pace }, 'stay'] }],
    }),
  );
  const env = {
    ...process.env,
    ARTILLERY_DISABLE_TELEMETRY: '1',
    NODE_PATH: [ARTILLERY_PACKAGE, process.env['NODE_PATH'] ?? ''].join(delimiter),
  };
  runCommand([process.execPath, ARTILLERY, 'run', '--quiet', script], env);
  rmSync(folder, { recursive: true, force: true });
  return figuresIn(out);
}

function mediansOf(trials: readonly CostFigures[]) {
  const of = (read: (figures: CostFigures) => number) => median(trials.map(read));
  return {
    quantilesNs: COMPARED_QUANTILES.map((_, place) =>
      of(({ quantilesNs }) => quantilesNs[place] ?? Number.NaN),
    ),
    cpuPerDeliveryNs: of(({ cpuPerDeliveryNs }) => cpuPerDeliveryNs),
    invalid: trials.flatMap(({ invalid }) => invalid),
  };
}

/** Prints both sides; returns whether the engine is within the limits. */
function report(name: string, direct: readonly CostFigures[], inside: readonly CostFigures[]): boolean {
  const [alone, within] = [mediansOf(direct), mediansOf(inside)];
  const us = (ns: number) => `${(ns / 1000).toFixed(1)} us`.padStart(12);
  const row = (what: string, a: number, b: number, holds: boolean) => {
    const line = `${what.padEnd(18)}${us(a)}${us(b)}   x ${(b / a).toFixed(3)}   ${holds ? 'holds' : 'FAILS'}\n`;
    process.stdout.write(line);
    return holds;
  };
  process.stdout.write(`\n${name}, median of ${direct.length} trials: directly, inside Artillery\n`);
  const rows = COMPARED_QUANTILES.map((quantile, place) => {
    const [a = Number.NaN, b = Number.NaN] = [alone.quantilesNs[place], within.quantilesNs[place]];
    return row(`p${quantile * 100}`, a, b, Math.abs(b - a) <= Math.max(LIMIT.ns, a * LIMIT.ratio));
  });
  const [a, b] = [alone.cpuPerDeliveryNs, within.cpuPerDeliveryNs];
  rows.push(row('CPU per delivery', a, b, b / a <= LIMIT.cpuRatio));
  const reasons = (codes: readonly string[]) => (codes.length === 0 ? 'none' : codes.join(', '));
  process.stdout.write(`invalid: directly ${reasons(alone.invalid)}; inside ${reasons(within.invalid)}\n`);
  return rows.every((holds) => holds);
}

async function compareCost(
  name: string,
  workload: CostWorkload,
  trials: number,
  clients: number,
): Promise<boolean> {
  const port = await freePort();
  const command = onCpus(
    [SERVER_CPU],
    [process.execPath, COMMAND, 'serve', workload.server, '--port', String(port)],
  );
  const [file = '', ...args] = command;
  const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise((resolve, reject) => {
      server.stdout.once('data', resolve);
      server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    });
    const url = `${workload.server === 'ws' ? 'ws' : 'http'}://127.0.0.1:${port}`;
    const [direct, inside]: [CostFigures[], CostFigures[]] = [[], []];
    for (let trial = 0; trial < trials; trial++) {
      const sides = [
        () => direct.push(runDirectly(workload, url, clients)),
        () => inside.push(runInside(workload, url, clients)),
      ];
      // Each side is the first one as often as the other.
      for (const side of trial % 2 === 0 ? sides : sides.toReversed()) side();
    }
    return report(name, direct, inside);
  } finally {
    server.kill();
  }
}

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '5' },
    clients: { type: 'string', default: '100' },
    only: { type: 'string' },
  },
});
let isWithin = true;
for (const [name, workload] of Object.entries(WORKLOADS)) {
  if (values.only !== undefined && values.only !== name) continue;
  isWithin = (await compareCost(name, workload, Number(values.trials), Number(values.clients))) && isWithin;
}
process.exitCode = isWithin ? 0 : 1;
