import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { type EventLoopUtilization, PerformanceObserver, performance } from 'node:perf_hooks';
import type { Clock } from './clock.ts';
import { NsHistogram } from './histogram.ts';

/** What the system reports of a process between two samples, about a second apart. */
export interface OutsideSample {
  /** End of the interval, on the run's clock. */
  readonly atNs: number;
  readonly lengthMs: number;
  /** CPU time of all threads, user and system. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** What a process reports of itself. */
export interface TelemetrySample extends OutsideSample {
  /** Share of the interval in which the event loop was not waiting for events, 0 to 1. */
  readonly loopUtilization: number;
  /** Share of the interval in which the pacer spun with nothing else to do, 0 to 1; part of `loopUtilization`. */
  readonly pacingShare: number;
  /** How late a timer of 10 ms fired. */
  readonly loopDelayP50Ns: number;
  readonly loopDelayP99Ns: number;
  readonly loopDelayMaxNs: number;
  readonly gcCount: number;
  readonly gcTotalMs: number;
  readonly gcMaxMs: number;
  readonly heapUsedBytes: number;
  /** Bytes that connections accepted by this process hold unsent; null before the first connection. */
  readonly bufferedBytes: number | null;
}

/** Samples this process. Create it early: it counts from its creation. */
export class TelemetrySampler {
  readonly #clock: Clock;
  readonly #delay: LoopDelay;
  readonly #gc = { gcCount: 0, gcTotalMs: 0, gcMaxMs: 0 };
  readonly #accepted = new Set<Socket>();
  /** TCP connections that this process has accepted so far. */
  acceptedCount = 0;
  #lastNs: number;
  #lastCpuUs: number;
  #lastLoop: EventLoopUtilization;
  #lastPacingNs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#delay = new LoopDelay(clock);
    this.#lastNs = clock.nowNs();
    this.#lastCpuUs = cpuUs();
    this.#lastLoop = performance.eventLoopUtilization();
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.#gc.gcCount += 1;
        this.#gc.gcTotalMs += duration;
        this.#gc.gcMaxMs = Math.max(this.#gc.gcMaxMs, duration);
      }
    }).observe({ entryTypes: ['gc'] });
    subscribe('net.server.socket', (message) => {
      const { socket } = message as { socket: Socket };
      // A pipe to a child process has no address, and no client uses one.
      if (socket.remoteAddress === undefined) return;
      this.acceptedCount += 1;
      this.#accepted.add(socket);
      socket.once('close', () => this.#accepted.delete(socket));
    });
  }

  /** Samples the time since the last sample. `pacingNs`: how long a pacer has spun in all. */
  sample(pacingNs = 0): TelemetrySample {
    const atNs = this.#clock.nowNs();
    const lengthMs = (atNs - this.#lastNs) / 1e6;
    const totalCpuUs = cpuUs();
    const loop = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(loop, this.#lastLoop);
    const memory = process.memoryUsage();
    const sample = {
      atNs,
      lengthMs,
      cpuMs: (totalCpuUs - this.#lastCpuUs) / 1000,
      // Not a number when the loop has neither worked nor waited since the last sample.
      loopUtilization: since.utilization || 0,
      pacingShare: lengthMs > 0 ? (pacingNs - this.#lastPacingNs) / 1e6 / lengthMs : 0,
      ...this.#delay.take(),
      ...this.#gc,
      rssBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      bufferedBytes: this.#bufferedBytes(),
    };
    this.#lastNs = atNs;
    this.#lastCpuUs = totalCpuUs;
    this.#lastLoop = loop;
    this.#lastPacingNs = pacingNs;
    Object.assign(this.#gc, { gcCount: 0, gcTotalMs: 0, gcMaxMs: 0 });
    return sample;
  }

  #bufferedBytes(): number | null {
    if (this.acceptedCount === 0) return null;
    let bytes = 0;
    for (const socket of this.#accepted) bytes += socket.writableLength;
    return bytes;
  }
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const DELAY_PERIOD_MS = 10;

/**
 * Measures how late a timer of 10 ms fires. Unlike Node's monitorEventLoopDelay, whose reset drops the current
 * interval, it misses no stall: one that lasts while it is read counts with its length so far, and again with its
 * whole length at its end.
 */
class LoopDelay {
  readonly #clock: Clock;
  readonly #lateness = new NsHistogram();
  #expectedNs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wait();
  }

  #wait(): void {
    this.#expectedNs = this.#clock.nowNs() + DELAY_PERIOD_MS * 1e6;
    setTimeout(() => {
      this.#lateness.record(Math.max(0, this.#clock.nowNs() - this.#expectedNs));
      this.#wait();
    }, DELAY_PERIOD_MS).unref();
  }

  take(): Pick<TelemetrySample, 'loopDelayP50Ns' | 'loopDelayP99Ns' | 'loopDelayMaxNs'> {
    const soFarNs = this.#clock.nowNs() - this.#expectedNs;
    if (soFarNs > 0) this.#lateness.record(soFarNs);
    const at = (quantile: number) => (this.#lateness.count === 0 ? 0 : this.#lateness.quantileNs(quantile));
    const delays = { loopDelayP50Ns: at(0.5), loopDelayP99Ns: at(0.99), loopDelayMaxNs: at(1) };
    this.#lateness.reset();
    return delays;
  }
}
