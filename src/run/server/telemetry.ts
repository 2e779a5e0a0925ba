import { existsSync } from 'node:fs';
import { type Clock, createClock } from '../../measure/clock.ts';
import type { OutsideSample } from '../../measure/telemetry.ts';
import type { Finding } from '../../result/findings.ts';
import { plural } from '../../text.ts';
import type { ProbedProcess, ProbeListener } from './probe-listener.ts';
import { ProcSampler, sumOf } from './proc-sampler.ts';
import { type ProcessTree, readRssBytes } from './process-tree.ts';
import { type RawProfile, ServerProfiles } from './profiles.ts';

const READ_EVERY_MS = 1000;

/** Samples of one process of the server; from `proc`, of all processes without a probe as one. */
type ServingProcess =
  | ProbedProcess
  | { readonly source: 'proc'; readonly pid: number; readonly samples: readonly OutsideSample[] };

export type SampledProcess = ServingProcess & {
  /** Resident memory before the clients connected; null where the system does not report it. */
  readonly rssBeforeBytes: number | null;
};

/** A server as its telemetry needs it. */
export interface WatchedServer {
  readonly isReference: boolean;
  /** The process and its descendants. */
  readonly tree: ProcessTree;
}

/**
 * Samples the processes of a server: by the probes in them, or from /proc where no probe reports. Every process of a
 * reference server is part of it, with or without a probe.
 */
export class ServerTelemetry {
  readonly #probes: ProbeListener;
  readonly #profiles: ServerProfiles | null;
  readonly #originNs: bigint;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | null = null;
  #server: WatchedServer | null = null;
  #proc: ProcSampler | null = null;
  #isMeasuring = false;
  /** Resident memory of each process before the clients connected, by pid. */
  readonly #rssBefore = new Map<number, number>();

  /** @param profileUs the sampling interval of CPU profiles in microseconds; null for none. */
  constructor(probes: ProbeListener, originNs: bigint, profileUs: number | null) {
    this.#probes = probes;
    this.#profiles = profileUs === null ? null : new ServerProfiles(probes, profileUs);
    this.#originNs = originNs;
    this.#clock = createClock(originNs);
  }

  /** Environment variables for the server, so that its probes report here. */
  get env(): Record<string, string> {
    return {
      SOCKBENCH_PROBE: this.#probes.path,
      SOCKBENCH_ORIGIN_NS: String(this.#originNs),
      ...this.#profiles?.env,
    };
  }

  /** Begins to read a server's processes from /proc; again when it was started anew. */
  watch(server: WatchedServer): void {
    const isNew = this.#server === null;
    this.#server = server;
    if (!isNew) return;
    const readAll = () => this.#server?.tree.read() ?? [];
    const readUnprobed = () => readAll().filter(({ pid }) => !this.#probes.knows(pid));
    this.#proc = new ProcSampler(server.isReference ? readUnprobed : readAll, this.#clock);
    this.#timer = setInterval(() => this.#readProc(), READ_EVERY_MS).unref();
  }

  /** Notes the memory of a server without clients. */
  beforeConnect(): void {
    for (const { pid } of this.#server?.tree.read() ?? []) this.#rssBefore.set(pid, readRssBytes(pid));
  }

  /** Ends a sample now, so that samples end where phases end. The first call marks the start of measuring. */
  sampleNow(): void {
    const nowNs = this.#clock.nowNs();
    this.#probes.sampleNow(nowNs);
    this.#readProc();
    this.#proc?.cutAt(nowNs);
    // The start of npm may use more CPU time than the server behind it does in a whole run.
    if (!this.#isMeasuring) this.#proc?.countFromNow();
    this.#isMeasuring = true;
  }

  #readProc(): void {
    const isProbed = this.#server?.isReference === false && this.#probes.serving.length > 0;
    if (isProbed) this.#stopReading();
    this.#proc?.sample();
  }

  #stopReading(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#proc = null;
  }

  /** Every process of the server, those with a probe first, by pid; empty when nothing is known of them. */
  processes(): readonly SampledProcess[] {
    return this.#serving().map((process) => ({ ...process, rssBeforeBytes: this.#rssBeforeOf(process) }));
  }

  /** Ends the CPU profiles of the processes that have a probe. */
  async takeProfiles(): Promise<readonly RawProfile[]> {
    const probed = this.#serving().filter(({ source }) => source === 'probe');
    return (await this.#profiles?.take(probed.map(({ pid }) => pid))) ?? [];
  }

  #rssBeforeOf({ source, pid }: ServingProcess): number | null {
    if (source === 'probe') return this.#rssBefore.get(pid) ?? null;
    const unprobed = [...this.#rssBefore].filter(([each]) => !this.#probes.knows(each));
    return unprobed.length === 0 ? null : sumOf(unprobed.map(([, bytes]) => bytes));
  }

  #serving(): readonly ServingProcess[] {
    if (this.#server?.isReference === true) return [...this.#probes.all, ...this.#fromProc()];
    const { serving } = this.#probes;
    return serving.length > 0 ? serving : this.#likelyServing();
  }

  /** The likely server when no probed process was seen to accept connections: native code may accept them. */
  #likelyServing(): readonly ServingProcess[] {
    const likely = this.#probes.all.toSorted((a, b) => cpuMs(b) - cpuMs(a)).slice(0, 1);
    const fromProc = this.#fromProc();
    // npm and watchers are probed too, and the server behind them may not be.
    const isBusiest = likely[0]?.pid === this.#proc?.busiestPid();
    return fromProc.length === 0 || isBusiest ? likely : fromProc;
  }

  #fromProc(): ServingProcess[] {
    const samples = this.#proc?.samples ?? [];
    return samples.length === 0 ? [] : [{ source: 'proc', pid: this.#server?.tree.rootPid ?? -1, samples }];
  }

  /** Says what is not known of the server's processes; empty when nothing is missing. */
  notes(): Finding[] {
    const notes: Finding[] = [];
    const { droppedLines } = this.#probes;
    if (droppedLines > 0) {
      const message = `${plural(droppedLines, 'line')} on the socket of the probe could not be read`;
      notes.push({ code: 'probe_lines_dropped', message });
    }
    const [first] = this.processes();
    if (first?.source === 'probe') return notes;
    const known =
      first !== undefined
        ? 'only CPU time and memory of all its processes together are known'
        : `nothing is known of its processes${existsSync('/proc/self/stat') ? '' : ', because this system has no /proc'}`;
    const message = `no probe reported from the server (the probe needs Node.js 22.18 or later): ${known}`;
    return [...notes, { code: 'not_probed', message }];
  }

  close(): void {
    this.#stopReading();
    this.#probes.close();
    this.#profiles?.close();
  }
}

function cpuMs({ samples }: ServingProcess): number {
  return sumOf(samples.map((sample) => sample.cpuMs));
}
