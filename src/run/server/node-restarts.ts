import type { ChildProcess } from 'node:child_process';
import { DEFAULT_PROCESSES, type NodeRestart, type NodeRestartReply } from '../../contract/server.ts';
import type { ReferencePlan } from '../../plan/plan.ts';
import { formatDurationMs } from '../../units.ts';

/** How the processes of a server are restarted one by one. */
export interface RestartableNodes {
  readonly count: number;
  /** Resolves when the process serves again; rejects when it does not start. */
  restart(restart: NodeRestart): Promise<void>;
}

/** The processes of a reference server, which it restarts itself; null for a server with one. */
export function nodesOf(
  child: () => ChildProcess,
  { hasNodes, settings }: ReferencePlan,
  timeoutMs: number,
): RestartableNodes | null {
  if (!hasNodes) return null;
  return {
    count: settings.processes ?? DEFAULT_PROCESSES,
    restart: (restart) => restartNodeOf(child(), restart, timeoutMs),
  };
}

async function restartNodeOf(child: ChildProcess, restart: NodeRestart, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onMessage = (message: Partial<NodeRestartReply>) => {
    if (message.type !== 'node-restarted' || message.node !== restart.node) return;
    if (message.problem == null) resolve();
    else reject(new Error(message.problem));
  };
  const onExit = () => reject(new Error('the server has ended'));
  const withinMs = restart.downMs + timeoutMs;
  const timer = setTimeout(
    reject,
    withinMs,
    new Error(`it was not ready within ${formatDurationMs(withinMs)}`),
  );
  child.on('message', onMessage).once('exit', onExit);
  try {
    child.send({ type: 'restart-node', ...restart });
    await promise;
  } finally {
    clearTimeout(timer);
    child.off('message', onMessage).off('exit', onExit);
  }
}
