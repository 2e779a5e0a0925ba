import type { Command } from 'commander';
import type { ExitCode } from '../errors.ts';

/** What a command may know of its process, injected so that the command line is tested without one. */
export interface Cli {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress, warnings and errors. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal on which a line may be rewritten. */
  readonly isTty: boolean;
  readonly width: number;
  readonly colour: boolean;
  readonly argv: readonly string[];
  /** What CI systems say of themselves. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Adds one command to the program; it tells its exit code when it has run. */
export type AddCommand = (program: Command, cli: Cli, finish: (exitCode: ExitCode) => void) => void;
