import type { Cli } from '../../src/cli/cli.ts';
import { runCli } from '../../src/cli/program.ts';
import { Screen } from '../../src/cli/progress/screen.ts';
import { paintFor } from '../../src/colour.ts';
import { foreignLines } from '../../src/foreign.ts';

/** A process of which only what was written can be seen. */
export class FakeCli implements Cli {
  stdout = '';
  stderr = '';
  readonly screen: Screen | null;
  readonly width: number;
  readonly outWidth: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly paint: Cli['paint'];
  readonly cwd = process.cwd();
  /** Tests that run at the same time leave processes behind intentionally. They are no part of this command. */
  readonly removeLeftovers = async (): Promise<readonly string[]> => [];
  readonly listenForStop = (): AbortSignal => new AbortController().signal;

  constructor(
    argv: readonly string[],
    { isTty = false, width = 100, outWidth = 80, env = {} as Readonly<Record<string, string>> } = {},
  ) {
    this.argv = argv;
    const size = () => ({ columns: width, rows: 24 });
    this.screen = isTty ? new Screen({ write: (text) => this.control(text), size }) : null;
    this.width = width;
    this.outWidth = outWidth;
    this.env = env;
    this.paint = { out: paintFor(isTty, env), control: paintFor(isTty, env) };
  }

  readonly out = (text: string): void => {
    this.stdout += text;
  };

  readonly err = (text: string): void => {
    this.stderr += foreignLines(text);
  };

  readonly control = (text: string): void => {
    this.stderr += text;
  };
}

/** Runs a command line in this process. */
export async function runFake(...argv: readonly string[]) {
  const cli = new FakeCli(argv);
  const exitCode = await runCli(cli);
  return { exitCode, stdout: cli.stdout, stderr: cli.stderr };
}
