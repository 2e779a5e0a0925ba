import { existsSync } from 'node:fs';
import { type Clock, createClock } from '../../measure/clock.ts';
import type { OutsideSample, TelemetrySample } from '../../measure/telemetry.ts';
import type { Finding } from '../../result/run-result.ts';
import { type ProbedProcess, ProbeListener } from './probe-listener.ts';
import { ProcSampler } from './proc-sampler.ts';
import type { ServerProcess } from './server-process.ts';

const SAMPLE_EVERY_MS = 1000;

/** What is known of one process of the server; or, from `proc`, of all that have no probe, as one. */
export type SampledProcess =
  | { readonly source: 'probe'; readonly pid: number; readonly samples: readonly TelemetrySample[] }
  | { readonly source: 'proc'; readonly pid: number; readonly samples: readonly OutsideSample[] };

/**
 * What the server's processes do during a run: told by the probes in them, or where none reports read from
 * /proc. Of a reference server, whatever runs beside the probed processes is part of it.
 */
export class ServerTelemetry {
  readonly #probes: ProbeListener;
  readonly #originNs: bigint;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | null = null;
  #server: ServerProcess | null = null;
  #proc: ProcSampler | null = null;

  private constructor(probes: ProbeListener, originNs: bigint) {
    this.#probes = probes;
    this.#originNs = originNs;
    this.#clock = createClock(originNs);
  }

  /** @param originNs from which the times of the run count. */
  static async open(originNs: bigint): Promise<ServerTelemetry> {
    return new ServerTelemetry(await ProbeListener.open(), originNs);
  }

  /** Environment variables for the server, so that its probes report here. */
  get env(): Record<string, string> {
    return this.#probes.env(this.#originNs);
  }

  /** Begins to read the system's account of a server. */
  watch(server: ServerProcess): void {
    this.#server = server;
    const readAll = () => server.tree.read();
    const readUnprobed = () => readAll().filter(({ pid }) => !this.#probes.knows(pid));
    this.#proc = new ProcSampler(server.isReference ? readUnprobed : readAll, this.#clock);
    this.#timer = setInterval(() => this.#readProc(), SAMPLE_EVERY_MS).unref();
  }

  /** So that samples end where phases end. */
  sampleNow(): void {
    this.#probes.sampleNow();
    this.#readProc();
  }

  #readProc(): void {
    const isTold = this.#server?.isReference === false && this.#probes.serving.length > 0;
    if (isTold) this.#stopReading();
    this.#proc?.sample();
  }

  #stopReading(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#proc = null;
  }

  /** Every process of the server, those with a probe first, by pid; none when nothing is known of it. */
  processes(): SampledProcess[] {
    if (this.#server?.isReference === true) return [...probed(this.#probes.all), ...this.#fromProc()];
    const { serving } = this.#probes;
    return serving.length > 0 ? probed(serving) : this.#likelyServing();
  }

  /** What serves when no probed process is seen to accept connections: some do it in native code. */
  #likelyServing(): SampledProcess[] {
    const likely = probed(this.#probes.all)
      .toSorted((a, b) => cpuMs(b) - cpuMs(a))
      .slice(0, 1);
    const fromProc = this.#fromProc();
    // npm and watchers are probed too: behind them, a server that is not may do the work.
    const isBusiest = likely[0]?.pid === this.#proc?.busiestPid();
    return fromProc.length === 0 || isBusiest ? likely : fromProc;
  }

  #fromProc(): SampledProcess[] {
    const samples = this.#proc?.samples ?? [];
    return samples.length === 0 ? [] : [{ source: 'proc', pid: this.#server?.pid ?? -1, samples }];
  }

  /** What to say when the server's own account is missing; null when it is there, or nothing was watched. */
  note(): Finding | null {
    if (this.#server === null) return null;
    const [first] = this.processes();
    if (first?.source === 'probe') return null;
    const known =
      first !== undefined
        ? 'only CPU time and memory are known, of all its processes together'
        : `nothing is known of its processes${existsSync('/proc/self/stat') ? '' : ', for this system has no /proc to read'}`;
    return {
      code: 'not_probed',
      message: `no probe reported from the server (the probe is for Node.js, from 22.18 on), so ${known}`,
    };
  }

  close(): void {
    this.#stopReading();
    this.#probes.close();
  }
}

function probed(processes: readonly ProbedProcess[]): SampledProcess[] {
  return processes.map((process) => ({ source: 'probe' as const, ...process })).sort((a, b) => a.pid - b.pid);
}

function cpuMs({ samples }: SampledProcess): number {
  return samples.reduce((sum, sample) => sum + sample.cpuMs, 0);
}
