import type { Fact, Severity } from './blocks.ts';
import type { Table } from './content/table.ts';

/** A threshold at the end of a run; `passed` is null where it was not judged. */
export interface Mark {
  readonly passed: boolean | null;
  readonly text: string;
}

/**
 * What a command says at its end on a terminal, in the order of display: what was measured, its figures, what limits
 * them, and the conclusion. Everything else is in the report. Strings are raw: the renderer makes them safe and fits them.
 */
export interface Ending {
  /** What was measured and with which load. */
  readonly subject: string;
  /** Columns stand in the order of importance, since a narrow terminal shows only the first ones. */
  readonly table: Table | null;
  readonly facts: readonly Fact[];
  /** How to read the figures. */
  readonly notes: readonly string[];
  /** What limits the use of the figures, one sentence each. */
  readonly caveats: readonly string[];
  /** Why the result is invalid, where the conclusion does not say it. */
  readonly reasons: readonly string[];
  readonly thresholds: readonly Mark[];
  /** What to do next, as imperative clauses. */
  readonly advice: readonly string[];
  readonly severity: Severity;
  /** The verdict, one sentence each. */
  readonly conclusion: readonly string[];
}

/** An ending without anything but its conclusion. */
export const EMPTY_ENDING: Omit<Ending, 'subject' | 'severity' | 'conclusion'> = {
  table: null,
  facts: [],
  notes: [],
  caveats: [],
  reasons: [],
  thresholds: [],
  advice: [],
};
