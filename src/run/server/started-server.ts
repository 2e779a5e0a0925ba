import type { ChildProcess } from 'node:child_process';
import { EXIT, fail } from '../../errors.ts';
import { lastWords } from './last-error.ts';
import type { ProcessGroup } from './process-group.ts';
import type { WatchedServer } from './telemetry.ts';

/** A verdict is one line, so that it holds only so many of the server's last lines. */
const VERDICT_LINES = 3;
export interface ServerOptions {
  readonly cpus: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** The start fails when the server is not ready by then. */
  readonly timeoutMs: number;
  /** Aborting ends the start. */
  readonly signal: AbortSignal;
  /** Called when the server ends after it was ready and before it is stopped; `reason` says how, with its last lines. */
  readonly onDied: (reason: string) => void;
  /** Takes each line that the server prints. */
  readonly onLine?: (line: string) => void;
}

/** A server that this run started, in a process (and on POSIX a process group) of its own. */
export interface StartedServer extends WatchedServer {
  readonly url: string;
  /** Its first process. */
  readonly child: ChildProcess;
  /** As {@link ServerUnderTest.lastOutput}. */
  lastOutput(): readonly string[];
  /** Ends the server and all its descendants: SIGTERM, after 2 s SIGKILL; or SIGKILL at once. */
  stop(first?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** A server that is ready. From now on its end is reported, unless it is stopped. */
export function untilStopped(
  group: ProcessGroup,
  server: Pick<StartedServer, 'url' | 'isReference'>,
  { onDied }: ServerOptions,
): StartedServer {
  void group.gone.then((how) => {
    if (group.isStopping) return;
    const error = group.lastError;
    if (error !== null) return onDied(`${how}: ${error}`);
    const lines = lastWords(group.lastLines, VERDICT_LINES);
    onDied(lines.length === 0 ? how : `${how}; its last lines: ${lines.join(' / ')}`);
  });
  const lastOutput = () => lastWords(group.lastLines, VERDICT_LINES);
  return { ...server, child: group.child, tree: group.tree, lastOutput, stop: (first) => group.stop(first) };
}

/** Throws INTERRUPTED. */
export function requireNotAborted(signal: AbortSignal): void {
  if (signal.aborted) fail('INTERRUPTED', 'stopped by the user', '', EXIT.invalid);
}
