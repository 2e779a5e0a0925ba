import type { Clock } from '../measure/clock.ts';
import { type KernelLoop, openKernelLoop } from '../wire/sockets/kernel/kernel-loop.ts';
import { ReleaseQueue } from './release-queue.ts';

/** A queue that releases on time, and the loop that waits for it; null where timers of Node.js do. */
interface PreciseQueue {
  readonly queue: ReleaseQueue;
  readonly loop: KernelLoop | null;
}

/** Makes the queue of this process. Timers of Node.js, where it cannot wait in the kernel, are up to about 1 ms late. */
export function createQueue(clock: Clock): PreciseQueue {
  try {
    const loop = openKernelLoop(clock);
    const queue = new ReleaseQueue({
      wakeAt: (dueNs, callback) => loop.before(dueNs, callback),
      reach: (dueNs) => loop.spin(dueNs),
      isAtHand: (dueNs) => dueNs <= clock.nowNs() + loop.earlyNs,
    });
    return { queue, loop };
  } catch {
    const queue = new ReleaseQueue({
      wakeAt: (dueNs, callback) => void setTimeout(callback, Math.max(0, dueNs - clock.nowNs()) / 1e6),
      reach: () => clock.nowNs(),
      isAtHand: (dueNs) => dueNs <= clock.nowNs(),
    });
    return { queue, loop: null };
  }
}
