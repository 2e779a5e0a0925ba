import type { KernelSockets } from './kernel-sockets.ts';

/** How long one wait may last: Node's own events are handled after it. */
const MAX_WAIT_NS = 0.2e6;

/** Waits for the kernel's sockets, and serves Node's own loop after each wait. */
export class KernelLoop {
  readonly #sockets: KernelSockets;

  constructor(sockets: KernelSockets) {
    this.#sockets = sockets;
  }

  /** Waits again and again until the process ends. */
  run(): void {
    this.#sockets.wait(MAX_WAIT_NS);
    setImmediate(() => this.run());
  }
}
