import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { type EventLoopUtilization, PerformanceObserver, performance } from 'node:perf_hooks';
import type { Clock } from './clock.ts';
import { LoopDelay } from './loop-delay.ts';

/** What the system knows of a process between two samples, about a second apart. */
export interface OutsideSample {
  /** End of the interval, on the run's clock. */
  readonly atNs: number;
  readonly lengthMs: number;
  /** CPU time of all threads, user and system. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** What a process knows of itself. */
export interface TelemetrySample extends OutsideSample {
  /** Share of the interval in which the event loop was not waiting for events, 0 to 1. */
  readonly loopUtilization: number;
  /** Share of the interval in which the pacer spun with nothing else to do, 0 to 1; part of the above. */
  readonly pacingShare: number;
  /** How late a timer of 10 ms fired. */
  readonly loopDelayP50Ns: number;
  readonly loopDelayP99Ns: number;
  readonly loopDelayMaxNs: number;
  readonly gcCount: number;
  readonly gcTotalMs: number;
  readonly gcMaxMs: number;
  readonly heapUsedBytes: number;
  /**
   * Bytes that accepted connections have taken but not yet handed to the kernel; null before the first. Those
   * that another process accepted and handed over are not seen.
   */
  readonly bufferedBytes: number | null;
}

/** Samples this process. Create it early: it counts from its creation on. */
export class TelemetrySampler {
  readonly #clock: Clock;
  readonly #pacingNs: () => number;
  readonly #delay: LoopDelay;
  readonly #gc = { count: 0, totalMs: 0, maxMs: 0 };
  readonly #accepted = new Set<Socket>();
  #acceptedCount = 0;
  #lastNs: number;
  #lastCpuUs: number;
  #lastLoop: EventLoopUtilization;
  #lastPacingNs = 0;

  constructor(clock: Clock, pacingNs: () => number = () => 0) {
    this.#clock = clock;
    this.#pacingNs = pacingNs;
    this.#delay = new LoopDelay(clock);
    this.#lastNs = clock.nowNs();
    this.#lastCpuUs = cpuUs();
    this.#lastLoop = performance.eventLoopUtilization();
    new PerformanceObserver((list) => this.#noteGc(list.getEntries())).observe({ entryTypes: ['gc'] });
    subscribe('net.server.socket', (message) => this.#noteAccepted((message as { socket: Socket }).socket));
  }

  /** TCP connections that this process has accepted so far. */
  get acceptedCount(): number {
    return this.#acceptedCount;
  }

  /** What happened since the last sample, or since creation. */
  sample(): TelemetrySample {
    const atNs = this.#clock.nowNs();
    const lengthMs = (atNs - this.#lastNs) / 1e6;
    const totalCpuUs = cpuUs();
    const loop = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(loop, this.#lastLoop);
    const pacingNs = this.#pacingNs();
    const memory = process.memoryUsage();
    const delays = this.#delay.take();
    const sample = {
      atNs,
      lengthMs,
      cpuMs: (totalCpuUs - this.#lastCpuUs) / 1000,
      // Not a number when the loop has neither worked nor waited since the last sample.
      loopUtilization: since.utilization || 0,
      pacingShare: lengthMs > 0 ? (pacingNs - this.#lastPacingNs) / 1e6 / lengthMs : 0,
      loopDelayP50Ns: delays.p50Ns,
      loopDelayP99Ns: delays.p99Ns,
      loopDelayMaxNs: delays.maxNs,
      gcCount: this.#gc.count,
      gcTotalMs: this.#gc.totalMs,
      gcMaxMs: this.#gc.maxMs,
      rssBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      bufferedBytes: this.#bufferedBytes(),
    };
    this.#lastNs = atNs;
    this.#lastCpuUs = totalCpuUs;
    this.#lastLoop = loop;
    this.#lastPacingNs = pacingNs;
    Object.assign(this.#gc, { count: 0, totalMs: 0, maxMs: 0 });
    return sample;
  }

  #noteGc(entries: ReadonlyArray<{ readonly duration: number }>): void {
    for (const { duration } of entries) {
      this.#gc.count += 1;
      this.#gc.totalMs += duration;
      this.#gc.maxMs = Math.max(this.#gc.maxMs, duration);
    }
  }

  #noteAccepted(socket: Socket): void {
    // A tool's own pipe to its child has no address; clients never come by one.
    if (socket.remoteAddress === undefined) return;
    this.#acceptedCount += 1;
    this.#accepted.add(socket);
    socket.once('close', () => this.#accepted.delete(socket));
  }

  #bufferedBytes(): number | null {
    if (this.#acceptedCount === 0) return null;
    let bytes = 0;
    for (const socket of this.#accepted) bytes += socket.writableLength;
    return bytes;
  }
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
