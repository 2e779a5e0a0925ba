import { openKernelLoop } from '../../../src/wire/sockets/kernel/kernel-loop.ts';
import { nodeSockets } from '../../../src/wire/sockets/node-sockets.ts';
import type { OpenStream } from '../../../src/wire/sockets/stream.ts';

const clock = { nowNs: () => Number(process.hrtime.bigint()) };
const kernel = openKernelLoop(clock);

/** Both kinds of sockets, by their names. */
export const SOCKETS: ReadonlyArray<readonly [kind: string, open: OpenStream]> = [
  ['node', nodeSockets(() => clock.nowNs())],
  ['kernel', (address, handlers) => kernel.open(address, handlers)],
];
