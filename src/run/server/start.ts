import type { Plan } from '../../plan/plan.ts';
import type { Finding } from '../../result/run-result.ts';
import { ServerProcess } from './server-process.ts';

export interface StartedServer {
  /** Where the clients connect. */
  readonly url: string;
  /** Null when it was running already. */
  readonly process: ServerProcess | null;
  readonly notes: readonly Finding[];
}

/** Starts the reference server or the user's command that the plan names, or takes what runs at its URL. */
export async function startServer(
  { target, connectTimeoutMs }: Plan,
  options: Omit<Parameters<typeof ServerProcess.startCommand>[2], 'timeoutMs'>,
): Promise<StartedServer> {
  const timed = { ...options, timeoutMs: connectTimeoutMs };
  if (target.reference !== null) {
    const listen = { host: '127.0.0.1', port: 0 };
    const started = await ServerProcess.startReference(target.name, target.reference, listen, timed);
    return { url: started.url, process: started, notes: [] };
  }
  if (target.url === null) throw new Error('a target without a URL that is no reference server');
  if (target.exec !== null) {
    const exec = { command: target.exec, cwd: target.cwd };
    const started = await ServerProcess.startCommand(exec, new URL(target.url), timed);
    return { url: target.url, process: started, notes: [] };
  }
  const message =
    'the server was running already, so nothing is known of its process; --exec starts and probes it';
  return { url: target.url, process: null, notes: [{ code: 'not_probed', message }] };
}
