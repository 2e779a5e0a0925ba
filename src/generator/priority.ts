import { stat } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';

/**
 * Lowers the priority of this process, which shares the CPU of a server that may be busy all the time. At the lowest
 * priority it could not keep up with what the workers report. Start children before: they inherit it.
 */
export function lowerOwnPriority(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not permitted. The server then shows how much noisier a run is.
  }
}

/**
 * Starts the thread pool. The main thread of a worker is bound to a CPU later, and a thread that is started after that
 * would share it. Helper threads keep their priority: a garbage collection waits for the compiler threads, and so would
 * the main thread if a busy server left them no time.
 */
export async function startThreadPool(): Promise<void> {
  await stat('/');
}
