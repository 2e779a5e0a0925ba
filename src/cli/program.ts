import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode, SockbenchError } from '../errors.ts';
import { VERSION } from '../package.ts';
import { nearest } from '../text.ts';
import type { AddCommand, Cli } from './cli.ts';
import { addCapacity } from './commands/capacity.ts';
import { addCompare } from './commands/compare.ts';
import { addDoctor } from './commands/doctor.ts';
import { addGate } from './commands/gate.ts';
import { addInit } from './commands/init.ts';
import { addList } from './commands/list.ts';
import { addReport } from './commands/report.ts';
import { addRun } from './commands/run.ts';
import { addServe } from './commands/serve.ts';

const COMMANDS: readonly AddCommand[] = [
  addRun,
  addCompare,
  addCapacity,
  addGate,
  addReport,
  addServe,
  addList,
  addDoctor,
  addInit,
];

const DESCRIPTION =
  'Load-tests Socket.IO and WebSocket servers: times every delivery, accounts for every message, and says when a number must not be believed.';

/** Runs one command line and returns its exit code; writes only through `cli`. */
export async function runCli(cli: Cli): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.passed;
  const program = new Command('sockbench')
    .description(DESCRIPTION)
    .version(VERSION)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: cli.out, writeErr: cli.err, outputError: () => {} })
    .configureHelp({ helpWidth: Math.min(cli.width, 120) });
  for (const add of COMMANDS) {
    add(program, cli, (code) => {
      exitCode = code;
    });
  }
  for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);
  try {
    await program.parseAsync(cli.argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(cli, error, program);
  }
}

/**
 * `--room` -> `Did you mean --rooms?`, `rum` -> `Did you mean run?`; commander's own suggestions leave out the
 * flags that help hides.
 */
function suggest(message: string, program: Command): string {
  const [, kind, given] = /unknown (option|command) '([^'=]+)/.exec(message) ?? [];
  if (kind === undefined || given === undefined)
    return 'Try sockbench --help; sockbench list shows the names there are.';
  const commands = program.commands.map((command) => command.name());
  const flags = program.commands.flatMap(({ options }) => options.map(({ long }) => long ?? ''));
  const suggestion = nearest(given, kind === 'option' ? flags : commands);
  if (suggestion !== null) return `Did you mean ${suggestion}?`;
  if (kind === 'command') return `There are: ${commands.join(', ')}.`;
  const name = given.replace(/^--?/, '');
  return `Try sockbench --help; an option of a scenario of your own is given as --option ${name}=VALUE.`;
}

/** Known errors show a message and a hint, unknown ones their stack: they are bugs. */
function explain(cli: Cli, error: unknown, program: Command): ExitCode {
  if (error instanceof SockbenchError) {
    cli.err(`error: ${error.message}\n${error.hint === '' ? '' : `${error.hint}\n`}`);
    return error.exitCode;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.passed;
    const isHelp = error.code === 'commander.help';
    const message = error.message.replace(/\n\(Did you mean .*$/s, '');
    cli.err(isHelp ? '' : `${message}\n${suggest(error.message, program)}\n`);
    return EXIT.usage;
  }
  cli.err(
    `sockbench crashed; this is a bug in it.\n${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return EXIT.crash;
}
