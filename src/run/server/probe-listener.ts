import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { TAKE_PROFILE, type TelemetrySample } from '../../measure/telemetry.ts';
import { entryPath, ownFilePath } from '../../package.ts';
import { countSchema, numberSchema, textSchema } from '../../result/bounded-schema.ts';
import { guard } from '../leftovers/guardian.ts';
import { temporaryName } from '../leftovers/remove.ts';
import { type PhaseLog, sampleLog } from '../phase-log.ts';
import { MAX_SOCKET_PATH_BYTES, temporaryFolder } from '../temporary.ts';
import { readLines } from './process-group.ts';

/** The same ranges as those of the stored result, so that every reader accepts what is kept. */
const amount = numberSchema.min(0);
const sampleSchema: z.ZodType<TelemetrySample> = z.object({
  ...{ atNs: amount, lengthMs: amount, cpuMs: amount, rssBytes: countSchema, heapUsedBytes: countSchema },
  ...{ loopUtilization: amount, pacingShare: amount, bufferedBytes: countSchema.nullable() },
  ...{ runQueueWaitMs: amount.nullable() },
  ...{ loopDelayP50Ns: amount, loopDelayP99Ns: amount, loopDelayMaxNs: amount },
  heapAfterGcBytes: countSchema.nullable(),
  ...{ gcCount: countSchema, gcTotalMs: amount, gcMaxMs: amount },
});

/** How the profile of a process ended: when it began on the run's clock, or why there is none. */
const profileSchemas = [
  z.strictObject({ pid: z.int().positive(), profileStartNs: amount }),
  z.strictObject({ pid: z.int().positive(), profileProblem: textSchema }),
] as const;

export type ProfileEnd = z.infer<(typeof profileSchemas)[number]>;

/** The lines of a probe: first only its pid, then a sample each, and how its profile ended. */
const lineSchema = z.union([
  ...profileSchemas,
  z.strictObject({ pid: z.int().positive() }),
  z.strictObject({
    pid: z.int().positive(),
    /** Connections that the process has accepted so far. */
    acceptedCount: countSchema,
    /** Whether it is part of a node:cluster, whose workers may get their connections from another process. */
    isInCluster: z.boolean(),
    sample: sampleSchema,
  }),
]);

/**
 * What is accepted from the socket, which any program on the side of the server can write to. A probe writes two lines
 * a second at most, each shorter than 1 KiB. Lines beyond these limits are dropped, and a connection that sends more
 * characters than probes do is closed.
 */
const PROBE_LIMITS = {
  lineLength: 64 * 1024,
  linesPerSecond: 100,
  charactersPerSecond: 256 * 1024,
  connections: 256,
  processes: 256,
} as const;

/** What the probe of one process reported. */
export interface ProbedProcess {
  readonly source: 'probe';
  readonly pid: number;
  readonly samples: readonly TelemetrySample[];
}

/** Collects what probes report over a local socket. Lines that no probe writes are counted and dropped. */
export class ProbeListener {
  readonly #server: Server;
  /** What each connection has sent in the current second. */
  readonly #connections = new Map<Socket, { lines: number; characters: number }>();
  readonly #processes = new Map<
    number,
    { isServing: boolean; readonly samples: PhaseLog<TelemetrySample> }
  >();
  /** When phases began, for processes that report later. */
  readonly #cutsNs: number[] = [];
  readonly path: string;
  /** Ends the guarding that removes the socket with this process. */
  readonly #release: () => void;
  readonly #second: NodeJS.Timeout;
  /** How the profile of each process ended, by pid. */
  readonly #profiles = new Map<number, ProfileEnd>();
  /** Lines that no probe writes. */
  droppedLines = 0;

  private constructor() {
    const name = `${temporaryName('probe')}${randomBytes(3).toString('hex')}`;
    const file = `${name}.sock`;
    this.path =
      process.platform === 'win32'
        ? `\\\\.\\pipe\\${name}`
        : join(temporaryFolder(MAX_SOCKET_PATH_BYTES - file.length - 1), file);
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = PROBE_LIMITS.connections;
    this.#second = setInterval(() => {
      for (const sent of this.#connections.values()) Object.assign(sent, { lines: 0, characters: 0 });
    }, 1000).unref();
    this.#release = guard({ pid: null, end: () => rmSync(this.path, { force: true }) });
  }

  static async open(): Promise<ProbeListener> {
    const listener = new ProbeListener();
    listener.#server.listen(listener.path);
    await once(listener.#server, 'listening');
    // Accepting fails when this process has no file descriptor left.
    listener.#server.on('error', () => {});
    return listener;
  }

  #accept(socket: Socket): void {
    const sent = { lines: 0, characters: 0 };
    this.#connections.set(socket, sent);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => {});
    socket.on('data', ({ length }) => {
      sent.characters += length;
      if (sent.characters <= PROBE_LIMITS.charactersPerSecond || socket.destroyed) return;
      this.droppedLines += 1;
      socket.destroy();
    });
    readLines(socket, PROBE_LIMITS.lineLength, (line) => {
      sent.lines += 1;
      const isKept = sent.lines <= PROBE_LIMITS.linesPerSecond && this.#receive(line);
      if (!isKept) this.droppedLines += 1;
    });
  }

  /** Returns whether a probe may have written the line. */
  #receive(text: string): boolean {
    let line: z.infer<typeof lineSchema>;
    try {
      line = lineSchema.parse(JSON.parse(text));
    } catch {
      return false;
    }
    const known = this.#processes.get(line.pid);
    if (known === undefined && this.#processes.size >= PROBE_LIMITS.processes) return false;
    const probed = known ?? { isServing: false, samples: this.#newLog() };
    this.#processes.set(line.pid, probed);
    if ('profileStartNs' in line || 'profileProblem' in line) this.#profiles.set(line.pid, line);
    if (!('sample' in line)) return true;
    probed.isServing ||= line.acceptedCount > 0 || line.isInCluster;
    probed.samples.push(line.sample);
    return true;
  }

  /** Whether a process has loaded the probe. */
  knows(pid: number): boolean {
    return this.#processes.has(pid);
  }

  /** Every process that reported a sample, by pid. */
  get all(): readonly ProbedProcess[] {
    return [...this.#processes]
      .map(([pid, { samples }]) => ({ source: 'probe' as const, pid, samples: samples.items }))
      .filter(({ samples }) => samples.length > 0)
      .sort((a, b) => a.pid - b.pid);
  }

  /**
   * The processes that serve: they accepted connections or are part of a cluster. npm, shells and watchers load the
   * probe too and do neither.
   */
  get serving(): readonly ProbedProcess[] {
    return this.all.filter(({ pid }) => this.#processes.get(pid)?.isServing === true);
  }

  #newLog(): PhaseLog<TelemetrySample> {
    const log = sampleLog<TelemetrySample>();
    for (const timeNs of this.#cutsNs) log.cutAt(timeNs);
    return log;
  }

  /** Asks every probe for a sample now, at the time `atNs` of the run's clock, so that samples end where phases end. */
  sampleNow(atNs: number): void {
    this.#cutsNs.push(atNs);
    for (const { samples } of this.#processes.values()) samples.cutAt(atNs);
    for (const socket of this.#connections.keys()) socket.write('.');
  }

  /** Asks every probe for the profile of its process. */
  takeProfiles(): void {
    for (const socket of this.#connections.keys()) socket.write(TAKE_PROFILE);
  }

  /** How the profile of a process ended; null while it was not reported. */
  profileOf(pid: number): ProfileEnd | null {
    return this.#profiles.get(pid) ?? null;
  }

  close(): void {
    clearInterval(this.#second);
    this.#server.close();
    this.#release();
    for (const socket of this.#connections.keys()) socket.destroy();
  }
}

/** For `node --import`, of a Node.js that runs sockbench itself. */
export const probeUrl = pathToFileURL(entryPath('measure/probe')).href;

/** For `--require` in NODE_OPTIONS, of any Node.js: loads the probe where that is possible. */
export const preloadPath = ownFilePath('measure/preload.cjs');
