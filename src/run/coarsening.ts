/**
 * A list of what follows one another in time, that never has more than `max` values. When it is full, the oldest two
 * values become one. Once all have, the list goes on with values twice as long, so that the oldest ones are at most about
 * twice as long as the newest.
 */
export class CoarseningList<Value> {
  readonly #max: number;
  readonly #merge: (earlier: Value, later: Value) => Value;
  readonly #values: Value[] = [];
  /** How many parts each value was made of. */
  readonly #parts: number[] = [];
  #grain = 1;
  /** The place of the oldest value that was not merged in this round. */
  #oldest = 0;

  /** `merge` makes one value of two neighbours. */
  constructor(max: number, merge: (earlier: Value, later: Value) => Value) {
    this.#max = max;
    this.#merge = merge;
  }

  /** In the order of time. */
  get values(): readonly Value[] {
    return this.#values;
  }

  /** How many parts the next value may have: a power of two. */
  get grain(): number {
    return this.#grain;
  }

  /** Adds what follows the last value: one part, or as many as {@link grain} says. Fewer are added to an unfinished value. */
  push(value: Value, parts = 1): void {
    const last = this.#values.length - 1;
    const [before, partsBefore = 0] = [this.#values[last], this.#parts[last]];
    if (before !== undefined && partsBefore + parts <= this.#grain) {
      this.#values[last] = this.#merge(before, value);
      this.#parts[last] = partsBefore + parts;
      return;
    }
    this.#values.push(value);
    this.#parts.push(parts);
    if (this.#values.length > this.#max) this.#coarsen();
  }

  /** Makes one value of the oldest two that were not merged yet. */
  #coarsen(): void {
    const first = this.#oldest;
    const [earlier, later] = this.#values.slice(first, first + 2);
    if (earlier === undefined || later === undefined) throw new Error('a full list has two values to merge');
    const parts = (this.#parts[first] ?? 0) + (this.#parts[first + 1] ?? 0);
    this.#values.splice(first, 2, this.#merge(earlier, later));
    this.#parts.splice(first, 2, parts);
    this.#oldest = first + 1;
    if (this.#oldest < this.#values.length) return;
    this.#grain *= 2;
    this.#oldest = 0;
  }
}
