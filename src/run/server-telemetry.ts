import { existsSync } from 'node:fs';
import { type Clock, createClock } from '../measure/clock.ts';
import type { OutsideSample, TelemetrySample } from '../measure/telemetry.ts';
import type { Finding } from '../result/schema.ts';
import { ProbeListener } from './probe-listener.ts';
import { ProcSampler } from './proc-sampler.ts';
import type { ServerProcess } from './server-process.ts';

const SAMPLE_EVERY_MS = 1000;

/** What is known of one process of the server; or, from `proc`, of all its processes as one. */
export type SampledProcess =
  | { readonly source: 'probe'; readonly pid: number; readonly samples: readonly TelemetrySample[] }
  | { readonly source: 'proc'; readonly pid: number; readonly samples: readonly OutsideSample[] };

/**
 * What the server's processes do during a run: told by the probes in them, or where none reports read from
 * /proc.
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

  /** Begins to read the system's account of a server, for as long as no probe is known to be where it serves. */
  watch(server: ServerProcess): void {
    this.#server = server;
    this.#proc = new ProcSampler(server.tree, this.#clock);
    this.#timer = setInterval(() => this.#readProc(), SAMPLE_EVERY_MS).unref();
  }

  /** So that samples end where phases end. */
  sampleNow(): void {
    this.#probes.sampleNow();
    this.#readProc();
  }

  #readProc(): void {
    if (this.#serving().length > 0) this.#stopReading();
    this.#proc?.sample();
  }

  #stopReading(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#proc = null;
  }

  /** Probed processes that certainly serve. */
  #serving(): SampledProcess[] {
    const { all, serving } = this.#probes;
    // Of a reference server it is known that nothing but the server is in it.
    const probed = this.#server?.isReference === true ? all : serving;
    return probed.map((process) => ({ source: 'probe', ...process }));
  }

  /** The one that used most CPU, when none is seen to accept connections: some servers do it in native code. */
  #likelyServing(): SampledProcess[] {
    const cpuMs = (samples: readonly TelemetrySample[]) => samples.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
    const [most] = this.#probes.all.toSorted((a, b) => cpuMs(b.samples) - cpuMs(a.samples));
    return most === undefined ? [] : [{ source: 'probe', ...most }];
  }

  /** Every process that serves, by pid: none when nothing is known of the server. */
  processes(): SampledProcess[] {
    const serving = this.#serving().toSorted((a, b) => a.pid - b.pid);
    if (serving.length > 0) return serving;
    const [likely] = this.#likelyServing();
    const samples = this.#proc?.samples ?? [];
    // npm and watchers are probed too: behind them, a server that is not may do the work.
    if (samples.length === 0 || likely?.pid === this.#proc?.busiestPid())
      return likely === undefined ? [] : [likely];
    return [{ source: 'proc', pid: this.#server?.pid ?? -1, samples }];
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
      message: `no probe reported from the server (it takes Node.js 22.18 or later), so ${known}`,
    };
  }

  close(): void {
    this.#stopReading();
    this.#probes.close();
  }
}
