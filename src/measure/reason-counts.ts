import { foreign } from '../foreign.ts';
import { OTHER_REASONS } from '../text.ts';

/** An event that several clients or messages shared, and how many. */
export interface Reason {
  readonly reason: string;
  readonly count: number;
}

/** Limits of what a run keeps: servers and users' files may give a new reason of any length for every message. */
export const MAX_REASONS = 50;
export const REASON_CHARACTERS = 300;

/**
 * Counts how often each reason occurred. A reason is one safe line of at most {@link REASON_CHARACTERS}. The first
 * {@link MAX_REASONS} are kept apart; all others are counted together.
 */
export class ReasonCounts {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    const line = foreign(reason, REASON_CHARACTERS);
    const isKept = this.#counts.has(line) || this.#counts.size < MAX_REASONS;
    const key = isKept ? line : OTHER_REASONS;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  addAll(reasons: readonly Reason[]): void {
    for (const { reason, count } of reasons) this.add(reason, count);
  }

  /** The most frequent reason since the last {@link take}; null when there was none. */
  get commonest(): string | null {
    const [first] = this.list();
    return first?.reason ?? null;
  }

  /** The count over all reasons since the last {@link take}. */
  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The reasons since the last call, most frequent first; {@link OTHER_REASONS} come last. */
  take(): Reason[] {
    const reasons = this.list();
    this.#counts.clear();
    return reasons;
  }

  /** What {@link take} would return. */
  list(): Reason[] {
    const reasons = [...this.#counts].map(([reason, count]) => ({ reason, count }));
    const rank = ({ reason, count }: Reason) => (reason === OTHER_REASONS ? 0 : count);
    return reasons.sort((a, b) => rank(b) - rank(a));
  }
}
