import type { Cli } from '../cli.ts';
import { ProgressFeed } from './feed.ts';
import { showLines } from './lines.ts';

/** The progress of a command: its events, and what shows them. */
export interface OpenProgress {
  readonly feed: ProgressFeed;
  /** Writes a line of progress outside of the events; nothing with --quiet. */
  readonly note: (line: string) => void;
}

/** Opens the progress of a command, shown on `err` unless it is quiet. */
export function openProgress(cli: Cli, { quiet }: { readonly quiet: boolean }): OpenProgress {
  const feed = new ProgressFeed();
  const note = quiet ? () => {} : (line: string) => cli.err(`${line}\n`);
  if (!quiet) feed.subscribe(showLines(note));
  return { feed, note };
}
