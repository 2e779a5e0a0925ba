import type { Command } from 'commander';
import type { Paint } from '../colour.ts';
import type { ExitCode } from '../errors.ts';
import { wrapText } from '../report/render/fit.ts';
import type { Screen } from './progress/screen.ts';

/** The process that a command runs in, injected so that the command line is tested without one. */
export interface Cli {
  /** Writes results. */
  readonly out: (text: string) => void;
  /** Writes progress, warnings and errors. Every line is made safe, since it may contain text that others wrote. */
  readonly err: (text: string) => void;
  /** Writes our own control sequences and workflow commands to the same place as `err`, unchanged. */
  readonly control: (text: string) => void;
  /** The lines at the end of the terminal that `err` writes to; null without one, and on one that cannot rewrite lines. */
  readonly screen: Screen | null;
  /** Columns of the terminal, otherwise 100. */
  readonly width: number;
  /** Columns that `out` has: those of its terminal, otherwise 80. */
  readonly outWidth: number;
  /** Styles what `out` writes, and what `control` writes. Each follows its own stream. */
  readonly paint: { readonly out: Paint; readonly control: Paint };
  readonly argv: readonly string[];
  /** Environment variables; CI systems set some. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /**
   * Called before something is started or measured: from then on SIGINT, SIGTERM and SIGHUP abort the returned signal, so
   * that the command stops and reports. Before, they end the process.
   */
  readonly listenForStop: () => AbortSignal;
  /** Ends and removes what a killed sockbench has left on this machine; returns what that was. */
  readonly removeLeftovers: () => Promise<readonly string[]>;
}

/** Adds one command to the program. The command calls `finish` with its exit code. */
export type AddCommand = (program: Command, cli: Cli, finish: (exitCode: ExitCode) => void) => void;

/** Writes a line for people to `err`. A terminal gets it broken between words, and cut after `maxLines` lines. */
export function writeNote(
  { err, screen }: Pick<Cli, 'err' | 'screen'>,
  line: string,
  maxLines = Number.POSITIVE_INFINITY,
): void {
  const lines = screen === null ? [line] : wrapText(line, screen.columns - 2, maxLines);
  err(`${lines.join('\n  ')}\n`);
}
