import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { runtimeCommand } from '../../../servers/availability.ts';
import { SockbenchError } from '../../errors.ts';
import { entryPath } from '../../package.ts';
import type { ReferencePlan } from '../../plan/plan.ts';
import { pinned } from '../affinity.ts';
import { environmentIn } from '../base/relocate.ts';
import { preloadPath, probeUrl } from './probe-listener.ts';
import { ProcessGroup } from './process-group.ts';
import type { ProcessTree } from './process-tree.ts';

/** Of its last lines, how many go into the one line of a verdict. */
const TOLD_LINES = 3;

export interface ServerOptions {
  readonly cpus: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Called when the server ends before it is stopped; `reason` says how, with its last lines. */
  readonly onDied: (reason: string) => void;
}

/** A server that this run started, in a process (and on POSIX a process group) of its own. */
export class ServerProcess {
  readonly isReference: boolean;
  /** The process and what came of it. */
  readonly tree: ProcessTree;
  readonly #group: ProcessGroup;
  #url = '';

  private constructor(
    command: readonly string[],
    { cpus, env, onDied }: ServerOptions,
    { isReference, cwd }: { isReference: boolean; cwd: string | null },
  ) {
    this.isReference = isReference;
    this.#group = new ProcessGroup(pinned(cpus, command), {
      cwd: cwd ?? process.cwd(),
      env: { ...(cwd === null ? process.env : environmentIn(cwd)), ...env },
      ipc: isReference,
    });
    this.tree = this.#group.tree;
    void this.#group.gone.then((how) => {
      if (this.#group.isStopping || this.#url === '') return;
      const lines = this.#group.lastLines.last(TOLD_LINES);
      onDied(lines.length === 0 ? how : `${how}; it said last: ${lines.join(' / ')}`);
    });
  }

  /** Starts a reference server on a free port, or on the port given. */
  static async startReference(
    name: string,
    { runtime, program, settings }: ReferencePlan,
    listen: { readonly host: string; readonly port: number },
    options: ServerOptions,
  ): Promise<ServerProcess> {
    const line = [
      ...runtimeCommand(runtime, program),
      ...(runtime === 'node' ? ['--import', probeUrl] : []),
      entryPath('../servers/start'),
      name,
      listen.host,
      String(listen.port),
      JSON.stringify(settings),
    ];
    const server = new ServerProcess(line, options, { isReference: true, cwd: null });
    const ready = await server.#readyLine(options.timeoutMs);
    if (ready.url === undefined) await server.#refuseStart(name, ready.code, ready.message, listen.port);
    server.#url = ready.url ?? '';
    return server;
  }

  /**
   * Starts the user's own command and waits until something listens at `url`. `cwd` is where it runs, in another
   * checkout of the project; null for the working directory.
   */
  static async startCommand(
    { command, cwd }: { readonly command: string; readonly cwd: string | null },
    url: URL,
    options: ServerOptions,
  ): Promise<ServerProcess> {
    await requireFree(url);
    // Quoted as Node.js reads it: a backslash before a quotation mark or another backslash.
    const nodeOptions =
      `${process.env['NODE_OPTIONS'] ?? ''} --require ${JSON.stringify(preloadPath)}`.trim();
    const env = { ...options.env, NODE_OPTIONS: nodeOptions };
    const server = new ServerProcess(['sh', '-c', command], { ...options, env }, { isReference: false, cwd });
    server.#url = url.href;
    const deadlineMs = performance.now() + options.timeoutMs;
    while (!(await answers(url))) {
      if (server.#group.ended !== null || performance.now() > deadlineMs) {
        const what =
          server.#group.ended === null
            ? `does not listen at ${url.host} after ${options.timeoutMs / 1000} s`
            : `ended with ${server.#group.ended} before it listened at ${url.host}`;
        const lines = server.lastLines;
        await server.stop();
        throw new SockbenchError({
          code: 'EXEC_FAILED',
          message: `the command "${command}" ${what}${lines === '' ? '' : `; its last lines:\n${lines}`}`,
          hint:
            server.#group.ended === 'exit code 0'
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
    return this.#group.pid;
  }

  /** What the server printed last, one line each, indented. */
  get lastLines(): string {
    return this.#group.lastLines.text;
  }

  /** Ends the server and all that came of it: SIGTERM, after 2 s SIGKILL. */
  stop(): Promise<void> {
    return this.#group.stop();
  }

  async #readyLine(timeoutMs: number): Promise<{ url?: string; code?: string; message: string }> {
    const { stdout } = this.#group;
    if (stdout === null) return { message: 'no output' };
    const timeout = AbortSignal.timeout(timeoutMs);
    const line = once(createInterface({ input: stdout }), 'line', { signal: timeout }).then(String);
    const gone = this.#group.gone.then((how) => ({ how }));
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
