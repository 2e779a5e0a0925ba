import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** Where the system does not permit it nothing changes; send lag then tells by how much a run is noisier. */
function lower(id: number): void {
  try {
    setPriority(id, constants.priority.PRIORITY_LOW);
  } catch {
    // Not permitted, or the thread is gone.
  }
}

/**
 * Keeps this process from taking a CPU that its children want. Children that are started later inherit it,
 * so it comes after they have been.
 */
export function lowerOwnPriority(): void {
  lower(process.pid);
}

/**
 * Lowers the priority of this process's other threads. A worker is bound to one CPU, which its own compiler
 * and collector threads would else take for slices of 3 to 4 ms just when a message is due. Only Linux sets
 * priorities by thread.
 */
export function lowerHelperThreads(): void {
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task')) {
    if (Number(thread) !== process.pid) lower(Number(thread));
  }
}
