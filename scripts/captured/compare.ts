/** Runs sockbench below a capture, and lays what it recorded beside what the capture shows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../servers/cluster/redis-process.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { saidBy, startCapture } from './capture.ts';
import { type Hold, WAYS_TO_HOLD } from './holds.ts';
import { type Sighting, sightingsOf } from './packets.ts';

const COMMAND_LINE = join(import.meta.dirname, '../../bin/sockbench.js');
const WORKER = 'generator/process';

export interface CapturedRun {
  readonly result: RunResult;
  /** From the intended sending to the arrival as captured, of each measured message, ascending. */
  readonly capturedNs: readonly number[];
}

export interface CapturedOptions {
  readonly scenario: string;
  /** A reference server. */
  readonly server: 'ws' | 'socketio';
  /** Flags of `run`. */
  readonly flags: readonly string[];
  readonly hold?: Hold;
}

/** Runs a scenario once below a capture. Rejects where nothing can be captured. */
export async function runCaptured(options: CapturedOptions): Promise<CapturedRun> {
  const { scenario, server, flags, hold = WAYS_TO_HOLD['none'] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'captured-'));
  try {
    const port = await freePort();
    const file = join(folder, 'packets');
    const endCapture = await startCapture(file, port);
    const scheme = server === 'ws' ? 'ws' : 'http';
    const exec = `"${process.execPath}" "${COMMAND_LINE}" serve ${server} --port ${port}`;
    const target = ['--target', `${scheme}://127.0.0.1:${port}`, '--exec', exec, '--out', folder];
    const run = spawn(process.execPath, [COMMAND_LINE, 'run', scenario, ...target, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(run, 'exit');
    const said = await saidBy(run, 'measuring');
    const release = await hold?.(receiverOf(run.pid ?? 0));
    await ended;
    release?.();
    await endCapture();
    const [stored] = readdirSync(folder).filter((name) => name.endsWith('.json'));
    if (stored === undefined) throw new Error(`no result was stored: ${said}`);
    const result = runResultSchema.parse(JSON.parse(readFileSync(join(folder, stored), 'utf8')));
    const { received } = sightingsOf(readFileSync(file), port);
    return { result, capturedNs: latenciesNs(result, received) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The generator process with the most open sockets: of several, the one that receives. */
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

/** The capture is in wall time, of which the result knows what its clock's origin was. */
function latenciesNs({ clock }: RunResult, received: readonly Sighting[]): number[] {
  if (clock === null) throw new Error('the result does not say when its clock began');
  const origin = BigInt(clock.atStart.originWallNs);
  return received
    .filter(({ measured }) => measured)
    .map(({ at, intendedNs }) => Number(at - origin) - intendedNs)
    .sort((a, b) => a - b);
}

/** What a reported quantile may be off: 20 us, or 2 % of the captured one if that is more. */
const CAPTURE_BOUND = { ns: 20_000, share: 0.02 } as const;

export interface QuantileDifference {
  readonly quantile: number;
  readonly reportedNs: number;
  readonly capturedNs: number;
  readonly holds: boolean;
}

/** Compares quantiles of the headline series with those of the capture. */
export function differencesOf(
  { result, capturedNs }: CapturedRun,
  quantiles: readonly number[],
): QuantileDifference[] {
  const histogram = viewResult(result).histogram(result.plan.headline);
  return quantiles.map((quantile) => {
    const reportedNs = histogram?.quantileNs(quantile) ?? Number.NaN;
    const seenNs = capturedNs[Math.max(0, Math.ceil(capturedNs.length * quantile) - 1)] ?? Number.NaN;
    const holds = Math.abs(reportedNs - seenNs) <= Math.max(CAPTURE_BOUND.ns, CAPTURE_BOUND.share * seenNs);
    return { quantile, reportedNs, capturedNs: seenNs, holds };
  });
}
