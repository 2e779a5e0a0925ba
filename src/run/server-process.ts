import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { runtimeCommand } from '../../servers/availability.ts';
import { entryPath } from '../entry.ts';
import { SockbenchError } from '../errors.ts';
import type { ReferencePlan } from '../plan.ts';
import { pinned } from './affinity.ts';
import { preloadPath, probeUrl } from './probe-listener.ts';
import { ProcessTree } from './process-tree.ts';

/** Enough for what Node.js says of a module that is not there, stack and all. */
const KEPT_LINES = 24;
/** Of these, how many go into the one line of a verdict. */
const TOLD_LINES = 3;
const STOP_TIMEOUT_MS = 2000;
/** Time for killed processes to be gone, and their ports with them. */
const GONE_WITHIN_MS = 1000;
/** Time for the last output of a process to arrive after its end; a child of it may hold the pipe open. */
const LAST_OUTPUT_WITHIN_MS = 200;
const LOOK_EVERY_MS = 20;

export interface ServerOptions {
  readonly cpus: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Called when the server ends before it is stopped; `reason` says how, with its last lines. */
  readonly onDied: (reason: string) => void;
}

/** A line of somebody's output that is safe to show: no control characters, and not endless. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '').slice(0, 300);
}

/** A server that this run started, in a process (and on POSIX a process group) of its own. */
export class ServerProcess {
  readonly isReference: boolean;
  /** The process and what came of it. */
  readonly tree: ProcessTree;
  readonly #child: ChildProcess;
  readonly #lastLines: string[] = [];
  #url = '';
  #stopping = false;
  /** A process that is made to exit at once (a second Ctrl-C, a bug) takes its server with it. */
  readonly #onExit = () => this.#signal('SIGKILL');
  /** How it ended; null while it runs. */
  #ended: string | null = null;
  readonly #gone = Promise.withResolvers<string>();

  private constructor(
    command: readonly string[],
    options: ServerOptions,
    { isReference }: { isReference: boolean },
  ) {
    this.isReference = isReference;
    const [file, args] = pinned(options.cpus, command);
    const id = randomUUID();
    this.#child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(isReference ? ['ipc' as const] : [])],
      env: { ...process.env, ...options.env, SOCKBENCH_SERVER: id },
      detached: process.platform !== 'win32',
    });
    this.tree = new ProcessTree(this.pid, `SOCKBENCH_SERVER=${id}`);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lastLines.push(printable(line));
        if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
      });
    }
    process.once('exit', this.#onExit);
    this.#child.on('error', (error) => this.#end(error.message, options.onDied));
    this.#child.on('exit', async (code, signal) => {
      // What came of it may have outlived it.
      if (!this.#stopping) this.#signal('SIGKILL');
      await this.#lastOutput();
      this.#end(signal === null ? `exit code ${code}` : `signal ${signal}`, options.onDied);
    });
  }

  /** Starts a reference server on a free port, or on the port given. */
  static async startReference(
    name: string,
    { runtime, settings }: ReferencePlan,
    listen: { readonly host: string; readonly port: number },
    options: ServerOptions,
  ): Promise<ServerProcess> {
    const line = [
      ...runtimeCommand(runtime),
      ...(runtime === 'node' ? ['--import', probeUrl] : []),
      entryPath('../servers/start'),
      name,
      listen.host,
      String(listen.port),
      JSON.stringify(settings),
    ];
    const server = new ServerProcess(line, options, { isReference: true });
    const ready = await server.#readyLine(options.timeoutMs);
    if (ready.url === undefined) await server.#refuseStart(name, ready.code, ready.message, listen.port);
    server.#url = ready.url ?? '';
    return server;
  }

  /** Starts the user's own command and waits until something listens at `url`. */
  static async startCommand(command: string, url: URL, options: ServerOptions): Promise<ServerProcess> {
    await requireFree(url);
    // Quoted as Node.js reads it: a backslash before a quotation mark or another backslash.
    const nodeOptions =
      `${process.env['NODE_OPTIONS'] ?? ''} --require ${JSON.stringify(preloadPath)}`.trim();
    const env = { ...options.env, NODE_OPTIONS: nodeOptions };
    const server = new ServerProcess(['sh', '-c', command], { ...options, env }, { isReference: false });
    server.#url = url.href;
    const deadlineMs = performance.now() + options.timeoutMs;
    while (!(await answers(url))) {
      if (server.#ended !== null || performance.now() > deadlineMs) {
        const what =
          server.#ended === null
            ? `does not listen at ${url.host} after ${options.timeoutMs / 1000} s`
            : `ended with ${server.#ended} before it listened at ${url.host}`;
        const lines = server.lastLines;
        await server.stop();
        throw new SockbenchError({
          code: 'EXEC_FAILED',
          message: `the command "${command}" ${what}${lines === '' ? '' : `; its last lines:\n${lines}`}`,
          hint:
            server.#ended === 'exit code 0'
              ? 'The command must stay in the foreground for as long as its server runs.'
              : 'Run the command by itself, and check that it listens where --target says.',
        });
      }
      await delay(25);
    }
    return server;
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What the server printed last, one line each, indented. */
  get lastLines(): string {
    return this.#lastLines.map((line) => `  ${line}`).join('\n');
  }

  /** Ends the server and all that came of it: SIGTERM, after 2 s SIGKILL. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#lives()) {
      this.#signal('SIGTERM');
      await this.#untilGone(STOP_TIMEOUT_MS);
      this.#signal('SIGKILL');
      await this.#untilGone(GONE_WITHIN_MS);
    }
    // What the command left running in the background may hold the pipes open for ever.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  async #untilGone(withinMs: number): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    while (this.#lives() && performance.now() < deadlineMs) await delay(LOOK_EVERY_MS);
  }

  /** Whether anything of the server is left, as far as the system tells. */
  #lives(): boolean {
    if (this.#ended === null) return true;
    if (process.platform === 'linux') return this.tree.living().length > 0;
    return process.platform !== 'win32' && kill(-this.pid, 0);
  }

  /** Waits until all that it printed has been read. */
  async #lastOutput(): Promise<void> {
    const closed = once(this.#child, 'close');
    await Promise.race([closed, delay(LAST_OUTPUT_WITHIN_MS, null, { ref: false })]);
  }

  /** Signals the whole group, so that a shell's children end with it, and what has left the group. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    if (process.platform === 'win32') {
      this.#child.kill(signal);
      return;
    }
    kill(-this.pid, signal);
    for (const { pid, groupId } of this.tree.living()) if (groupId !== this.pid) kill(pid, signal);
  }

  #end(how: string, onDied: (reason: string) => void): void {
    if (this.#ended !== null) return;
    this.#ended = how;
    this.#gone.resolve(how);
    process.off('exit', this.#onExit);
    if (this.#stopping || this.#url === '') return;
    const lines = this.#lastLines.slice(-TOLD_LINES).map((line) => line.trim());
    onDied(lines.length === 0 ? how : `${how}; it said last: ${lines.join(' / ')}`);
  }

  async #readyLine(timeoutMs: number): Promise<{ url?: string; code?: string; message: string }> {
    const { stdout } = this.#child;
    if (stdout === null) return { message: 'no output' };
    const timeout = AbortSignal.timeout(timeoutMs);
    const line = once(createInterface({ input: stdout }), 'line', { signal: timeout }).then(String);
    const gone = this.#gone.promise.then((how) => ({ how }));
    try {
      const first = await Promise.race([line, gone]);
      if (typeof first === 'string') return JSON.parse(first);
      return { message: `ended with ${first.how}${this.lastLines === '' ? '' : `:\n${this.lastLines}`}` };
    } catch {
      return { message: `did not say that it was ready within ${timeoutMs / 1000} s` };
    }
  }

  async #refuseStart(name: string, code: string | undefined, message: string, port: number): Promise<never> {
    await this.stop();
    if (code === 'EADDRINUSE') {
      throw new SockbenchError({
        code: 'PORT_IN_USE',
        message: `port ${port} is in use: ${message}`,
        hint: 'Choose another --port; --port 0 takes a free one.',
      });
    }
    throw new SockbenchError({
      code: 'SERVER_START',
      message: `the server "${name}" did not start: ${message}`,
    });
  }
}

/** Whether a signal could be sent to a process; to a whole group when the number is negative. */
function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** What answers before the command was started is not what the command starts. */
async function requireFree(url: URL): Promise<void> {
  if (!(await answers(url))) return;
  throw new SockbenchError({
    code: 'TARGET_IN_USE',
    message: `something listens at ${url.host} already, so the server of --exec cannot`,
    hint: 'End it, or leave --exec out to measure what runs there.',
  });
}

/** Whether something accepts TCP connections there. */
export function answers(url: URL): Promise<boolean> {
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const port = Number(url.port) || (secure ? 443 : 80);
  return new Promise((resolve) => {
    const socket = connect(port, url.hostname.replace(/^\[|\]$/g, ''));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
