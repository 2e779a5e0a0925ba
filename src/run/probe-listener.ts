import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { entryPath } from '../entry.ts';
import type { TelemetrySample } from '../measure/telemetry.ts';

/** What the probe of one process said. */
export interface ProbedProcess {
  readonly pid: number;
  readonly samples: readonly TelemetrySample[];
}

/** What a probe writes, one a line. */
interface ProbeLine {
  readonly pid: number;
  /** Connections that it holds. */
  readonly accepted: number;
  readonly sample: TelemetrySample;
}

/** Collects what probes report over a local socket. */
export class ProbeListener {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #processes = new Map<number, { accepted: number; samples: TelemetrySample[] }>();
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
      const { pid, accepted, sample } = JSON.parse(line) as ProbeLine;
      const probed = this.#processes.get(pid) ?? { accepted: 0, samples: [] };
      probed.accepted = Math.max(probed.accepted, accepted);
      probed.samples.push(sample);
      this.#processes.set(pid, probed);
    });
  }

  /**
   * The process that serves. npm, shells and watchers may have loaded the probe too: it is the one that
   * accepted most connections, and of several the one that used most CPU. Null when none reported.
   */
  serving(): ProbedProcess | null {
    const cpuMs = (samples: readonly TelemetrySample[]) => samples.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
    const processes = [...this.#processes].map(([pid, probed]) => ({ pid, ...probed }));
    return (
      processes.sort((a, b) => b.accepted - a.accepted || cpuMs(b.samples) - cpuMs(a.samples))[0] ?? null
    );
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

/** For `node --import`. */
export const probeUrl = pathToFileURL(entryPath('measure/probe')).href;
