import { Command, CommanderError } from 'commander';
import { parseArgsStringToArgv } from 'string-argv';
import { SockbenchError } from '../errors.ts';
import { addRunFlags } from './flags.ts';

/** One side of a comparison, as it was asked for. */
export interface ArmSpec {
  readonly name: string;
  readonly spec: string;
  /** As commander read them. */
  readonly flags: Readonly<Record<string, unknown>>;
}

const NAMED = /^([\w.@+-]+):\s+(.*)$/s;

function refuse(spec: string, problem: string, hint: string): never {
  throw new SockbenchError({ code: 'BAD_ARM', message: `--arm "${spec}": ${problem}`, hint });
}

/**
 * Reads what an arm differs in.
 *
 *     arm = [ name ":" ] [ target ] { flag }     ; flags of run, quoted as in a shell
 *
 * `ws`; `polling: socketio --transport polling`; `--exec 'node new.js'`. Without a name, the target and the values
 * of the flags are the name. Throws BAD_ARM.
 */
export function parseArm(spec: string): ArmSpec {
  const [, given, named] = NAMED.exec(spec.trim()) ?? [];
  const words = parseArgsStringToArgv(named ?? spec);
  if (words.length === 0)
    refuse(spec, 'says nothing', "Write it like 'polling: socketio --transport polling'.");
  const [first = '', ...rest] = words;
  const args = first.startsWith('-') ? words : ['--target', first, ...rest];
  const name = given ?? args.filter((word) => !word.startsWith('--')).join(' ');
  return { name: name === '' ? spec.trim() : name, spec, flags: parseFlags(spec, args) };
}

function parseFlags(spec: string, args: readonly string[]): Readonly<Record<string, unknown>> {
  const command = new Command('arm').exitOverride().configureOutput({ writeOut() {}, writeErr() {} });
  addRunFlags(command);
  try {
    command.allowExcessArguments(false).parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const problem = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    refuse(spec, problem, 'An arm takes the flags of run: sockbench run --help lists them.');
  }
  return command.opts();
}

/** Reads all arms; throws BAD_ARM for fewer than two, or two of one name. */
export function parseArms(specs: readonly string[]): ArmSpec[] {
  if (specs.length < 2) {
    throw new SockbenchError({
      code: 'BAD_ARM',
      message: `a comparison needs two arms, and ${specs.length === 0 ? 'none was' : 'one was'} given`,
      hint: 'Give --arm twice or more; the first is the one that the others are compared with.',
    });
  }
  const arms = specs.map(parseArm);
  const twice = arms.find(({ name }, index) => arms.findIndex((arm) => arm.name === name) !== index);
  if (twice !== undefined) {
    refuse(
      twice.spec,
      `there are two arms of the name "${twice.name}"`,
      `Name them: --arm 'before: ${twice.spec}'.`,
    );
  }
  return arms;
}
