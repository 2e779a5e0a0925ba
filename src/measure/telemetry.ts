import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import {
  constants,
  type EventLoopUtilization,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Clock } from './clock.ts';
import { LoopDelay, type OtherWait, ThreadTimesReader } from './event-loop.ts';
import type { ReceiptCounts } from './receipts.ts';

/** The byte that asks a probe for the profile of its process. Every byte asks for a sample. */
export const TAKE_PROFILE = 'p';

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
  /** How long the main thread was ready to run but had no CPU; null where the system does not report it. */
  readonly runQueueWaitMs: number | null;
  /** How late a timer of 10 ms fired. */
  readonly loopDelayP50Ns: number;
  readonly loopDelayP99Ns: number;
  readonly loopDelayMaxNs: number;
  readonly gcCount: number;
  readonly gcTotalMs: number;
  readonly gcMaxMs: number;
  readonly heapUsedBytes: number;
  /** The smallest heap that a full garbage collection left; null without one. */
  readonly heapAfterGcBytes: number | null;
  /** Bytes that connections accepted by this process hold unsent; null before the first connection. */
  readonly bufferedBytes: number | null;
}

/** What a generator process reports of how it received and sent. */
export interface ReceivingSample extends ReceiptCounts {
  /** The longest time between the arrival of a message and the end of handling it; null where it is not known. */
  readonly receiveWaitMaxNs: number | null;
  /** The fullest receive buffer of a connection when it was read late, as a share of its limit. */
  readonly receiveBufferMaxRatio: number | null;
  /** Sends that the kernel did not take at once. */
  readonly queuedSendCount: number | null;
}

/** What is known of a generator. The threads of Artillery do not say how they receive. */
export type GeneratorSample = TelemetrySample & Partial<ReceivingSample>;

/** Samples this process. Create it early: it counts from its creation. */
export class TelemetrySampler {
  readonly #clock: Clock;
  readonly #cpuUs: () => number;
  readonly delay: LoopDelay;
  /** What sleeps in place of Node's loop: it is idle meanwhile. */
  otherWait: OtherWait = { waitedNs: 0 };
  readonly #threadTimes = new ThreadTimesReader();
  readonly #gc = { gcCount: 0, gcTotalMs: 0, gcMaxMs: 0 };
  #heapAfterGcBytes: number | null = null;
  readonly #accepted = new Set<Socket>();
  /** TCP connections that this process has accepted so far. */
  acceptedCount = 0;
  #lastNs: number;
  #lastCpuUs: number;
  #lastLoop: EventLoopUtilization;
  #lastPacingNs = 0;
  #memory: Pick<NodeJS.MemoryUsage, 'rss' | 'heapUsed'> = { rss: 0, heapUsed: 0 };
  #lastQueuedNs: number;
  #lastWaitedNs = 0;

  /** `readCpuUs`: the CPU time so far, that of the process by default. */
  constructor(clock: Clock, readCpuUs: () => number = cpuUs) {
    this.#clock = clock;
    this.#cpuUs = readCpuUs;
    this.delay = new LoopDelay(clock);
    this.#lastNs = clock.nowNs();
    this.#lastCpuUs = readCpuUs();
    this.#lastLoop = performance.eventLoopUtilization();
    this.#lastQueuedNs = this.#threadTimes.read()?.queuedNs ?? 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { duration } = entry;
        if (isFullCollection(entry)) this.#noteHeap();
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

  /** The memory of this process; the last one known where it may open no file to read it. */
  #readMemory(): Pick<NodeJS.MemoryUsage, 'rss' | 'heapUsed'> {
    try {
      this.#memory = process.memoryUsage();
    } catch {
      // The process goes on: what is out of files here is its connections.
    }
    return this.#memory;
  }

  /** Samples the time since the last sample. `pacingNs`: how long a pacer has spun in all. */
  sample(pacingNs = 0): TelemetrySample {
    const atNs = this.#clock.nowNs();
    const lengthMs = (atNs - this.#lastNs) / 1e6;
    const totalCpuUs = this.#cpuUs();
    const loop = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(loop, this.#lastLoop);
    const { waitedNs } = this.otherWait;
    const activeMs = since.active - (waitedNs - this.#lastWaitedNs) / 1e6;
    const memory = this.#readMemory();
    const queuedNs = this.#threadTimes.read()?.queuedNs ?? null;
    const sample = {
      atNs,
      lengthMs,
      cpuMs: (totalCpuUs - this.#lastCpuUs) / 1000,
      // Not a number when the loop has neither worked nor waited since the last sample.
      loopUtilization: Math.max(0, activeMs / (since.active + since.idle)) || 0,
      pacingShare: lengthMs > 0 ? (pacingNs - this.#lastPacingNs) / 1e6 / lengthMs : 0,
      runQueueWaitMs: queuedNs === null ? null : (queuedNs - this.#lastQueuedNs) / 1e6,
      ...this.delay.take(),
      ...this.#gc,
      rssBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      heapAfterGcBytes: this.#heapAfterGcBytes,
      bufferedBytes: this.#bufferedBytes(),
    };
    this.#lastNs = atNs;
    this.#lastCpuUs = totalCpuUs;
    this.#lastLoop = loop;
    this.#lastPacingNs = pacingNs;
    this.#lastWaitedNs = waitedNs;
    this.#lastQueuedNs = queuedNs ?? 0;
    this.#heapAfterGcBytes = null;
    Object.assign(this.#gc, { gcCount: 0, gcTotalMs: 0, gcMaxMs: 0 });
    return sample;
  }

  /** Entries of collections come soon after them, so that the heap has grown little. */
  #noteHeap(): void {
    const { used_heap_size: bytes } = getHeapStatistics();
    this.#heapAfterGcBytes = Math.min(this.#heapAfterGcBytes ?? bytes, bytes);
  }

  #bufferedBytes(): number | null {
    if (this.acceptedCount === 0) return null;
    let bytes = 0;
    for (const socket of this.#accepted) bytes += socket.writableLength;
    return bytes;
  }
}

/** Whether the entry is that of a collection of the whole heap. */
function isFullCollection(entry: PerformanceEntry): boolean {
  const { detail } = entry as { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
