import { fail, messageOf } from '../errors.ts';
import type { Clock } from '../measure/clock.ts';
import type { Plan } from '../plan/plan.ts';
import { type KernelLoop, openKernelLoop } from '../wire/sockets/kernel/kernel-loop.ts';
import { nodeSockets } from '../wire/sockets/node-sockets.ts';
import type { OpenStream } from '../wire/sockets/stream.ts';

/** What the connections of the wire driver are made of, as a worker reports it. */
export interface SocketsInUse {
  readonly kind: 'kernel' | 'node';
  /** Why they are not the kernel's, or what the kernel's lack; null where nothing is to be said. */
  readonly problem: string | null;
}

/** The sockets of this process. */
export interface OwnSockets extends SocketsInUse {
  readonly openStream: OpenStream;
  /** The loop that waits for the kernel's sockets; null for those of Node.js. */
  readonly loop: KernelLoop | null;
}

/**
 * Opens the sockets that a plan asks for. Throws NO_KERNEL_SOCKETS where it asks for the kernel's and this process
 * cannot have them.
 */
export function openSockets(
  { sockets }: Pick<Plan, 'sockets'>,
  clock: Clock,
  open: (clock: Clock) => KernelLoop = openKernelLoop,
): OwnSockets {
  const byNode = { kind: 'node' as const, openStream: nodeSockets(() => clock.nowNs()), loop: null };
  if (sockets === 'node') return { ...byNode, problem: null };
  try {
    const loop = open(clock);
    const openStream: OpenStream = (address, handlers) => loop.open(address, handlers);
    return { kind: 'kernel', problem: loop.problem, openStream, loop };
  } catch (error) {
    const problem = messageOf(error);
    if (sockets === 'auto') return { ...byNode, problem };
    fail(
      'NO_KERNEL_SOCKETS',
      `the sockets of the kernel cannot be used: ${problem}`,
      'Use --sockets auto or --sockets node.',
    );
  }
}
