import { spawn } from 'node:child_process';
import { withCompileCache } from '../compile-cache.ts';
import { foreign } from '../foreign.ts';
import type { Assignment, FromWorker, ToWorker } from '../generator/messages.ts';
import { entryPath } from '../package.ts';
import { pinned } from './affinity.ts';
import { guard } from './leftovers/guardian.ts';
import { ownedEnvironment } from './leftovers/owner.ts';

/** One process of this run, as the coordinator uses it. */
interface ChildHandle<To> {
  /** -1 for one that could not be started. */
  readonly pid: number;
  /** Sends a message; one that can no longer arrive is dropped. */
  post(message: To): void;
  kill(): void;
}

interface ChildHandlers<From> {
  readonly onMessage: (message: From) => void;
  /** Called when the process has ended or could not be started; `reason` says how: `exit code 1`. */
  readonly onEnded: (reason: string) => void;
}

/** One generator process. */
export type WorkerHandle = ChildHandle<ToWorker>;
export type WorkerHandlers = ChildHandlers<FromWorker>;

/** Starts a generator process on all CPUs of this process. Its threads get their own before measuring. */
export type StartWorker = (handlers: WorkerHandlers) => WorkerHandle;

const CHILD_FLAGS = [
  '--disable-warning=ExperimentalWarning',
  // A collection waits for the helper threads that take part in it. They run on the CPU of a server that may be busy.
  '--single-threaded-gc',
  // A larger young generation means fewer collections; nearly all of it is garbage by then.
  '--min-semi-space-size=16',
  '--max-semi-space-size=32',
  // V8 would give memory back while a run measures, which stops the process for 20 ms.
  '--no-memory-reducer',
];

/**
 * Starts a process that must not stop for long, from an entry below src/. It ends with this process, however that ends.
 * `cpus`: a list as `taskset -c` reads it; null leaves the choice to the kernel.
 */
export function startChild<To extends object, From>(
  entry: string,
  cpus: string | null,
  { onMessage, onEnded }: ChildHandlers<From>,
): ChildHandle<To> {
  const command = [process.execPath, ...CHILD_FLAGS, entryPath(entry)];
  const [file, args] = pinned(cpus, command);
  const child = spawn(file, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    env: withCompileCache(ownedEnvironment()),
  });
  // A process that is too busy to notice the end of its coordinator would continue to send.
  const release = guard({ pid: child.pid ?? null, end: () => child.kill('SIGKILL') });
  child.once('exit', release);
  child.on('message', onMessage);
  child.on('error', (error) => onEnded(error.message));
  child.on('exit', (code, signal) => onEnded(signal === null ? `exit code ${code}` : `signal ${signal}`));
  return {
    pid: child.pid ?? -1,
    post: (message) => {
      if (child.connected) child.send(message, () => {});
    },
    kill: () => child.kill('SIGKILL'),
  };
}

export const startWorkerProcess: StartWorker = (handlers) => startChild('generator/process', null, handlers);

interface WorkersEvents {
  readonly onMessage: (worker: number, message: FromWorker) => void;
  /** Called when a worker ended before its final report, or crashed. */
  readonly onLost: (worker: number, reason: string) => void;
}

interface WorkerState {
  readonly handle: WorkerHandle;
  readonly posted: Set<FromWorker['type']>;
  isAlive: boolean;
}

/** The generator processes of a run: which of them are alive, and which messages each has posted. */
export class Workers {
  readonly #members: WorkerState[];
  readonly #events: WorkersEvents;
  /** Resolves when a worker posts a message or ends. */
  #change = Promise.withResolvers<void>();
  #isFinishing = false;

  constructor(start: StartWorker, count: number, events: WorkersEvents) {
    this.#events = events;
    this.#members = Array.from({ length: count }, (_, worker) => {
      const handle = start({
        onMessage: (message) => this.#receive(worker, message),
        onEnded: (reason) => this.#end(worker, reason),
      });
      return { handle, posted: new Set(), isAlive: true };
    });
  }

  #receive(worker: number, message: FromWorker): void {
    this.#members[worker]?.posted.add(message.type);
    if (message.type === 'crash') this.#end(worker, foreign(message.message));
    else this.#events.onMessage(worker, message);
    this.#noteChange();
  }

  #end(worker: number, reason: string): void {
    const member = this.#members[worker];
    if (member === undefined || !member.isAlive) return;
    member.isAlive = false;
    if (!this.#isFinishing || !member.posted.has('final')) this.#events.onLost(worker, reason);
    this.#noteChange();
  }

  get pids(): number[] {
    return this.#members.map(({ handle }) => handle.pid);
  }

  /** Workers that are alive and have not posted a message of this type. */
  missing(type: FromWorker['type']): number[] {
    return [...this.#members.keys()].filter((worker) => {
      const member = this.#members[worker];
      return member?.isAlive === true && !member.posted.has(type);
    });
  }

  /** Ends a worker that does not answer. It is not reported as lost. */
  giveUp(worker: number): void {
    const member = this.#members[worker];
    if (member === undefined) return;
    member.isAlive = false;
    member.handle.kill();
    this.#noteChange();
  }

  /** How many workers are alive. */
  get aliveCount(): number {
    return this.#members.filter(({ isAlive }) => isAlive).length;
  }

  /** Sends each worker its part of the run. */
  assign(assignments: readonly Assignment[]): void {
    for (const [worker, assignment] of assignments.entries()) {
      this.#members[worker]?.handle.post({ type: 'assign', assignment });
    }
  }

  /** Sends a message to every worker that is alive. */
  postAll(message: ToWorker): void {
    if (message.type === 'finish') this.#isFinishing = true;
    for (const { handle, isAlive } of this.#members) if (isAlive) handle.post(message);
  }

  #noteChange(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** Resolves when every worker that is alive has posted a message of this type. */
  async all(type: FromWorker['type']): Promise<void> {
    while (this.missing(type).length > 0) await this.#change.promise;
  }

  /** Ends every worker that is alive, at once. */
  kill(): void {
    for (const { handle, isAlive } of this.#members) if (isAlive) handle.kill();
  }
}
