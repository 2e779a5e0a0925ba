import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FIGURES } from '../src/result/metrics.ts';
import { type ProcessTelemetry, type RunResult, runResultSchema } from '../src/result/run-result.ts';
import { viewResult } from '../src/result/view.ts';
import { list } from '../src/text.ts';
import { startProcess } from './client-process.ts';
import type { ClientFigures, Workload } from './workload.ts';

const SOCKBENCH_COMMAND = join(import.meta.dirname, '../bin/sockbench.js');
/** For the start, the connections, the drain and the end of a run. */
const WITHOUT_LOAD_MS = 90_000;
/** More than any server accepts, so that the server is the limit. */
const CONNECT_RATE = '20000/s';
const EXIT_VALID = 'exit code 0';
const EXIT_INVALID = 'exit code 3';

/** Flags of the load of a run, by the kind of the workload. */
const RUN_FLAGS: Readonly<Record<Workload['kind'], (workload: Workload) => readonly string[]>> = {
  broadcast: ({ rateHz }) => ['broadcast-latency', '--rate', `${rateHz}/s`],
  request: ({ rateHz }) => ['ack-roundtrip', '--rate', `${rateHz}/s`],
  watched: ({ rateHz }) => ['broadcast-latency', '--rate', `${rateHz}/s`],
  paced: ({ rateHz }) => ['broadcast-latency', '--rate', `${rateHz}/s`, '--workers', '2', '--exclude-sender'],
  idle: () => ['idle'],
};

/** Runs `sockbench run` to its end and returns the result that it stored. Throws an Error when there is none. */
async function storedRun(flags: readonly string[], workload: Workload): Promise<RunResult> {
  const out = mkdtempSync(join(tmpdir(), 'sockbench-self-'));
  const { protocol, connections, warmupMs, measureMs } = workload;
  const times = [
    ...['--warmup', `${warmupMs}ms`, '--warmup-max', `${warmupMs}ms`, '--duration', `${measureMs}ms`],
    ...['--connect-timeout', '60s', '--drain', '5s'],
  ];
  const load = ['--clients', String(connections), '--payload', '64B', '--connect-rate', CONNECT_RATE];
  const stored = ['--format', 'json', '--quiet', '--out', out];
  const run = ['run', ...RUN_FLAGS[workload.kind](workload), '--target', protocol];
  const group = startProcess([
    process.execPath,
    SOCKBENCH_COMMAND,
    ...[...run, ...flags, ...load, ...times, ...stored],
  ]);
  try {
    const limit = sleep(WITHOUT_LOAD_MS + warmupMs + measureMs, 'no end in time', { ref: false });
    const ended = await Promise.race([group.gone, limit]);
    if (ended !== EXIT_VALID && ended !== EXIT_INVALID) {
      throw new Error(group.lastLines[0]?.trim() || ended);
    }
    const [file = ''] = readdirSync(out).filter((name) => name.endsWith('.json'));
    return runResultSchema.parse(JSON.parse(readFileSync(join(out, file), 'utf8')));
  } finally {
    await group.stop();
    rmSync(out, { recursive: true, force: true });
  }
}

const inUs = (ns: number | null | undefined) => (ns == null ? undefined : ns / 1000);

/** The figures that a result has, without those that it does not. */
function known(values: Readonly<Record<string, number | undefined>>): ClientFigures {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function costIn(result: RunResult): ClientFigures {
  const lag = viewResult(result).histogram('send_lag');
  return known({
    cpu: inUs(FIGURES.generator_cpu_per_delivery.value(result)),
    server: inUs(FIGURES.server_cpu_per_delivery.value(result)),
    lagP50: inUs(lag?.quantileNs(0.5)),
    lagP99: inUs(lag?.quantileNs(0.99)),
  });
}

/** What a run costs its generator, and what its clients saw. */
function watchedCostIn(result: RunResult): ClientFigures {
  const delivery = viewResult(result).histogram('delivery');
  return { ...costIn(result), ...known({ deliveryP50: inUs(delivery?.quantileNs(0.5)) }) };
}

/** CPU time and active waiting of a process over the measured time, in percent of a core. */
function shareOf(worker: ProcessTelemetry | undefined, { timing }: RunResult) {
  const samples = (worker?.samples ?? []).filter(
    ({ atMs, lengthMs }) => atMs > lengthMs / 2 && atMs - lengthMs / 2 < timing.measureMs,
  );
  const sum = (pick: (sample: (typeof samples)[number]) => number) =>
    samples.reduce((total, sample) => total + pick(sample), 0);
  const wallMs = sum(({ lengthMs }) => lengthMs);
  return {
    cpu: (100 * sum(({ cpuMs }) => cpuMs)) / wallMs,
    spins: (100 * sum(({ pacingShare, lengthMs }) => (pacingShare ?? 0) * lengthMs)) / wallMs,
  };
}

/** Of two processes, the first is the one that sends. */
function pacingIn(result: RunResult): ClientFigures {
  const [sender, receiver] = result.telemetry.workers;
  const [sends, receives] = [shareOf(sender, result), shareOf(receiver, result)];
  const { lagP50, lagP99 } = costIn(result);
  return known({
    ...{ sends: sends.cpu, senderSpins: sends.spins },
    ...{ receives: receives.cpu, receiverSpins: receives.spins },
    ...{ lagP50, lagP99 },
  });
}

/** The memory of the generator process, and how fast it connected. */
function idleCostIn({ clients, timing, telemetry }: RunResult): ClientFigures {
  if (clients.connected < clients.planned) {
    throw new Error(`only ${clients.connected} of ${clients.planned} clients connected`);
  }
  const settled = telemetry.workers[0]?.samples.findLast(({ atMs }) => atMs <= timing.measureMs);
  return known({
    rss: settled === undefined ? undefined : settled.rssBytes / 1024,
    connect: clients.connected / (timing.connectMs / 1000),
  });
}

const FIGURES_OF: Readonly<Record<Workload['kind'], (result: RunResult) => ClientFigures>> = {
  broadcast: costIn,
  request: costIn,
  watched: watchedCostIn,
  paced: pacingIn,
  idle: idleCostIn,
};

/** Measures the generator process of a run with a driver, as its result reports it. */
export async function measureGenerator(
  flags: readonly string[],
  workload: Workload,
  note: (text: string) => void,
): Promise<ClientFigures> {
  const result = await storedRun(flags, workload);
  const reasons = result.invalid.map(({ code }) => code);
  if (reasons.length > 0) note(`INVALID (${list(reasons)})`);
  return FIGURES_OF[workload.kind](result);
}
