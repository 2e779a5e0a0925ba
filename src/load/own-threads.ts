import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Lowers the priority of this process's other threads. A worker is bound to one CPU, which its own compiler
 * and collector threads would else take for slices of 3 to 4 ms just when a message is due. Linux sets
 * priorities by thread; elsewhere, and where it is not permitted, nothing changes.
 */
export function lowerHelperThreads(): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      if (Number(thread) !== process.pid) setPriority(Number(thread), constants.priority.PRIORITY_LOW);
    }
  } catch {
    // A noisier run, and send lag tells by how much.
  }
}
