import { Command, CommanderError } from 'commander';
import { scenarios } from '../../scenarios/index.ts';
import { EXIT, type ExitCode, messageOf, SockbenchError } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { VERSION } from '../package.ts';
import { didYouMean, list, shellWord } from '../text.ts';
import type { AddCommand, Cli } from './cli.ts';
import { addCalibrate } from './commands/calibrate.ts';
import { addCapacity } from './commands/capacity.ts';
import { addCompare } from './commands/compare.ts';
import { addCompletion } from './commands/completion.ts';
import { addDoctor } from './commands/doctor.ts';
import { addGate } from './commands/gate.ts';
import { addImport } from './commands/import.ts';
import { addInit } from './commands/init.ts';
import { addList } from './commands/list.ts';
import { addMerge } from './commands/merge.ts';
import { addReport } from './commands/report.ts';
import { addRun } from './commands/run.ts';
import { addServe } from './commands/serve.ts';
import { addTrace } from './commands/trace.ts';
import { addTrend } from './commands/trend.ts';
import { separatePort } from './dashboard/dashboard.ts';
import { flagsOf, takesScenario } from './flags.ts';
import { prepareHelp, showHelp } from './help.ts';

/** The commands by their group in help. */
const COMMANDS: Readonly<Record<string, readonly AddCommand[]>> = {
  Measure: [addRun, addCompare, addGate, addCapacity, addCalibrate],
  Results: [addReport, addTrend, addMerge],
  'Servers and machine': [addTrace, addServe, addList, addDoctor],
  'Set up': [addInit, addImport, addCompletion],
};

/** Commands that start processes. Before they do, they remove what a killed sockbench has left. */
const STARTING_COMMANDS: readonly string[] = [
  'run',
  'compare',
  'capacity',
  'calibrate',
  'gate',
  'serve',
  'trace',
];
const MAX_SHOWN_LEFTOVERS = 3;

/** The longest line of an error. */
const MAX_ERROR_CHARACTERS = 1000;

/** Runs one command line and returns its exit code. Writes only through `cli`. */
export async function runCli(cli: Cli): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.passed;
  const program = createProgram(cli, (code) => {
    exitCode = code;
  });
  let failed = program;
  for (const command of [program, ...program.commands]) {
    command.exitOverride((error) => {
      failed = command;
      throw error;
    });
  }
  try {
    const argv = separatePort(cli.argv);
    if (!(await showHelp(program, cli, argv))) await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(cli, error, failed);
  }
}

/** Creates the program with all its commands. They call `finish` with their exit code. */
export function createProgram(cli: Cli, finish: (exitCode: ExitCode) => void): Command {
  const program = new Command('sockbench')
    .description(
      'Load-tests Socket.IO and WebSocket servers: times every delivery, accounts for every message, and flags results that are not reliable.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: cli.out,
      writeErr: cli.err,
      outputError: () => {},
      // Styles of help come from cli.paint, and cli.err shows no control sequences.
      getOutHasColors: () => true,
      getErrHasColors: () => false,
    });
  for (const [title, adders] of Object.entries(COMMANDS)) {
    program.commandsGroup(`${title}:`);
    for (const add of adders) add(program, cli, finish);
  }
  program.hook('preAction', async (_, command) => {
    if (!STARTING_COMMANDS.includes(command.name())) return;
    const removed = await cli.removeLeftovers();
    const [shown, rest] = [removed.slice(0, MAX_SHOWN_LEFTOVERS), removed.length - MAX_SHOWN_LEFTOVERS];
    if (rest > 0) shown.push(`${rest} more`);
    if (shown.length > 0) cli.err(`removed what an earlier run had left: ${list(shown)}\n`);
  });
  for (const command of program.commands) command.copyInheritedSettings(program);
  prepareHelp(program, cli);
  return program;
}

/** Shows the message and the hint of a known error. Any other error is a bug, and shows its stack. */
function explain(cli: Cli, error: unknown, failed: Command): ExitCode {
  if (error instanceof SockbenchError) {
    cli.err(`error: ${bounded(error.message)}\n${error.hint === '' ? '' : `${bounded(error.hint)}\n`}`);
    return error.exitCode;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.passed;
    // Help without a command was written already.
    if (error.code !== 'commander.help')
      cli.err(`${bounded(error.message)}\n${bounded(hintFor(error.message, failed))}\n`);
    return EXIT.usage;
  }
  cli.err(crashText(error));
  return EXIT.crash;
}

/** Limits each line of a message, which may name a value of any length. */
function bounded(message: string): string {
  return message
    .split('\n')
    .map((line) => foreign(line, MAX_ERROR_CHARACTERS))
    .join('\n');
}

/** What is shown of an error that nothing expected. */
export function crashText(error: unknown): string {
  const stack = error instanceof Error ? error.stack : messageOf(error);
  return `sockbench crashed; this is a bug in sockbench.\n${stack}\n`;
}

/** Suggests the nearest command, or the nearest flag of the command that failed: `--room` -> `Did you mean --rooms?` */
function hintFor(message: string, failed: Command): string {
  const [, kind, given] = /unknown (option|command) '([^'=]+)/.exec(message) ?? [];
  const command = failed.parent === null ? '' : ` ${failed.name()}`;
  const scenario = scenarios.find(({ name }) => failed.args.includes(name)) ?? null;
  if (kind === undefined || given === undefined) {
    return `sockbench${command} --help shows the usage; sockbench list shows the available names.`;
  }
  if (kind === 'command') {
    const commands = failed.commands.map((each) => each.name());
    return didYouMean(given, commands, `The commands are ${list(commands)}.`);
  }
  const help = `sockbench${command}${scenario === null ? '' : ` ${scenario.name}`} --help-all shows the flags`;
  const option = given.replace(/^--?/, '');
  const own = takesScenario(failed)
    ? `; an option of your own scenario is given as --option ${shellWord(`${option}=VALUE`)}`
    : '';
  return didYouMean(given, flagsOf(failed, scenario), `${help}${own}.`);
}
