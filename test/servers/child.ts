import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runtimeCommand } from '../../servers/availability.ts';
import { servers } from '../../servers/index.ts';
import { isNullServer } from '../../src/contract/server.ts';

const START = fileURLToPath(new URL('../../servers/start.ts', import.meta.url));
const START_NULL = fileURLToPath(new URL('../../src/null-server/start.ts', import.meta.url));

/** What a server says when it is ready, or why it is not. */
export interface ReadyLine {
  readonly ready: boolean;
  readonly url?: string;
  readonly code?: string;
  readonly message?: string;
}

export interface ServerChild {
  readonly child: ChildProcess;
  readonly line: ReadyLine;
  /** Lines printed so far. */
  readonly lines: readonly string[];
  /** Resolves when the process is gone and all of its output was read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts a reference server, or the null server, with these arguments and waits for its first line. */
export async function startServer(...args: readonly string[]): Promise<ServerChild> {
  // With a channel to its parent the server ends with it, even when a test run is aborted.
  const [name = ''] = args;
  const runtime = Object.hasOwn(servers, name) ? (await servers[name]?.())?.server.runtime : undefined;
  const [file = '', ...flags] = runtimeCommand(runtime ?? 'node');
  const child = spawn(file, [...flags, isNullServer(name) ? START_NULL : START, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout === null) throw new Error('no pipe');
  const reader = createInterface(child.stdout);
  const lines: string[] = [];
  reader.on('line', (line) => lines.push(line));
  // Not the event `close`: it never comes once the channel was disconnected from this side.
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(([[code, signal]]) => ({
    code,
    signal,
  }));
  await Promise.race([once(reader, 'line'), ended]);
  return { child, line: JSON.parse(lines[0] ?? 'null'), lines, ended };
}

/** The URL of a server that is ready. */
export function urlOf({ line }: ServerChild): string {
  if (line.url === undefined) throw new Error(`not ready: ${JSON.stringify(line)}`);
  return line.url;
}

/** Ends a server at once. */
export async function killServer({ child, ended }: ServerChild): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}
