import { KernelSockets } from '../../src/wire/sockets/kernel/kernel-sockets.ts';
import { nodeSockets } from '../../src/wire/sockets/node-sockets.ts';
import type { OpenStream } from '../../src/wire/sockets/stream.ts';

const clock = { nowNs: () => Math.round(performance.now() * 1e6) };

/** Opens connections by the kernel, whose events are handled in every pass of Node's loop while one is open. */
function kernelSockets(): OpenStream {
  const sockets = new KernelSockets(clock);
  let isRunning = false;
  const turn = () => {
    sockets.wait(0);
    isRunning = sockets.count > 0;
    if (isRunning) setImmediate(turn);
  };
  return (address, handlers) => {
    const stream = sockets.open(address, handlers);
    // The socket is opened in the pass before.
    if (!isRunning) setImmediate(() => setImmediate(turn));
    isRunning = true;
    return stream;
  };
}

/** Both kinds of sockets of the wire driver. */
export const SOCKET_KINDS: Readonly<Record<'node' | 'kernel', OpenStream>> = {
  node: nodeSockets(() => clock.nowNs()),
  kernel: kernelSockets(),
};
