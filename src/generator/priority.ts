import { readdirSync } from 'node:fs';
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
 * Lowers the priority of this process's other threads. A worker is pinned to one CPU, and its compiler and collector
 * threads would take it for slices of 3 to 4 ms when a message is due. Only Linux sets priorities by thread.
 */
export function lowerHelperThreads(): void {
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task')) {
    if (Number(thread) !== process.pid) lowerPriority(Number(thread));
  }
}
