import { choice, option } from '../../contract/options.ts';
import { fail } from '../../errors.ts';
import type { ProgressEvent } from '../../result/progress.ts';
import { type Cli, writeNote } from '../cli.ts';
import { ProgressFeed, type ProgressListener } from './feed.ts';
import { showLines } from './lines.ts';
import { showOnTerminal } from './terminal.ts';

/** The flag for how progress is shown. */
export const PROGRESS_OPTION = option(
  'MODE',
  'auto',
  'progress on stderr',
  choice(['auto', 'plain', 'json']),
);

/** How progress is shown, by the flags of the user. */
export interface ProgressFlags {
  readonly quiet: boolean;
  readonly progress: 'auto' | 'plain' | 'json';
}

const MAX_LINES_OF_STEP = 2;

/** Whether notes for people are left out. Warnings and errors remain. */
export function isSilent({ quiet, progress }: ProgressFlags): boolean {
  return quiet || progress === 'json';
}

/** The progress of a command: its events, and what shows them. */
export interface OpenProgress {
  readonly feed: ProgressFeed;
  /** Writes a line of progress outside of the events; nothing with --quiet or as JSON. */
  readonly note: (line: string) => void;
}

/** Opens the progress of a command, shown on `err` unless it is quiet. Throws BAD_OPTION for flags that contradict. */
export function openProgress(cli: Cli, { quiet, progress }: ProgressFlags): OpenProgress {
  if (quiet && progress === 'json') {
    fail('BAD_OPTION', '--quiet contradicts --progress json', 'Remove one of the two.');
  }
  const feed = new ProgressFeed();
  const note = isSilent({ quiet, progress }) ? () => {} : (line: string) => writeNote(cli, line);
  // The report has all of a step or a round.
  const write = (line: string) => writeNote(cli, line, MAX_LINES_OF_STEP);
  if (!quiet) feed.subscribe(progressView(cli, progress, write));
  return { feed, note };
}

/** Shows events in one of the forms; `note` writes a line. */
export function progressView(
  cli: Pick<Cli, 'screen' | 'control' | 'paint'>,
  mode: ProgressFlags['progress'],
  note: (line: string) => void,
): ProgressListener {
  const { screen } = cli;
  if (mode === 'json') return (event) => cli.control(jsonLine(event));
  if (mode === 'plain' || screen === null) return showLines(note);
  const every = (periodMs: number, callback: () => void) => {
    const timer = setInterval(callback, periodMs);
    return () => clearInterval(timer);
  };
  const nowMs = () => performance.now();
  return showOnTerminal({ screen, paint: cli.paint.control, write: note, nowMs, every });
}

const BEYOND_ASCII = /[\u007f-\uffff]/g;

/** One event as a line of JSON. Characters beyond ASCII are escaped, so that no text can act on a terminal. */
export function jsonLine(event: ProgressEvent): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(event).replace(BEYOND_ASCII, escaped)}\n`;
}
