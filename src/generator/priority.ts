import { readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';

/** Lowers a priority where the system permits it. Where it does not, send lag shows how much noisier a run is. */
function lowerPriority(id: number): void {
  try {
    setPriority(id, constants.priority.PRIORITY_LOW);
  } catch {
    // Not permitted, or the thread is gone.
  }
}

/** Keeps this process from taking a CPU that its children need. Start them before: they inherit the priority. */
export function lowerOwnPriority(): void {
  lowerPriority(process.pid);
}

/**
 * Starts the thread pool and lowers the priority of this process's other threads. The main thread of a worker is pinned
 * to a CPU later, and a thread that is started after that would share it: compiler and collector threads take a CPU for
 * slices of 3 to 4 ms when a message is due. Only Linux sets priorities by thread.
 */
export async function settleHelperThreads(): Promise<void> {
  await stat('/');
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task')) {
    if (Number(thread) !== process.pid) lowerPriority(Number(thread));
  }
}
