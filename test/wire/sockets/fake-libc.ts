/** Calls of libc that a test makes up, over memory that it sees by its address. */
export class FakeMemory {
  readonly #blocks: ArrayBuffer[] = [];

  /** Addresses are multiples of a mebibyte. */
  readonly addressOf = (memory: ArrayBuffer): number => this.#blocks.push(memory) * 2 ** 20;

  at(address: number): DataView {
    const block = this.#blocks[Math.floor(address / 2 ** 20) - 1];
    if (block === undefined) throw new Error(`nothing is at address ${address}`);
    return new DataView(block, address % 2 ** 20);
  }
}
