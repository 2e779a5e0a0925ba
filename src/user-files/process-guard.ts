import { syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { entryPath } from '../package.ts';
import { formatDurationMs } from '../units.ts';
import { interruptAfter, USER_CODE_WITHIN_MS } from './interrupt.ts';

/** What stack traces call the folder of sockbench's own code. */
const OWN_CODE = pathToFileURL(entryPath('')).href.replace(/[^/]*$/, '');

/** Files that this process has loaded, by URL, and those that it is loading. */
const files = new Set<string>();
let loadCount = 0;

/**
 * Loads a file of the user. Rejects with what the file throws, also in a timer or by a rejected promise; when its
 * top-level await never ends; and when it is not loaded within 10 s. Code that does not return is interrupted then.
 */
export async function watchLoad<Module>(
  url: string,
  load: () => Promise<Module>,
  limitMs = USER_CODE_WITHIN_MS,
): Promise<Module> {
  const { promise: failure, reject } = Promise.withResolvers<never>();
  const slow = new Error(`it was not loaded within ${formatDurationMs(limitMs)}`);
  const timer = setTimeout(() => reject(slow), limitMs).unref();
  const deadlineMs = performance.now() + limitMs;
  const unsettled = new Error('its top-level await never ends');
  const onIdle = () => reject(performance.now() < deadlineMs ? unsettled : slow);
  const cancelInterrupt = interruptAfter(limitMs);
  files.add(url);
  loadCount += 1;
  process.prependListener('uncaughtException', reject);
  // Emitted when this process waits for nothing else.
  process.on('beforeExit', onIdle);
  try {
    const module = await Promise.race([load(), failure]);
    // Promises that it left rejected are reported after this turn of the event loop.
    await Promise.race([new Promise((resolve) => setImmediate(resolve)), failure]);
    return module;
  } finally {
    clearTimeout(timer);
    cancelInterrupt();
    loadCount -= 1;
    process.off('uncaughtException', reject);
    process.off('beforeExit', onIdle);
  }
}

interface GuardHandlers {
  /** A file of the user threw where sockbench did not call it, as in a timer; `message` names the file and the line. */
  readonly onUserError: (message: string) => void;
  /** Any other error that nothing caught: a bug in sockbench. */
  readonly onCrash: (error: unknown) => void;
}

/**
 * Keeps files of the user from ending this process: `process.exit`, `process.abort` and signals to itself throw in their
 * code, and what they throw in timers and promises is reported. Called once, before a file is loaded.
 */
export function guardProcess({ onUserError, onCrash }: GuardHandlers): void {
  process.on('uncaughtException', (error: unknown) => {
    if (loadCount > 0) return;
    if (isUserError(error)) onUserError(`${placeOfError(error)}: ${thrownText(error)}`);
    else onCrash(error);
  });
  const { exit, kill } = process;
  const reallyExit: (code?: number) => never = Reflect.get(process, 'reallyExit');
  /** The exit code of sockbench: handlers of a user's file may set another one on the way. */
  let exitCode: number | null = null;
  const refuse = (what: string, caller: (...args: never[]) => unknown): never => {
    const error = new Error(`${what} was called, which would end sockbench`);
    Error.captureStackTrace(error, caller);
    throw error;
  };
  const guarded = {
    exit(code?: number | string | null): never {
      if (!isOwnCall(guarded.exit)) refuse(`process.exit(${code ?? ''})`, guarded.exit);
      exitCode = Number(code ?? process.exitCode ?? 0);
      return exit.call(process, code);
    },
    // Node.js calls it from within its own `exit`.
    reallyExit(): never {
      if (exitCode === null) return refuse('process.reallyExit()', guarded.reallyExit);
      return reallyExit.call(process, exitCode);
    },
    abort(): never {
      return refuse('process.abort()', guarded.abort);
    },
    kill(pid: number, signal?: string | number): true {
      const isSelf = pid === process.pid || pid === 0 || pid === -process.pid;
      if (isSelf && signal !== 0 && !isOwnCall(guarded.kill))
        refuse('process.kill(process.pid)', guarded.kill);
      return kill.call(process, pid, signal);
    },
  };
  Object.assign(process, guarded);
  // `import { exit } from 'node:process'` takes a copy.
  syncBuiltinESMExports();
}

/** Whether the function that called `callee` is sockbench's own. */
function isOwnCall(callee: (...args: never[]) => unknown): boolean {
  const trace: { stack?: string } = {};
  // Files of the user may have changed how stacks are made.
  const { stackTraceLimit, prepareStackTrace } = Error;
  Object.assign(Error, { stackTraceLimit: 1, prepareStackTrace: undefined });
  Error.captureStackTrace(trace, callee);
  const [, caller = ''] = trace.stack?.split('\n') ?? [];
  Object.assign(Error, { stackTraceLimit, prepareStackTrace });
  return caller.includes(OWN_CODE);
}

/** Whether a file of the user is in the stack of an error, or nothing of sockbench is. */
function isUserError(error: unknown): boolean {
  const stack = error instanceof Error ? String(error.stack) : '';
  return files.size > 0 && ([...files].some((url) => stack.includes(url)) || !stack.includes(OWN_CODE));
}

/** `/app/target.ts (line 12)`: the first frame of a loaded file in the stack of an error, or else the first outside Node.js. */
function placeOfError(error: unknown): string {
  const stack = error instanceof Error ? String(error.stack) : '';
  const own = stack.split('\n').find((frame) => [...files].some((url) => frame.includes(url)));
  const [, path, line] = /(?:file:\/\/|\()(\/[^\n]*?):(\d+):\d+\)?$/m.exec(own ?? stack) ?? [];
  return path === undefined
    ? [...files].map((url) => new URL(url).pathname).join(' or ')
    : `${path} (line ${line})`;
}

/** The message of what a user's code threw, in one line, and that of its cause: `fetch failed: connect ECONNREFUSED ...`. */
export function thrownText(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${foreign(error, 300)}`;
  const cause = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause;
  const message = messageOf(error);
  const isSaid = !(cause instanceof Error) || message.includes(messageOf(cause));
  return foreign(isSaid ? message : `${message}: ${messageOf(cause)}`, 300);
}
