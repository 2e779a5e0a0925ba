import { Command, CommanderError } from 'commander';
import { parseArgsStringToArgv } from 'string-argv';
import { fail } from '../errors.ts';
import { shellWord } from '../text.ts';
import { addRunOptions, type Flags } from './flags.ts';

/** One side of a comparison as it was asked for. */
export interface ArmSpec {
  readonly name: string;
  readonly spec: string;
  /** Flags of this arm only. */
  readonly flags: Flags;
}

/** Flags that have one value for a whole comparison, and why; `each` is what it compares. */
export const SHARED_FLAGS: ReadonlyMap<string, (each: string) => string> = new Map([
  ['seed', (each: string) => `every ${each} has the same schedule`],
  ['profile', () => 'a server is slower with a profiler'],
]);

/**
 * Reads the value of --arm: what differs in this arm.
 *
 *     arm = [ name ":" ] [ target ] { flag }     ; flags of run, quoted as in a shell
 *
 * `ws`; `polling: socketio --transport polling`; `--exec 'node new.js'`. Without a name, the arm is called by its target
 * and the values of its flags. Throws BAD_ARM.
 */
export function parseArm(spec: string): ArmSpec {
  const [, given, named] = /^([\w.@+-]+):\s+(.*)$/s.exec(spec.trim()) ?? [];
  const words = parseArgsStringToArgv(named ?? spec);
  const [first, ...rest] = words;
  if (first === undefined)
    return badArm(spec, 'it is empty', "Write 'polling: socketio --transport polling'.");
  const args = first.startsWith('-') ? words : ['--target', first, ...rest];
  const name = given ?? args.filter((word) => !word.startsWith('--')).join(' ');
  return { name: name === '' ? spec.trim() : name, spec, flags: parseArmFlags(spec, args) };
}

/** Throws BAD_ARM. */
export function badArm(spec: string, problem: string, hint: string): never {
  return fail('BAD_ARM', `--arm "${spec}": ${problem}`, hint);
}

function parseArmFlags(spec: string, args: readonly string[]): Flags {
  const command = new Command('arm').exitOverride().configureOutput({ writeOut() {}, writeErr() {} });
  addRunOptions(command);
  try {
    command.allowExcessArguments(false).parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const problem = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    badArm(spec, problem, 'An arm takes the flags of run; sockbench run --help lists them.');
  }
  return command.opts();
}

/** Reads all arms. Throws BAD_ARM for fewer than two, and for two with the same name. */
export function parseArms(specs: readonly string[]): ArmSpec[] {
  if (specs.length < 2) {
    fail(
      'BAD_ARM',
      `a comparison needs at least two arms; ${specs.length} given`,
      'Give --arm twice or more, the base first, or what differs as --vary transport=websocket,polling.',
    );
  }
  const arms = specs.map(parseArm);
  const twice = arms.find(({ name }, index) => arms.findIndex((arm) => arm.name === name) !== index);
  if (twice !== undefined) {
    badArm(
      twice.spec,
      `another arm has the name "${twice.name}"`,
      `Name them: --arm ${shellWord(`before: ${twice.spec}`)}.`,
    );
  }
  return arms;
}
