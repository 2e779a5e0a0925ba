import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { runtimeCommand } from '../../servers/availability.ts';
import { entryPath } from '../entry.ts';
import { SockbenchError } from '../errors.ts';
import type { ReferencePlan } from '../plan.ts';
import { pinned } from './affinity.ts';
import { probeUrl } from './probe-listener.ts';

const KEPT_LINES = 12;
/** Of these, how many go into the one line of a verdict. */
const TOLD_LINES = 3;
const STOP_TIMEOUT_MS = 2000;

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
  readonly #child: ChildProcess;
  readonly #lastLines: string[] = [];
  #url = '';
  #stopping = false;
  /** A process that is made to exit at once (a second Ctrl-C, a bug) takes its server with it. */
  readonly #onExit = () => this.#signal('SIGKILL');
  #ended: string | null = null;

  private constructor(
    command: readonly string[],
    options: ServerOptions,
    extra: { ipc: boolean; shell: boolean },
  ) {
    const [file, args] = pinned(options.cpus, command);
    this.#child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(extra.ipc ? ['ipc' as const] : [])],
      env: { ...process.env, ...options.env },
      detached: process.platform !== 'win32',
      shell: extra.shell,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lastLines.push(printable(line));
        if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
      });
    }
    process.once('exit', this.#onExit);
    this.#child.on('error', (error) => this.#end(error.message, options.onDied));
    this.#child.on('exit', (code, signal) => {
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
    const server = new ServerProcess(line, options, { ipc: true, shell: false });
    const ready = await server.#readyLine(options.timeoutMs);
    if (ready.url === undefined) await server.#refuseStart(name, ready.code, ready.message, listen.port);
    server.#url = ready.url ?? '';
    return server;
  }

  /** Starts the user's own command and waits until something listens at `url`. */
  static async startCommand(command: string, url: URL, options: ServerOptions): Promise<ServerProcess> {
    await requireFree(url);
    const nodeOptions = `${process.env['NODE_OPTIONS'] ?? ''} --import ${probeUrl}`.trim();
    const env = { ...options.env, NODE_OPTIONS: nodeOptions };
    const server = new ServerProcess(
      ['sh', '-c', command],
      { ...options, env },
      { ipc: false, shell: false },
    );
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
          hint: 'Run the command by itself, and check that it listens where --target says.',
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

  /** Ends the server and its children: SIGTERM, after 2 s SIGKILL. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#endGroup();
    // What the command left running in the background may hold the pipes open for ever.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  async #endGroup(): Promise<void> {
    if (this.#ended !== null) return;
    const ended = once(this.#child, 'exit');
    this.#signal('SIGTERM');
    const timer = setTimeout(() => this.#signal('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
    this.#signal('SIGKILL');
  }

  /** Signals the whole group, so that a shell's children end with it; one that is gone needs none. */
  #signal(signal: NodeJS.Signals): void {
    try {
      if (process.platform === 'win32') this.#child.kill(signal);
      else process.kill(-this.pid, signal);
    } catch {
      // Nothing is left in the group.
    }
  }

  #end(how: string, onDied: (reason: string) => void): void {
    if (this.#ended !== null) return;
    this.#ended = how;
    process.off('exit', this.#onExit);
    // Its children may have outlived it.
    if (process.platform !== 'win32') this.#signal('SIGKILL');
    if (this.#stopping || this.#url === '') return;
    const lines = this.#lastLines.slice(-TOLD_LINES).map((line) => line.trim());
    onDied(lines.length === 0 ? how : `${how}; it said last: ${lines.join(' / ')}`);
  }

  async #readyLine(timeoutMs: number): Promise<{ url?: string; code?: string; message: string }> {
    const { stdout } = this.#child;
    if (stdout === null) return { message: 'no output' };
    const timeout = AbortSignal.timeout(timeoutMs);
    const line = once(createInterface({ input: stdout }), 'line', { signal: timeout }).then(String);
    const exit = once(this.#child, 'exit').then(() => null);
    try {
      const first = await Promise.race([line, exit]);
      if (first !== null) return JSON.parse(first);
      return { message: `ended with ${this.#ended}${this.lastLines === '' ? '' : `:\n${this.lastLines}`}` };
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
