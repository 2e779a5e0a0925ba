import type { Libc } from './libc.ts';

/** A piece of memory that the kernel reads or writes. */
export interface Block {
  readonly bytes: Buffer;
  readonly address: number;
}

/** Small allocations of V8 may move; those of this size and more never do. */
const MIN_BYTES = 4096;

/**
 * Memory outside of V8's heap. The kernel keeps its addresses, so blocks are held here until the process ends: their
 * number is fixed when the sockets are made, and does not depend on the number of connections.
 */
export class Arena {
  readonly #libc: Libc;
  readonly #held: ArrayBuffer[] = [];

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  allocate(length: number): Block {
    const memory = new ArrayBuffer(Math.max(length, MIN_BYTES));
    this.#held.push(memory);
    return { bytes: Buffer.from(memory, 0, length), address: this.#libc.addressOf(memory) };
  }
}
