/** An event that several clients or messages shared, and how many. */
export interface Reason {
  readonly reason: string;
  readonly count: number;
}

/** Counts how often each reason occurred. */
export class ReasonCounts {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  addAll(reasons: readonly Reason[]): void {
    for (const { reason, count } of reasons) this.add(reason, count);
  }

  /** The most frequent reason since the last {@link take}; null when there was none. */
  get commonest(): string | null {
    const [first] = this.#sorted();
    return first?.reason ?? null;
  }

  /** The count over all reasons since the last {@link take}. */
  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The reasons since the last call, most frequent first. */
  take(): Reason[] {
    const reasons = this.#sorted();
    this.#counts.clear();
    return reasons;
  }

  #sorted(): Reason[] {
    return [...this.#counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
  }
}
