import type { Libc } from './libc.ts';

/** A piece of memory that the kernel reads or writes. */
export interface Memory {
  readonly bytes: Buffer;
  /** The same memory as unsigned 32-bit numbers. Unlike 64-bit ones, they are read and written without allocating. */
  readonly words: Uint32Array;
  readonly address: number;
}

/** Small allocations of V8 may move; those of this size and more never do. */
const MIN_BYTES = 4096;

/** The kernel keeps addresses that the garbage collector does not see, so that no block is freed before the process ends. */
const HELD: ArrayBuffer[] = [];

/**
 * Memory outside of V8's heap. The number of blocks is fixed when the sockets are made, and does not depend on the number
 * of connections.
 */
export class Arena {
  readonly #libc: Pick<Libc, 'addressOf'>;

  constructor(libc: Pick<Libc, 'addressOf'>) {
    this.#libc = libc;
  }

  allocate(length: number): Memory {
    const held = new ArrayBuffer(Math.max(length, MIN_BYTES));
    HELD.push(held);
    return {
      bytes: Buffer.from(held, 0, length),
      words: new Uint32Array(held),
      address: this.#libc.addressOf(held),
    };
  }
}
