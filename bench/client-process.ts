import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ticksBetween } from '../src/run/server/proc-sampler.ts';
import { ProcessGroup } from '../src/run/server/process-group.ts';
import { MS_PER_TICK, type ProcStat, readRssBytes } from '../src/run/server/process-tree.ts';

const clientReadingSchema = z.object({
  connections: z.number(),
  /** Messages so far. */
  received: z.number(),
  /** CPU time of the client so far. */
  cpuUs: z.number(),
  rssBytes: z.number(),
});

/** What a client has received and used so far. */
export type ClientReading = z.infer<typeof clientReadingSchema>;

/** A client in a process of its own, whose cost is read while it runs. */
export interface ClientProcess {
  readonly pid: number;
  /** Resolves when all connections are open. */
  opened(): Promise<ClientReading>;
  read(): Promise<ClientReading>;
  stop(): Promise<void>;
}

/** Starts a command of the benchmark. It ends with this process. */
export function startProcess(command: readonly string[], env: NodeJS.ProcessEnv = {}): ProcessGroup {
  const [file = '', ...args] = command;
  return new ProcessGroup([file, args], { cwd: process.cwd(), env: { ...process.env, ...env }, ipc: false });
}

const CLIENT_WITHIN_MS = 60_000;

/** A client of `clients/`: it prints a reading when all connections are open, and one for each SIGUSR2. */
export class BareClient implements ClientProcess {
  readonly #group: ProcessGroup;
  readonly #lines: AsyncIterator<string>;

  constructor(command: readonly string[]) {
    this.#group = startProcess(command);
    const { stdout } = this.#group.child;
    if (stdout === null) throw new Error('the client has no output');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#group.pid;
  }

  opened(): Promise<ClientReading> {
    return this.#next();
  }

  read(): Promise<ClientReading> {
    this.#group.child.kill('SIGUSR2');
    return this.#next();
  }

  stop(): Promise<void> {
    return this.#group.stop();
  }

  async #next(): Promise<ClientReading> {
    const next = await Promise.race([this.#lines.next(), sleep(CLIENT_WITHIN_MS, null, { ref: false })]);
    if (next === null) throw new Error(`the client gave no reading within ${CLIENT_WITHIN_MS / 1000} s`);
    if (next.done === true) throw new Error(`the client ended: ${this.#group.lastText.trim()}`);
    return clientReadingSchema.parse(JSON.parse(next.value));
  }
}

/** A load generator that knows nothing of the benchmark: the system reports its CPU time, in ticks of 10 ms. */
export class ForeignClient implements ClientProcess {
  readonly #group: ProcessGroup;
  readonly #connections: () => number;
  readonly #received: () => number;
  readonly #planned: number;
  #last: readonly ProcStat[] = [];
  #cpuMs = 0;

  /** @param received how many messages its connections were sent so far. */
  constructor(group: ProcessGroup, planned: number, connections: () => number, received: () => number) {
    this.#group = group;
    this.#planned = planned;
    this.#connections = connections;
    this.#received = received;
  }

  get pid(): number {
    return this.#group.pid;
  }

  async opened(): Promise<ClientReading> {
    const deadlineMs = performance.now() + CLIENT_WITHIN_MS;
    while (this.#connections() < this.#planned) {
      if (this.#group.ended !== null) throw new Error(`it ended: ${this.#group.lastText.trim()}`);
      if (performance.now() > deadlineMs) throw new Error('it did not open all connections');
      await sleep(100);
    }
    return await this.read();
  }

  async read(): Promise<ClientReading> {
    const stats = this.#group.tree.read();
    this.#cpuMs += ticksBetween(this.#last, stats) * MS_PER_TICK;
    this.#last = stats;
    const rssBytes = stats.reduce((sum, { pid }) => sum + readRssBytes(pid), 0);
    const connections = this.#connections();
    return { connections, received: this.#received(), cpuUs: this.#cpuMs * 1000, rssBytes };
  }

  stop(): Promise<void> {
    return this.#group.stop();
  }
}
