/**
 * Compares what a run reports with what a packet capture of the same run shows:
 *
 *     npm run captured -- [--runs N] [--held none|stopped|neighbour] [-- FLAGS OF RUN...]
 *
 * `stopped` stops the generator process that receives for 300 ms; `neighbour` keeps its CPU busy for 5 of every 20 ms.
 * A run holds when it is INVALID, or reports a p99 within 20 % of the captured one. Needs tcpdump and root.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../../servers/cluster/redis-process.ts';
import { runResultSchema } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { sightingsOf } from './packets.ts';

const COMMAND_LINE = join(import.meta.dirname, '../../bin/sockbench.js');
const WORKER = 'generator/process';
/** How far a reported p99 may be from the captured one. */
const TOLERANCE = 0.2;
const CAPTURED_LOAD = '--clients 100 --rate 100/s --duration 10s --warmup 1s --warmup-max 1s --workers 2';

/** Holds up the receiving generator process; returns what ends it. */
type Hold = (receiver: number) => Promise<() => void>;

const none: Hold = async () => () => {};

const stopped: Hold = async (receiver) => {
  await sleep(2000);
  process.kill(receiver, 'SIGSTOP');
  await sleep(300);
  process.kill(receiver, 'SIGCONT');
  return () => {};
};

const neighbour: Hold = async (receiver) => {
  const status = readFileSync(`/proc/${receiver}/status`, 'utf8');
  const cpus = /Cpus_allowed_list:\s+(\S+)/.exec(status)?.[1] ?? '0';
  const busy =
    'setInterval(() => { const end = performance.now() + 5; while (performance.now() < end); }, 20)';
  const child = spawn('taskset', ['-c', cpus, process.execPath, '-e', busy], { stdio: 'ignore' });
  return () => child.kill();
};

const WAYS_TO_HOLD: Readonly<Record<string, Hold>> = { none, stopped, neighbour };

/** Resolves when a process has said something on stderr, or has ended. */
function said(child: ChildProcess, text: string): Promise<unknown> {
  let all = '';
  const heard = new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk) => {
      all += chunk;
      if (all.includes(text)) resolve();
    });
  });
  return Promise.race([heard, once(child, 'exit')]);
}

/** Starts to capture; returns what ends it. */
async function startCapture(file: string, port: number): Promise<() => Promise<void>> {
  const flags = ['-i', 'lo', '-w', file, '--time-stamp-precision=nano', '-B', '65536', '-U', '-s', '0'];
  const child = spawn('tcpdump', [...flags, `tcp port ${port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  await said(child, 'listening on');
  return async () => {
    // What lies in the kernel is still to be written.
    await sleep(500);
    child.kill('SIGINT');
    await ended;
  };
}

/** The generator process with the most open sockets: with two of them, the one that receives. */
function receiverOf(coordinator: number): number {
  const children = readFileSync(`/proc/${coordinator}/task/${coordinator}/children`, 'utf8')
    .trim()
    .split(' ');
  const workers = children.map(Number).filter((pid) => commandOf(pid).includes(WORKER));
  const sockets = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
  return workers.sort((a, b) => sockets(b) - sockets(a))[0] ?? 0;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Runs sockbench once below a capture; returns the folder with the report, and the packets. */
async function runOnce(folder: string, hold: Hold, flags: readonly string[]) {
  const port = await freePort();
  const file = join(folder, 'packets');
  const endCapture = await startCapture(file, port);
  const server = `"${process.execPath}" "${COMMAND_LINE}" serve ws --port ${port}`;
  const target = ['--target', `ws://127.0.0.1:${port}`, '--exec', server, '--out', folder];
  const args = [COMMAND_LINE, 'run', 'broadcast-latency', ...CAPTURED_LOAD.split(' '), ...flags, ...target];
  const run = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(run, 'exit');
  await said(run, 'measuring');
  const release = await hold(receiverOf(run.pid ?? 0));
  await ended;
  release();
  await endCapture();
  const [stored] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (stored === undefined) throw new Error('no result was stored');
  const result = runResultSchema.parse(JSON.parse(readFileSync(join(folder, stored), 'utf8')));
  return { result, packets: sightingsOf(readFileSync(file), port) };
}

function quantileOf(sorted: readonly number[], quantile: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)] ?? Number.NaN;
}

/** Delivery latencies as captured, in ascending order. */
function capturedLatenciesNs({ sent, received }: Awaited<ReturnType<typeof runOnce>>['packets']): number[] {
  // The run's clock against the capture's: the shortest way from a stamp to the wire costs some microseconds.
  const offsetNs = sent.reduce(
    (least, { atNs, actualNs }) => Math.min(least, atNs - actualNs),
    Number.POSITIVE_INFINITY,
  );
  return received
    .filter(({ measured }) => measured)
    .map(({ atNs, intendedNs }) => atNs - offsetNs - intendedNs)
    .sort((a, b) => a - b);
}

const milliseconds = (ns: number) => (ns / 1e6).toFixed(3);

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '1' }, held: { type: 'string', default: 'none' } },
  allowPositionals: true,
});
const hold = WAYS_TO_HOLD[values.held];
if (hold === undefined) throw new Error(`--held is one of ${Object.keys(WAYS_TO_HOLD).join(', ')}`);
let failed = 0;
console.log('held       reported p50/p99 ms   captured p50/p99 ms   p99 ratio   verdict');
for (let run = 0; run < Number(values.runs); run += 1) {
  const folder = mkdtempSync(join(tmpdir(), 'captured-'));
  const { result, packets } = await runOnce(folder, hold, positionals);
  rmSync(folder, { recursive: true });
  const captured = capturedLatenciesNs(packets);
  const delivery = viewResult(result).histogram('delivery');
  const [p50, p99] = [0.5, 0.99].map((quantile) => delivery?.quantileNs(quantile) ?? Number.NaN);
  const [wireP50, wireP99] = [0.5, 0.99].map((quantile) => quantileOf(captured, quantile));
  const ratio = (p99 ?? 0) / (wireP99 ?? 0);
  const holds = result.invalid.length > 0 || Math.abs(ratio - 1) <= TOLERANCE;
  if (!holds) failed += 1;
  const verdict = result.invalid.length > 0 ? `INVALID: ${result.invalid[0]?.message}` : 'VALID';
  const counts =
    captured.length === result.ledger.delivered
      ? ''
      : `, ${captured.length} captured of ${result.ledger.delivered}`;
  console.log(
    `${values.held.padEnd(10)} ${milliseconds(p50 ?? 0)} / ${milliseconds(p99 ?? 0)}   ${milliseconds(wireP50 ?? 0)} / ${milliseconds(wireP99 ?? 0)}   ${ratio.toFixed(2)}   ${holds ? 'held' : 'BROKEN'}: ${verdict}${counts}`,
  );
}
process.exitCode = failed > 0 ? 1 : 0;
