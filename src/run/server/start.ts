import type { Plan } from '../../plan/plan.ts';
import type { Finding } from '../../result/findings.ts';
import { type ServerOptions, ServerProcess } from './server-process.ts';
import { type SampledProcess, ServerTelemetry } from './telemetry.ts';

/** The server of a run: one that this run started, or one that was already running. */
export interface ServerUnderTest {
  /** Where the clients connect. */
  readonly url: string;
  /** Whether this run started it. */
  readonly isStarted: boolean;
  /** Samples its processes now, so that samples end where phases end. */
  sampleNow(): void;
  /** Its processes with their samples; empty when nothing is known of them. */
  processes(): readonly SampledProcess[];
  /** Says what is not known of its processes. */
  notes(): readonly Finding[];
  /** Ends it if this run started it. */
  stop(): Promise<void>;
}

export type ServerStart = Pick<ServerOptions, 'cpus' | 'signal' | 'onDied'>;

/** Starts the reference server or the user's command that the plan names, or uses the server that runs at its URL. */
export async function startServer(
  plan: Plan,
  originNs: bigint,
  start: ServerStart,
): Promise<ServerUnderTest> {
  const { reference, exec, url } = plan.target;
  if (reference === null && exec === null) return runningServer(url ?? '');
  const telemetry = await ServerTelemetry.open(originNs);
  try {
    const server = await startProcess(plan, {
      ...start,
      env: telemetry.env,
      timeoutMs: plan.connectTimeoutMs,
    });
    telemetry.watch(server);
    return {
      url: reference === null ? (url ?? '') : server.url,
      isStarted: true,
      sampleNow: () => telemetry.sampleNow(),
      processes: () => telemetry.processes(),
      notes: () => telemetry.notes(),
      async stop() {
        telemetry.close();
        await server.stop();
      },
    };
  } catch (error) {
    telemetry.close();
    throw error;
  }
}

async function startProcess({ target }: Plan, options: ServerOptions): Promise<ServerProcess> {
  const { name, reference, exec, cwd, url } = target;
  if (reference !== null) {
    return await ServerProcess.startReference(name, reference, { host: '127.0.0.1', port: 0 }, options);
  }
  if (url === null || exec === null) throw new Error('a target that is no reference server needs a URL');
  return await ServerProcess.startCommand({ command: exec, cwd }, new URL(url), options);
}

function runningServer(url: string): ServerUnderTest {
  const message =
    'the server was already running, so that its process is unknown; --exec starts a server with a probe';
  return {
    url,
    isStarted: false,
    sampleNow() {},
    processes: () => [],
    notes: () => [{ code: 'not_probed', message }],
    async stop() {},
  };
}
