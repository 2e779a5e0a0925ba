import { type ChildProcess, spawn } from 'node:child_process';
import type { Assignment, FromWorker, ToWorker } from '../generator/messages.ts';
import { entryPath } from '../package.ts';

export interface WorkerEvents {
  readonly onMessage: (worker: number, message: FromWorker) => void;
  /** A worker ended before it was told to finish, or crashed. */
  readonly onDied: (worker: number, reason: string) => void;
}

interface Member {
  readonly child: ChildProcess;
  readonly posted: Set<FromWorker['type']>;
  alive: boolean;
}

/** Turns a command into the one that runs it on the CPUs of a worker. */
export type PinWorker = (
  worker: number,
  command: readonly string[],
) => readonly [file: string, args: string[]];

/** The generator processes of a run, as the coordinator sees them. */
export class Workers {
  readonly #members: Member[];
  readonly #events: WorkerEvents;
  #waiting: Array<{ readonly type: FromWorker['type']; readonly resolve: () => void }> = [];
  #finishing = false;

  constructor(count: number, pin: PinWorker, events: WorkerEvents) {
    this.#events = events;
    this.#members = Array.from({ length: count }, (_, worker) => this.#spawn(worker, pin));
  }

  #spawn(worker: number, pin: PinWorker): Member {
    const [file, args] = pin(worker, [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      // Fewer pauses to collect what is young: it is nearly all garbage by then.
      '--min-semi-space-size=16',
      '--max-semi-space-size=32',
      entryPath('generator/process'),
    ]);
    const child = spawn(file, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    const member: Member = { child, posted: new Set(), alive: true };
    // A worker that is too busy to hear that its coordinator is gone would go on sending.
    const onExit = () => child.kill('SIGKILL');
    process.once('exit', onExit);
    child.once('exit', () => process.off('exit', onExit));
    child.on('message', (message: FromWorker) => {
      member.posted.add(message.type);
      if (message.type === 'crash') this.#die(worker, member, message.message);
      else this.#events.onMessage(worker, message);
      this.#settle();
    });
    child.on('error', (error) => this.#die(worker, member, error.message));
    child.on('exit', (code, signal) => {
      this.#die(worker, member, signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
    return member;
  }

  #die(worker: number, member: Member, reason: string): void {
    if (!member.alive) return;
    member.alive = false;
    if (!this.#finishing || !member.posted.has('final')) this.#events.onDied(worker, reason);
    this.#settle();
  }

  get pids(): number[] {
    return this.#members.map(({ child }) => child.pid ?? -1);
  }

  get alive(): number {
    return this.#members.filter((member) => member.alive).length;
  }

  assign(assignments: readonly Assignment[]): void {
    for (const [worker, assignment] of assignments.entries())
      this.#send(worker, { type: 'assign', assignment });
  }

  sendAll(message: ToWorker): void {
    if (message.type === 'finish') this.#finishing = true;
    for (const worker of this.#members.keys()) this.#send(worker, message);
  }

  #send(worker: number, message: ToWorker): void {
    const member = this.#members[worker];
    if (member?.alive && member.child.connected) member.child.send(message, () => {});
  }

  /** Resolves when every worker that is alive has posted a message of this type. */
  all(type: FromWorker['type']): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ type, resolve });
      this.#settle();
    });
  }

  #settle(): void {
    const isDone = (type: FromWorker['type']) =>
      this.#members.every(({ alive, posted }) => !alive || posted.has(type));
    const done = this.#waiting.filter(({ type }) => isDone(type));
    this.#waiting = this.#waiting.filter((waiter) => !done.includes(waiter));
    for (const { resolve } of done) resolve();
  }

  /** Ends whatever is still running, at once. */
  kill(): void {
    for (const { child, alive } of this.#members) if (alive) child.kill('SIGKILL');
  }
}
