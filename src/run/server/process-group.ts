import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { foreign } from '../../foreign.ts';
import { guard } from '../leftovers/guardian.ts';
import { ownedEnvironment } from '../leftovers/owner.ts';
import { lastError, mayBeginError } from './last-error.ts';
import { ProcessTree, sendSignal } from './process-tree.ts';

const STOP_TIMEOUT_MS = 2000;
/** Time for killed processes to end and to release their ports. */
const GONE_WITHIN_MS = 1000;
/** Time for the last output of a process to arrive after its end. A child may hold the pipe open for longer. */
const LAST_OUTPUT_WITHIN_MS = 200;
const LOOK_EVERY_MS = 20;

/** Enough for an error with a long stack and its causes, so that it can be found. */
const KEPT_LINES = 200;
/** Lines that are kept of an error when more output follows: above its first line, and from it on. */
const LINES_ABOVE_ERROR = 6;
const LINES_OF_ERROR = 40;
/** Enough for Node's error about a missing module with its stack. */
const SHOWN_LINES = 24;

const MAX_LINE_LENGTH = 4096;
const OUTPUT_CHARACTERS = 300;

/**
 * Calls back for each line of a stream. Of a line of more than `maxLength` characters, only the beginning comes, one
 * chunk longer than that at most, and at once: the line may never end.
 */
export function readLines(stream: Readable, maxLength: number, onLine: (line: string) => void): void {
  let pending = '';
  let isRest = false;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (pending + chunk).split(/\r?\n/);
    pending = lines.pop() ?? '';
    if (isRest && lines.length > 0) {
      lines.shift();
      isRest = false;
    }
    for (const line of lines) onLine(line);
    if (!isRest && pending.length > maxLength) {
      onLine(pending);
      isRest = true;
    }
    if (isRest) pending = '';
  });
  stream.on('end', () => {
    if (pending !== '') onLine(pending);
  });
}

/** How a process ended: `exit code 1`, `signal SIGKILL`. A shell ends with 128 and the number of the signal. */
function endingOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `signal ${signal}`;
  const [name] = Object.entries(constants.signals).find(([, number]) => number + 128 === code) ?? [];
  return name === undefined ? `exit code ${code}` : `exit code ${code} (${name})`;
}

interface ProcessOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether the process has an IPC channel to this one. */
  readonly ipc: boolean;
  /** Takes each line of both outputs, safe to show. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** A process that this one started (on POSIX in a group of its own), with all its descendants. */
export class ProcessGroup {
  readonly tree: ProcessTree;
  /** The last lines of both outputs, each safe to show in one line. */
  readonly lastLines: string[] = [];
  /** The last lines that began like an error, with those above and below. */
  #lastBlock: string[] = [];
  #blockLines = LINES_OF_ERROR;
  /** Takes each line that is kept. */
  readonly #onLine: (line: string) => void;
  /** Resolves when the first process has ended and its output has been read, to how it ended: `exit code 1`. */
  readonly gone: Promise<string>;
  readonly child: ChildProcess;
  /** How the first process ended; null while it runs. */
  ended: string | null = null;
  isStopping = false;
  /** Ends the guarding that ends the group with this process. */
  readonly #release: () => void;

  constructor(
    [file, args]: [file: string, args: string[]],
    { cwd, env, ipc, onLine = () => {} }: ProcessOptions,
  ) {
    this.#onLine = onLine;
    const id = randomUUID();
    this.child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])],
      cwd,
      env: { ...ownedEnvironment(env), SOCKBENCH_SERVER: id },
      detached: process.platform !== 'win32',
    });
    this.#release = guard({ pid: this.#groupPid, end: () => this.#signal('SIGKILL') });
    this.tree = new ProcessTree(this.pid, `SOCKBENCH_SERVER=${id}`);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream !== null) readLines(stream, MAX_LINE_LENGTH, (line) => this.#keep(line));
    }
    this.gone = this.#untilEnd();
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** What signals reach: the whole group, or null when the process did not start. */
  get #groupPid(): number | null {
    return this.child.pid === undefined ? null : -this.child.pid;
  }

  #keep(line: string): void {
    const safe = foreign(stripVTControlCharacters(line).replaceAll('\t', '  '), OUTPUT_CHARACTERS);
    this.#onLine(safe);
    this.lastLines.push(safe);
    if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
    if (mayBeginError(safe)) {
      this.#lastBlock = this.lastLines.slice(-LINES_ABOVE_ERROR);
      this.#blockLines = 0;
    } else if (this.#blockLines < LINES_OF_ERROR) {
      this.#lastBlock.push(safe);
      this.#blockLines += 1;
    }
  }

  /** The last error that it printed, in one line with its place, however much it printed afterwards; null for none. */
  get lastError(): string | null {
    return lastError(this.lastLines) ?? lastError(this.#lastBlock);
  }

  /** The last lines to show, indented; empty when nothing was printed. */
  get lastText(): string {
    return this.lastLines
      .slice(-SHOWN_LINES)
      .map((line) => `  ${line}`)
      .join('\n');
  }

  /** Ends all its processes: SIGTERM, after 2 s SIGKILL; or SIGKILL at once. */
  async stop(first: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.isStopping = true;
    if (this.#lives()) {
      this.#signal(first);
      await this.#untilGone(STOP_TIMEOUT_MS);
      this.#signal('SIGKILL');
      await this.#untilGone(GONE_WITHIN_MS);
    }
    this.#release();
    // A process in the background may hold the pipes open.
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }

  #untilEnd(): Promise<string> {
    return new Promise((resolve) => {
      const end = (how: string) => {
        this.ended ??= how;
        if (!this.isStopping) this.#release();
        resolve(this.ended);
      };
      this.child.on('error', (error) => end(error.message));
      this.child.on('exit', async (code, signal) => {
        // Its descendants may have outlived it.
        if (!this.isStopping) this.#signal('SIGKILL');
        const isRead = once(this.child, 'close');
        await Promise.race([isRead, delay(LAST_OUTPUT_WITHIN_MS, null, { ref: false })]);
        end(endingOf(code, signal));
      });
    });
  }

  async #untilGone(withinMs: number): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    while (this.#lives() && performance.now() < deadlineMs) await delay(LOOK_EVERY_MS);
  }

  /** Whether any of its processes is left, as far as the system reports it. */
  #lives(): boolean {
    if (this.ended === null) return true;
    if (process.platform === 'linux') return this.tree.living().length > 0;
    return process.platform !== 'win32' && sendSignal(-this.pid, 0);
  }

  /** Signals the whole group, so that a shell's children end with it, and descendants that have left the group. */
  #signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    if (process.platform === 'win32') {
      this.child.kill(signal);
      return;
    }
    sendSignal(-this.pid, signal);
    for (const { pid, groupId } of this.tree.living()) if (groupId !== this.pid) sendSignal(pid, signal);
  }
}
