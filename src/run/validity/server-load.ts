import type { ProcessTelemetry, RunResult } from '../../result/run-result.ts';
import { type MeasuredTelemetry, measuredTelemetry, runQueueWaitMs } from '../../result/telemetry.ts';
import { formatNs, formatShare } from '../../units.ts';

/** A queue is worth mentioning if it holds more than so many seconds' messages. */
export const BACKLOG_SECONDS = 0.25;
/** A process that is busy for this share of the time is at its limit. */
const MIN_BUSY = 0.8;
/** Fewer unsent bytes are the buffers of an idle server. */
const MIN_UNSENT_BYTES = 64 * 1024;
/** A process that is busy for less than this share of the time is idle: unsent bytes then wait for the clients. */
const MIN_NOT_IDLE = 0.2;
/** The machine is at its limit where processes waited for a CPU for this share of the time, or those of the server for this. */
const MAX_CPU_PRESSURE = 0.5;
const MAX_SERVER_CPU_WAIT = 0.2;

interface ServerLoad {
  readonly role: string;
  readonly measured: MeasuredTelemetry;
  /** The share of the time in which it computed: the event loop without its waits for a CPU, or one CPU core. */
  readonly busy: number;
  /** The longest time for which it blocked its event loop itself; null where that is unknown. */
  readonly blockedNs: number | null;
  /** The share of the time in which it waited for a CPU; null where that is unknown. */
  readonly waiting: number | null;
}

function loadOf(process: ProcessTelemetry, measureMs: number): ServerLoad | null {
  const measured = measuredTelemetry(process, measureMs);
  if (measured === null) return null;
  const { loopUtilization, cpuRatio, loopDelayMaxNs } = measured;
  const waitMs = runQueueWaitMs(process, measureMs);
  const loop = loopUtilization === null ? 0 : loopUtilization - (waitMs ?? 0) / measureMs;
  const busy = Math.max(loop, cpuRatio);
  return {
    role: process.role,
    measured,
    busy,
    // A loop that was late for longer than the process computed was held up by something else.
    blockedNs: loopDelayMaxNs === null ? null : Math.min(loopDelayMaxNs, busy * measureMs * 1e6),
    waiting: waitMs === null ? null : waitMs / measureMs,
  };
}

function loadsOf({ telemetry, timing }: RunResult): ServerLoad[] {
  const loads = telemetry.servers.map((process) => loadOf(process, timing.measureMs));
  return loads.filter((load) => load !== null);
}

/** The part of a run from `fromMs` on, as far as telemetry counts. */
function lastPart(result: RunResult, fromMs: number): RunResult {
  const later = (process: ProcessTelemetry) => ({
    ...process,
    samples: process.samples.map((sample) => ({ ...sample, atMs: sample.atMs - fromMs })),
  });
  const { telemetry, timing } = result;
  return {
    ...result,
    timing: { ...timing, measureMs: timing.measureMs - fromMs },
    telemetry: { ...telemetry, servers: telemetry.servers.map(later) },
  };
}

/**
 * Whether the server itself shows that it was at its limit when messages queued, which is in the last third of the run:
 * a process that was busy, one that blocked its event loop, or one that was not idle and had bytes to write. False when
 * nothing is known of the server.
 */
export function isServerAtLimit(result: RunResult): boolean {
  const { timing, traffic } = result;
  const end = loadsOf(lastPart(result, (timing.measureMs * 2) / 3));
  const bytesPerSecond = timing.measureMs > 0 ? traffic.receivedBytes / (timing.measureMs / 1000) : 0;
  const unsentLimit = Math.max(MIN_UNSENT_BYTES, bytesPerSecond * BACKLOG_SECONDS);
  return end.some(
    ({ busy, blockedNs, measured }) =>
      busy >= MIN_BUSY ||
      (blockedNs ?? 0) > BACKLOG_SECONDS * 1e9 ||
      (busy >= MIN_NOT_IDLE && (measured.bufferedMaxBytes ?? 0) > unsentLimit),
  );
}

/** How long processes waited for a CPU, where the machine was at its limit; null where it was not, or is not known to be. */
export function describeMachine(result: RunResult): string | null {
  const { cpuPressureRatio } = result.environment;
  const waits = loadsOf(result).map(({ waiting }) => waiting ?? 0);
  const longest = Math.max(0, ...waits);
  if (longest >= MAX_SERVER_CPU_WAIT)
    return `the server waited for a CPU ${formatShare(longest)} of the time`;
  if (cpuPressureRatio === null || cpuPressureRatio < MAX_CPU_PRESSURE) return null;
  return `processes of this machine waited for a CPU ${formatShare(cpuPressureRatio)} of the time`;
}

/** How busy the busiest server process was: its clients wait there. */
export function describeServer(result: RunResult): string {
  const loads = loadsOf(result);
  const [busiest] = loads.toSorted((a, b) => b.busy - a.busy);
  if (busiest === undefined) return 'the server process was not observed';
  const { cpuRatio, loopUtilization, loopDelayMaxNs } = busiest.measured;
  const isAlone = loads.length === 1;
  const which = `${busiest.role}, the busiest of ${loads.length} processes,`;
  if (loopUtilization === null || loopDelayMaxNs === null) {
    return `${isAlone ? 'the server' : which} used ${formatShare(cpuRatio)} of one CPU core`;
  }
  const loop = isAlone ? "the server's event loop" : `the event loop of ${which}`;
  return `${loop} was busy ${formatShare(loopUtilization)} of the time and up to ${formatNs(loopDelayMaxNs)} late`;
}
