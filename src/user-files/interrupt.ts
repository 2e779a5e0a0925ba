import { url as inspectorUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { SockbenchError } from '../errors.ts';
import { entryPath } from '../package.ts';
import { list } from '../text.ts';
import { formatDurationMs } from '../units.ts';

/** How long a file of the user may take to load, and its functions to return while a run is planned. */
export const USER_CODE_WITHIN_MS = 10_000;
/** Code that waits is given up by a timer of this thread, before code that does not return is interrupted. */
const INTERRUPT_LATER_MS = 200;

/**
 * Interrupts what this thread runs so long from now, such as an endless loop: it ends without an error, and promises that
 * it would settle stay pending. Returns a function that cancels it. A debugger may stop the code for longer.
 */
export function interruptAfter(limitMs: number): () => void {
  if (inspectorUrl() !== undefined) return () => {};
  const interrupter = new Worker(entryPath('user-files/interrupter'), {
    workerData: Date.now() + limitMs + INTERRUPT_LATER_MS,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  interrupter.unref();
  return () => void interrupter.terminate();
}

function hangs(files: readonly string[], limitMs: number): SockbenchError {
  const message = `a function of ${list(files)} did not return within ${formatDurationMs(limitMs)}`;
  return new SockbenchError({ code: 'USER_CODE_HANGS', message, hint: 'Check it for an endless loop.' });
}

/**
 * Runs work that calls functions of the user's files; `files` is how errors name these. Throws USER_CODE_HANGS when it
 * does not return within `limitMs`.
 */
export async function withinLimit<Value>(
  files: readonly string[],
  work: () => Value,
  limitMs = USER_CODE_WITHIN_MS,
): Promise<Value> {
  if (files.length === 0) return work();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = interruptAfter(limitMs);
  const deadlineMs = performance.now() + limitMs;
  // More than once, because an interruption may hit the look itself.
  const look = setInterval(() => {
    if (performance.now() >= deadlineMs) reject(hangs(files, limitMs));
  }, INTERRUPT_LATER_MS);
  try {
    // In a microtask: Node.js does not survive the interruption of a callback from its event loop.
    return await Promise.race([Promise.resolve().then(work), late]);
  } finally {
    clearInterval(look);
    cancel();
  }
}
