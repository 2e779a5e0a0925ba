import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { TelemetrySample } from '../../measure/telemetry.ts';
import { entryPath } from '../../package.ts';
import { guard } from '../leftovers/guardian.ts';
import { temporaryName } from '../leftovers/remove.ts';
import { readLines } from './process-group.ts';

const number = z.number();
const sampleSchema: z.ZodType<TelemetrySample> = z.object({
  ...{ atNs: number, lengthMs: number, cpuMs: number, rssBytes: number, heapUsedBytes: number },
  ...{ loopUtilization: number, pacingShare: number, bufferedBytes: number.nullable() },
  ...{ loopDelayP50Ns: number, loopDelayP99Ns: number, loopDelayMaxNs: number },
  ...{ gcCount: number, gcTotalMs: number, gcMaxMs: number },
});

/** The lines of a probe: first only its pid, then a sample each. */
const lineSchema = z.union([
  z.strictObject({ pid: z.int() }),
  z.strictObject({
    pid: z.int(),
    /** Connections that the process has accepted so far. */
    acceptedCount: number,
    /** Whether it is part of a node:cluster, whose workers may get their connections from another process. */
    isInCluster: z.boolean(),
    sample: sampleSchema,
  }),
]);

/** A probe's lines are shorter than 1 KiB. */
const MAX_PROBE_LINE_LENGTH = 64 * 1024;

/** What the probe of one process reported. */
export interface ProbedProcess {
  readonly source: 'probe';
  readonly pid: number;
  readonly samples: readonly TelemetrySample[];
}

/** Collects what probes report over a local socket. Lines that no probe writes are counted and dropped. */
export class ProbeListener {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #processes = new Map<number, { isServing: boolean; samples: TelemetrySample[] }>();
  readonly path: string;
  /** Ends the guarding that removes the socket with this process. */
  readonly #release: () => void;
  /** Lines that no probe writes. */
  droppedLines = 0;

  private constructor() {
    const name = `${temporaryName('probe')}${randomBytes(3).toString('hex')}`;
    this.path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
    this.#server = createServer((socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
      socket.on('error', () => {});
      readLines(socket, MAX_PROBE_LINE_LENGTH, (line) => this.#receive(line));
    });
    this.#release = guard({ pid: null, end: () => rmSync(this.path, { force: true }) });
  }

  static async open(): Promise<ProbeListener> {
    const listener = new ProbeListener();
    listener.#server.listen(listener.path);
    await once(listener.#server, 'listening');
    return listener;
  }

  #receive(text: string): void {
    let line: z.infer<typeof lineSchema>;
    try {
      line = lineSchema.parse(JSON.parse(text));
    } catch {
      this.droppedLines += 1;
      return;
    }
    const probed = this.#processes.get(line.pid) ?? { isServing: false, samples: [] };
    this.#processes.set(line.pid, probed);
    if (!('sample' in line)) return;
    probed.isServing ||= line.acceptedCount > 0 || line.isInCluster;
    probed.samples.push(line.sample);
  }

  /** Whether a process has loaded the probe. */
  knows(pid: number): boolean {
    return this.#processes.has(pid);
  }

  /** Every process that reported a sample, by pid. */
  get all(): readonly ProbedProcess[] {
    return [...this.#processes]
      .map(([pid, { samples }]) => ({ source: 'probe' as const, pid, samples }))
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

  /** Asks every probe for a sample now, so that samples end where phases end. */
  sampleNow(): void {
    for (const socket of this.#connections) socket.write('.');
  }

  close(): void {
    this.#server.close();
    this.#release();
    for (const socket of this.#connections) socket.destroy();
  }
}

/** For `node --import`, of a Node.js that runs sockbench itself. */
export const probeUrl = pathToFileURL(entryPath('measure/probe')).href;

/** For `--require` in NODE_OPTIONS, of any Node.js: loads the probe where that is possible. */
export const preloadPath = fileURLToPath(new URL('../../measure/preload.cjs', import.meta.url));
