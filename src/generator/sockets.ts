import { isSecure } from '../contract/address.ts';
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
  /**
   * The loop that waits for the kernel's sockets and for what is due. With those of Node.js it waits for Node's events
   * instead. Null where this process cannot have one.
   */
  readonly loop: KernelLoop | null;
}

/** Opens the kernel's sockets of this process; {@link openKernelLoop} but for tests. */
export type OpenKernel = (clock: Clock) => KernelLoop;

/**
 * Opens the sockets that a plan asks for, for connections to a URL; those with TLS, and those of a run with an `obstacle`,
 * use Node's. Throws NO_KERNEL_SOCKETS where the plan asks for the kernel's and this process cannot have them.
 */
export function openSockets(
  { sockets, obstacle: ofRun = null }: Pick<Plan, 'sockets'> & { readonly obstacle?: string | null },
  url: URL,
  clock: Clock,
  openKernel: OpenKernel = openKernelLoop,
): OwnSockets {
  const openByNode = nodeSockets(() => clock.nowNs());
  const { loop, obstacle } = tryKernel(clock, openKernel);
  const problem = isSecure(url) ? 'connections with TLS use those of Node.js' : (ofRun ?? obstacle);
  if (sockets !== 'node' && loop !== null && problem === null) {
    const openStream: OpenStream = (address, handlers) =>
      address.tls === null ? loop.open(address, handlers) : openByNode(address, handlers);
    return { kind: 'kernel', problem: loop.problem, openStream, loop };
  }
  if (sockets === 'kernel') failWithoutKernel(problem);
  return { kind: 'node', openStream: openByNode, problem: sockets === 'node' ? null : problem, loop };
}

/** Opens the loop of the kernel; without one, `obstacle` says why this process cannot have it. */
function tryKernel(
  clock: Clock,
  openKernel: OpenKernel,
): { readonly loop: KernelLoop | null; readonly obstacle: string | null } {
  try {
    return { loop: openKernel(clock), obstacle: null };
  } catch (error) {
    return { loop: null, obstacle: messageOf(error) };
  }
}

/** Checks that this process can have the kernel's sockets. Throws NO_KERNEL_SOCKETS. */
export function requireKernelSockets(openKernel: OpenKernel = openKernelLoop): void {
  const { obstacle } = tryKernel({ nowNs: () => 0 }, openKernel);
  if (obstacle !== null) failWithoutKernel(obstacle);
}

function failWithoutKernel(obstacle: string | null): never {
  return fail(
    'NO_KERNEL_SOCKETS',
    `the kernel's sockets cannot be used: ${obstacle}`,
    'Remove --sockets: the run then uses the sockets of Node.js.',
  );
}
