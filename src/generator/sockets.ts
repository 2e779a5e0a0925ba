import { messageOf } from '../errors.ts';
import type { Clock } from '../measure/clock.ts';
import type { Plan } from '../plan/plan.ts';
import { KernelLoop } from '../wire/sockets/kernel/kernel-loop.ts';
import { KernelSockets } from '../wire/sockets/kernel/kernel-sockets.ts';
import { nodeSockets } from '../wire/sockets/node-sockets.ts';
import type { OpenStream } from '../wire/sockets/stream.ts';

/** What the connections of the wire driver are made of in this process. */
export interface OwnSockets {
  readonly kind: 'kernel' | 'node';
  /** Why they are not the kernel's; null where they are, or where the plan asks for Node's. */
  readonly problem: string | null;
  readonly openStream: OpenStream;
}

/** Opens the sockets that a plan asks for. Throws an Error where it asks for the kernel's and this machine has none. */
export function openSockets({ sockets }: Pick<Plan, 'sockets'>, clock: Clock): OwnSockets {
  const byNode = nodeSockets(() => clock.nowNs());
  if (sockets === 'node') return { kind: 'node', problem: null, openStream: byNode };
  try {
    const kernel = new KernelSockets(clock);
    new KernelLoop(kernel).run();
    return {
      kind: 'kernel',
      problem: null,
      openStream: (address, handlers) => kernel.open(address, handlers),
    };
  } catch (error) {
    if (sockets === 'kernel') throw error;
    return { kind: 'node', problem: messageOf(error), openStream: byNode };
  }
}
