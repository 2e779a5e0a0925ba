import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { runtimeCommand } from '../../../servers/availability.ts';
import type { Disruption } from '../../contract/disruption.ts';
import { isNullServer } from '../../contract/server.ts';
import { fail } from '../../errors.ts';
import { entryPath } from '../../package.ts';
import type { Plan, ReferencePlan } from '../../plan/plan.ts';
import type { Finding } from '../../result/findings.ts';
import { formatDurationMs } from '../../units.ts';
import { pinned } from '../affinity.ts';
import { environmentIn } from '../base/git.ts';
import { nodesOf, type RestartableNodes } from './node-restarts.ts';
import { answers, describeListener, findListening } from './port.ts';
import { ProbeListener, preloadPath, probeUrl } from './probe-listener.ts';
import { ProcessGroup } from './process-group.ts';
import { profileIntervalUs } from './profiles.ts';
import { requireNotAborted, type ServerOptions, type StartedServer, untilStopped } from './started-server.ts';
import { ServerTelemetry } from './telemetry.ts';

const POLL_EVERY_MS = 25;
const DAEMON_LISTENS_WITHIN_MS = 1000;

/** The server of a run: one that this run started, or one that was already running. */
export interface ServerUnderTest {
  /** Where the clients connect. */
  readonly url: string;
  /** Null for a server that was already running, whose processes are unknown. */
  readonly telemetry: Pick<
    ServerTelemetry,
    'beforeConnect' | 'sampleNow' | 'processes' | 'takeProfiles' | 'notes'
  > | null;
  /** The last lines that say something of what it printed; none for a server that this run did not start. */
  lastOutput(): readonly string[];
  /**
   * Ends it and starts it again at the same address, `downMs` after it was signalled or as soon as it has ended. Rejects
   * when it does not start; null for a server that this run did not start.
   */
  readonly restart: ((signal: Disruption['signal'], downMs: number) => Promise<void>) | null;
  /** Its processes, where they can be restarted one by one; null otherwise. */
  readonly nodes: RestartableNodes | null;
  /** Ends it if this run started it. Resolves to what could not be ended. May be called again. */
  stop(): Promise<readonly Finding[]>;
}

export type ServerStart = Pick<ServerOptions, 'cpus' | 'signal' | 'onDied' | 'onLine'>;

/** Starts the reference server or the user's command that the plan names, or uses the server that runs at its URL. */
export async function startServer(
  plan: Plan,
  originNs: bigint,
  start: ServerStart,
): Promise<ServerUnderTest> {
  const { connectTimeoutMs: timeoutMs } = plan;
  const { name, reference, exec, cwd } = plan.target;
  const url = plan.target.url ?? '';
  if (reference === null && exec === null)
    return { url, telemetry: null, restart: null, nodes: null, lastOutput: () => [], stop: async () => [] };
  const telemetry = new ServerTelemetry(await ProbeListener.open(), originNs, profileIntervalUs(plan));
  try {
    const options = { ...start, env: telemetry.env, timeoutMs };
    const begin = (port: number) =>
      reference === null
        ? startCommand({ command: exec ?? '', cwd }, new URL(url), options)
        : startReference(name, reference, { host: '127.0.0.1', port }, options);
    let server = await begin(0);
    let isStopped = false;
    telemetry.watch(server);
    return {
      url: reference === null ? url : server.url,
      telemetry,
      lastOutput: () => server.lastOutput(),
      nodes: reference && nodesOf(() => server.child, reference, timeoutMs),
      async restart(signal, downMs) {
        const port = Number(new URL(server.url).port);
        await Promise.all([server.stop(signal), delay(downMs)]);
        if (isStopped) return;
        server = await begin(port);
        // The run may have ended meanwhile.
        if (isStopped) await server.stop();
        else telemetry.watch(server);
      },
      async stop() {
        isStopped = true;
        telemetry.close();
        await server.stop();
        return exec === null ? [] : await findListening(new URL(url));
      },
    };
  } catch (error) {
    telemetry.close();
    throw error;
  }
}

/**
 * Starts a reference server on a free port, or on the port given. Throws PORT_IN_USE, SERVER_START; INTERRUPTED when
 * aborted.
 */
export async function startReference(
  name: string,
  { runtime, program, settings }: ReferencePlan,
  listen: { readonly host: string; readonly port: number },
  options: ServerOptions,
): Promise<StartedServer> {
  const isNull = isNullServer(name);
  const command = [
    ...runtimeCommand(runtime, program),
    // The null server waits in the kernel, where no event loop can be observed.
    ...(runtime === 'node' && !isNull ? ['--import', probeUrl] : []),
    entryPath(isNull ? 'null-server/start' : '../servers/start'),
    name,
    listen.host,
    String(listen.port),
    JSON.stringify(settings),
  ];
  const group = new ProcessGroup(pinned(options.cpus, command), {
    cwd: process.cwd(),
    env: { ...process.env, ...options.env },
    ipc: true,
    onLine: options.onLine,
  });
  const ready = await readyLine(group, options);
  if (ready.url !== undefined) return untilStopped(group, { url: ready.url, isReference: true }, options);
  await group.stop();
  requireNotAborted(options.signal);
  if (ready.code === 'EADDRINUSE') {
    const hint = 'Choose another --port; --port 0 uses a free one.';
    const holder = describeListener(new URL(`http://localhost:${listen.port}`));
    fail('PORT_IN_USE', `port ${listen.port} is in use by ${holder}`, hint);
  }
  return fail('SERVER_START', `the server "${name}" did not start: ${ready.message}`);
}

/** The first line of a reference server: its URL, or why it did not start. */
async function readyLine(
  group: ProcessGroup,
  { timeoutMs, signal }: ServerOptions,
): Promise<{ url?: string; code?: string; message: string }> {
  const { stdout } = group.child;
  if (stdout === null) return { message: 'no output' };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const line = once(createInterface({ input: stdout }), 'line', { signal: limit }).then(String);
  try {
    const first = await Promise.race([line, group.gone.then((how) => ({ how }))]);
    if (typeof first === 'string') return JSON.parse(first);
    const error = group.lastError;
    const why = error === null ? '' : `: ${error}`;
    return {
      message: `ended with ${first.how}${why}${group.lastText === '' ? '' : `; its last lines:\n${group.lastText}`}`,
    };
  } catch {
    return { message: `it was not ready within ${formatDurationMs(timeoutMs)}` };
  }
}

/**
 * Starts the user's own command and waits until something listens at `url`. `cwd` is where it runs, in another
 * checkout of the project; null for the working directory. Throws TARGET_IN_USE, EXEC_FAILED; INTERRUPTED when
 * aborted.
 */
export async function startCommand(
  { command, cwd }: { readonly command: string; readonly cwd: string | null },
  url: URL,
  options: ServerOptions,
): Promise<StartedServer> {
  const { signal, timeoutMs } = options;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  // A server that answers before the command is started is not the one that the command starts.
  if (await answers(url, limit)) {
    fail(
      'TARGET_IN_USE',
      `${describeListener(url)} already listens at ${url.host}, so that the server of --exec cannot`,
      'Stop that process, or omit --exec to measure the server that runs there.',
    );
  }
  requireNotAborted(signal);
  // Quoted as Node.js reads it: a backslash before a quotation mark or another backslash.
  const nodeOptions = `${process.env['NODE_OPTIONS'] ?? ''} --require ${JSON.stringify(preloadPath)}`.trim();
  const env = cwd === null ? process.env : environmentIn(cwd);
  const group = new ProcessGroup(pinned(options.cpus, ['sh', '-c', command]), {
    cwd: cwd ?? process.cwd(),
    env: { ...env, ...options.env, NODE_OPTIONS: nodeOptions },
    ipc: false,
    onLine: options.onLine,
  });
  while (!(await answers(url, limit))) {
    if (group.ended !== null || limit.aborted) return await failCommand(command, url, group, options);
    await delay(POLL_EVERY_MS, undefined, { signal: limit }).catch(() => {});
  }
  return untilStopped(group, { url: url.href, isReference: false }, options);
}

async function failCommand(
  command: string,
  url: URL,
  group: ProcessGroup,
  { signal, timeoutMs }: ServerOptions,
): Promise<never> {
  const { ended, lastText } = group;
  await group.stop();
  requireNotAborted(signal);
  const { host } = url;
  const what =
    ended === null
      ? `does not listen at ${host} after ${formatDurationMs(timeoutMs)}`
      : `ended with ${ended} before it listened at ${host}`;
  const hint =
    ended === 'exit code 0'
      ? 'The command must stay in the foreground as long as its server runs.'
      : 'Run the command alone, and check that it listens at the URL of --target.';
  const error = group.lastError;
  const why = error === null || ended === null ? '' : `: ${error}`;
  const lines = lastText === '' ? '' : `; its last lines:\n${lastText}`;
  // A daemon that left the session and the environment of the command may still be starting.
  const [left] = ended === 'exit code 0' ? await findListening(url, DAEMON_LISTENS_WITHIN_MS) : [];
  const daemon = left === undefined ? '' : `; ${left.message}`;
  return fail('EXEC_FAILED', `the command "${command}" ${what}${why}${daemon}${lines}`, hint);
}
