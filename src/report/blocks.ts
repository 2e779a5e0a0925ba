import type { ChartGroup } from './charts.ts';
import type { Table } from './content/table.ts';

/** How serious a verdict is. Pages show it as a colour. */
export type Severity = 'good' | 'warning' | 'bad';

/** A name and its text. */
export type Fact = readonly [name: string, text: string];

/** The top of a page: what was found, what limits it, and what was tested. */
export interface Opening {
  readonly severity: Severity;
  /** The verdict in a word or two: `VALID`, `REGRESSED`. */
  readonly word: string;
  /** The conclusion in a sentence without a full stop. */
  readonly conclusion: string;
  /** What limits the use of the figures, one sentence each. */
  readonly caveats: readonly string[];
  /** `passed` is null where a threshold was not judged. */
  readonly thresholds: ReadonlyArray<{ readonly passed: boolean | null; readonly text: string }>;
  /** What to do next, and further findings. */
  readonly notes: readonly string[];
  /** Scenario, load, targets and the versions that took part. */
  readonly tested: readonly Fact[];
  /** The command line that repeats the measurement; null where there is none. */
  readonly command: string | null;
  /** Blocks below it, which only a page has room for. */
  readonly blocks: readonly Block[];
  /** Blocks at the end of the page. */
  readonly appendix: readonly Block[];
}

/** The outputs that show blocks, from the one with the least room to the one with the most. */
export type Output = 'text' | 'markdown' | 'html';

/**
 * A part of a report. Content makes blocks from a stored document; render/ turns them into text, Markdown and HTML.
 * Strings are raw: the renderer escapes them and keeps each of them on one line.
 *
 * - `verdict`: the first line of the report, and the notes that must be read with it; not for pages that have an opening.
 * - `opening`: the top of a page; text and Markdown leave it out.
 * - `heading`: begins a section.
 * - `text`: a sentence, without a bullet.
 * - `table`: `notes` stand below it; `colours` has a line colour for each row, null for none, or is empty; `invalid` says
 *   which rows are of invalid runs, or is empty.
 * - `facts`: names and texts, in two columns.
 * - `notes`: sentences, as a list.
 * - `lines`: lines that keep their columns, such as the output of a server.
 * - `charts`: drawn on pages only; text and Markdown show `text` in their place.
 * - `details`: a fold. `needs` is the smallest output that has room for it; text prints it unfolded.
 */
export type Block =
  | {
      readonly kind: 'verdict';
      readonly severity: Severity;
      readonly text: string;
      readonly notes: readonly string[];
    }
  | ({ readonly kind: 'opening' } & Opening)
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly title: string;
      readonly table: Table;
      readonly notes: readonly string[];
      readonly colours: ReadonlyArray<number | null>;
      readonly invalid: readonly boolean[];
    }
  | { readonly kind: 'facts'; readonly title: string; readonly facts: readonly Fact[] }
  | { readonly kind: 'notes'; readonly notes: readonly string[] }
  | { readonly kind: 'lines'; readonly title: string; readonly lines: readonly string[] }
  | {
      readonly kind: 'charts';
      readonly title: string;
      readonly group: ChartGroup;
      readonly text: readonly string[];
    }
  | {
      readonly kind: 'details';
      readonly title: string;
      readonly needs: Output;
      readonly blocks: readonly Block[];
    };

/** A whole report, before it is text, Markdown or HTML. */
export interface Report {
  /** Title of the page. */
  readonly title: string;
  readonly blocks: readonly Block[];
  /** Last line of the page. */
  readonly footer: string;
}

/** A table without row colours. */
export function tableBlock(title: string, table: Table, notes: readonly string[] = []): Block[] {
  return [{ kind: 'table', title, table, notes, colours: [], invalid: [] }];
}

/** A list of sentences; nothing when there are none. */
export function notesBlock(notes: readonly string[]): Block[] {
  return notes.length === 0 ? [] : [{ kind: 'notes', notes }];
}

/** A fold; nothing when there is nothing in it. */
export function detailsBlock(title: string, needs: Output, blocks: readonly Block[]): Block[] {
  return blocks.length === 0 ? [] : [{ kind: 'details', title, needs, blocks }];
}
