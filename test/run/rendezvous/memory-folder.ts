import type { SharedFolder } from '../../../src/run/rendezvous/shared-folder.ts';
import type { VirtualTime } from '../../support/virtual-time.ts';

/** A folder in memory. Every shard sees it through a mount of its own. */
export class MemoryFolder {
  readonly files = new Map<string, string>();
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** The folder as one host sees it: each step takes `delayMs`, and happens at its end. No step ends after a crash. */
  mount(delayMs: () => number = () => 0, isCrashed: () => boolean = () => false): SharedFolder {
    const step = async <Value>(work: () => Value): Promise<Value> => {
      const ms = delayMs();
      if (ms > 0) await this.#time.sleep(ms);
      return isCrashed() ? new Promise<Value>(() => {}) : work();
    };
    return {
      name: '/shared',
      list: () => step(() => [...this.files.keys()]),
      read: (name) => step(() => this.files.get(name) ?? null),
      write: (name, text) => step(() => void this.files.set(name, text)),
      remove: (name) => step(() => void this.files.delete(name)),
    };
  }
}
