import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { runtimeCommand } from '../../../servers/availability.ts';
import { EXIT, fail } from '../../errors.ts';
import { entryPath } from '../../package.ts';
import type { ReferencePlan } from '../../plan/plan.ts';
import { formatDurationMs } from '../../units.ts';
import { pinned } from '../affinity.ts';
import { environmentIn } from '../base/git.ts';
import { preloadPath, probeUrl } from './probe-listener.ts';
import { ProcessGroup } from './process-group.ts';
import type { ProcessTree } from './process-tree.ts';

/** A verdict is one line, so that it holds only so many of the server's last lines. */
const VERDICT_LINES = 3;
const POLL_EVERY_MS = 25;
/** A connection attempt that takes longer has failed: the packet was dropped. */
const ATTEMPT_MS = 1000;

export interface ServerOptions {
  readonly cpus: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** The start fails when the server is not ready by then. */
  readonly timeoutMs: number;
  /** Aborting ends the start. */
  readonly signal: AbortSignal;
  /** Called when the server ends after it was ready and before it is stopped; `reason` says how, with its last lines. */
  readonly onDied: (reason: string) => void;
}

/** A server that this run started, in a process (and on POSIX a process group) of its own. */
export class ServerProcess {
  readonly isReference: boolean;
  /** The process and its descendants. */
  readonly tree: ProcessTree;
  readonly #group: ProcessGroup;
  readonly #options: ServerOptions;
  #url = '';

  private constructor(
    command: readonly string[],
    options: ServerOptions,
    { isReference, cwd }: { isReference: boolean; cwd: string | null },
  ) {
    this.isReference = isReference;
    this.#options = options;
    this.#group = new ProcessGroup(pinned(options.cpus, command), {
      cwd: cwd ?? process.cwd(),
      env: { ...(cwd === null ? process.env : environmentIn(cwd)), ...options.env },
      ipc: isReference,
    });
    this.tree = this.#group.tree;
    void this.#group.gone.then((how) => {
      if (this.#group.isStopping || this.#url === '') return;
      const lines = this.#group.lastLines.last(VERDICT_LINES);
      options.onDied(lines.length === 0 ? how : `${how}; its last lines: ${lines.join(' / ')}`);
    });
  }

  /**
   * Starts a reference server on a free port, or on the port given. Throws PORT_IN_USE, SERVER_START; INTERRUPTED when
   * aborted.
   */
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
    const ready = await server.#readyLine();
    if (ready.url !== undefined) {
      server.#url = ready.url;
      return server;
    }
    await server.stop();
    requireNotAborted(options.signal);
    if (ready.code === 'EADDRINUSE') {
      const hint = 'Choose another --port; --port 0 uses a free one.';
      fail('PORT_IN_USE', `port ${listen.port} is in use: ${ready.message}`, hint);
    }
    return fail('SERVER_START', `the server "${name}" did not start: ${ready.message}`);
  }

  /**
   * Starts the user's own command and waits until something listens at `url`. `cwd` is where it runs, in another
   * checkout of the project; null for the working directory. Throws TARGET_IN_USE, EXEC_FAILED; INTERRUPTED when
   * aborted.
   */
  static async startCommand(
    { command, cwd }: { readonly command: string; readonly cwd: string | null },
    url: URL,
    options: ServerOptions,
  ): Promise<ServerProcess> {
    const { signal, timeoutMs } = options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    await requireFree(url, limit);
    requireNotAborted(signal);
    // Quoted as Node.js reads it: a backslash before a quotation mark or another backslash.
    const nodeOptions =
      `${process.env['NODE_OPTIONS'] ?? ''} --require ${JSON.stringify(preloadPath)}`.trim();
    const env = { ...options.env, NODE_OPTIONS: nodeOptions };
    const server = new ServerProcess(['sh', '-c', command], { ...options, env }, { isReference: false, cwd });
    while (!(await answers(url, limit))) {
      if (server.#group.ended !== null || limit.aborted) return await server.#failCommand(command, url);
      await delay(POLL_EVERY_MS, undefined, { signal: limit }).catch(() => {});
    }
    server.#url = url.href;
    return server;
  }

  async #failCommand(command: string, url: URL): Promise<never> {
    const { ended, lastLines } = this.#group;
    const lines = lastLines.text;
    await this.stop();
    requireNotAborted(this.#options.signal);
    const what =
      ended === null
        ? `does not listen at ${url.host} after ${formatDurationMs(this.#options.timeoutMs)}`
        : `ended with ${ended} before it listened at ${url.host}`;
    const hint =
      ended === 'exit code 0'
        ? 'The command must stay in the foreground as long as its server runs.'
        : 'Run the command alone, and check that it listens at the URL of --target.';
    const message = `the command "${command}" ${what}${lines === '' ? '' : `; its last lines:\n${lines}`}`;
    return fail('EXEC_FAILED', message, hint);
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#group.pid;
  }

  /** Ends the server and all its descendants: SIGTERM, after 2 s SIGKILL. */
  stop(): Promise<void> {
    return this.#group.stop();
  }

  /** The first line of a reference server: its URL, or why it did not start. */
  async #readyLine(): Promise<{ url?: string; code?: string; message: string }> {
    const { stdout, lastLines } = this.#group;
    const { timeoutMs, signal } = this.#options;
    if (stdout === null) return { message: 'no output' };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const line = once(createInterface({ input: stdout }), 'line', { signal: limit }).then(String);
    const gone = this.#group.gone.then((how) => ({ how }));
    try {
      const first = await Promise.race([line, gone]);
      if (typeof first === 'string') return JSON.parse(first);
      return { message: `ended with ${first.how}${lastLines.text === '' ? '' : `:\n${lastLines.text}`}` };
    } catch {
      return { message: `it was not ready within ${formatDurationMs(timeoutMs)}` };
    }
  }
}

function requireNotAborted(signal: AbortSignal): void {
  if (signal.aborted) fail('INTERRUPTED', 'stopped by the user', '', EXIT.invalid);
}

/** A server that answers before the command is started is not the one that the command starts. */
async function requireFree(url: URL, limit: AbortSignal): Promise<void> {
  if (!(await answers(url, limit))) return;
  fail(
    'TARGET_IN_USE',
    `another process already listens at ${url.host}, so that the server of --exec cannot`,
    'Stop it, or omit --exec to measure the server that runs there.',
  );
}

/** Whether something accepts TCP connections there. Gives up after a second, and when `limit` is aborted. */
function answers(url: URL, limit: AbortSignal): Promise<boolean> {
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:';
  const port = Number(url.port) || (isSecure ? 443 : 80);
  if (limit.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ port, host: url.hostname.replace(/^\[|\]$/g, ''), timeout: ATTEMPT_MS });
    const settle = (isListening: boolean) => {
      limit.removeEventListener('abort', onEnd);
      socket.destroy();
      resolve(isListening);
    };
    const onEnd = () => settle(false);
    limit.addEventListener('abort', onEnd);
    socket.once('connect', () => settle(true));
    socket.once('timeout', onEnd);
    socket.once('error', onEnd);
  });
}
