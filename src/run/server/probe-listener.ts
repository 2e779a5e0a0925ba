import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TelemetrySample } from '../../measure/telemetry.ts';
import { entryPath } from '../../package.ts';

/** What the probe of one process said. */
export interface ProbedProcess {
  readonly pid: number;
  readonly samples: readonly TelemetrySample[];
}

/** What a probe writes first. */
interface ProbeGreeting {
  readonly pid: number;
}

/** What a probe writes from then on, one a line. */
interface ProbeReport extends ProbeGreeting {
  /** Connections that it has accepted so far. */
  readonly acceptedCount: number;
  /** Whether it is part of a node:cluster, whose workers may get their connections from another process. */
  readonly isInCluster: boolean;
  readonly sample: TelemetrySample;
}

/** Collects what probes report over a local socket. */
export class ProbeListener {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #processes = new Map<number, { isServing: boolean; samples: TelemetrySample[] }>();
  readonly path: string;
  readonly #removeSocket = () => rmSync(this.path, { force: true });

  private constructor() {
    const name = `sockbench-${process.pid}-${randomBytes(4).toString('hex')}`;
    this.path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
    this.#server = createServer((socket) => this.#listenTo(socket));
    process.once('exit', this.#removeSocket);
  }

  static async open(): Promise<ProbeListener> {
    const listener = new ProbeListener();
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', reject);
      listener.#server.listen(listener.path, resolve);
    });
    return listener;
  }

  /** Environment variables that make a process report here once it loads {@link probeUrl}. */
  env(originNs: bigint): Record<string, string> {
    return { SOCKBENCH_PROBE: this.path, SOCKBENCH_ORIGIN_NS: String(originNs) };
  }

  #listenTo(socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => {});
    createInterface({ input: socket }).on('line', (line) => {
      const said: ProbeGreeting | ProbeReport = JSON.parse(line);
      const probed = this.#processes.get(said.pid) ?? { isServing: false, samples: [] };
      this.#processes.set(said.pid, probed);
      if (!('sample' in said)) return;
      probed.isServing ||= said.acceptedCount > 0 || said.isInCluster;
      probed.samples.push(said.sample);
    });
  }

  /** Whether a process has loaded the probe. */
  knows(pid: number): boolean {
    return this.#processes.has(pid);
  }

  /** Every process that reported. */
  get all(): readonly ProbedProcess[] {
    return [...this.#processes]
      .map(([pid, { samples }]) => ({ pid, samples }))
      .filter(({ samples }) => samples.length > 0);
  }

  /**
   * Those that serve: they accepted connections or are part of a cluster. npm, shells and watchers load the
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
    process.off('exit', this.#removeSocket);
    for (const socket of this.#connections) socket.destroy();
  }
}

/** For `node --import`, of a Node.js that runs sockbench itself. */
export const probeUrl = pathToFileURL(entryPath('measure/probe')).href;

/** For `--require` in NODE_OPTIONS, of any Node.js: loads the probe where that is possible. */
export const preloadPath = fileURLToPath(new URL('../../measure/preload.cjs', import.meta.url));
