import { flagOf, type Option, type OptionTable } from '../contract/options.ts';
import type { Scenario } from '../contract/scenario.ts';
import { fail, SockbenchError, withContext } from '../errors.ts';
import { PLAN_OPTIONS } from '../plan/options.ts';
import {
  combinationCount,
  type Factor,
  levelLabel,
  levelsOfArm,
  MAX_COMBINATIONS,
} from '../result/effects.ts';
import { didYouMean, list, plural, shellWord } from '../text.ts';
import { type ArmSpec, SHARED_FLAGS } from './arms.ts';
import { type ArmPlan, planArm } from './comparison-plan.ts';
import { type Flags, givenOptions, readFlags, SOURCE_OPTIONS } from './flags.ts';

/** Throws BAD_FACTOR. */
function badFactor(spec: string, problem: string, hint: string): never {
  return fail('BAD_FACTOR', `--vary ${shellWord(spec)}: ${problem}`, hint);
}

/** The values between commas; null for an open quote. One in quotes may hold commas: `node old.js,"node new.js 1,2"`. */
function splitValues(text: string): string[] | null {
  const parts = text.match(/(?<=^|,)(?:"[^"]*"|'[^']*'|[^,"'])*(?=,|$)/g) ?? [text];
  if (parts.join(',') !== text) return null;
  return parts.map((part) => part.trim().replace(/^(["'])(.*)\1$/s, '$2'));
}

/** The name of an option by its flag: `payloadType` for `payload-type`. */
function optionName(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The value of a flag at a level; a switch is on or off. */
function flagValue({ value }: Option<unknown>, level: string): string {
  if (value !== null) return level;
  const words = new Map([
    ['on', 'true'],
    ['off', 'false'],
  ]);
  return (
    words.get(level) ?? fail('BAD_OPTION', `"${level}" is neither on nor off`, 'A switch has on and off.')
  );
}

/** A factor, and the option that it varies. */
interface VariedOption extends Factor {
  readonly option: string;
  readonly definition: Option<unknown>;
}

/**
 * Reads the value of --vary: a flag of run without its dashes, and the values that it takes.
 *
 *     factor = flag "=" value { "," value }     ; a value in quotes may hold commas; a switch has on and off
 *
 * Throws BAD_FACTOR, FOREIGN_OPTION and what the option throws for a value that is not allowed.
 */
export function parseFactor(spec: string, scenario: Scenario): VariedOption {
  const [, name = '', values = ''] = /^\s*([^=\s]*)\s*=(.*)$/s.exec(spec) ?? [];
  if (name === '') {
    badFactor(spec, 'it is not NAME=VALUE,VALUE', 'Write --vary transport=websocket,polling.');
  }
  const option = optionName(name);
  const whyShared = SHARED_FLAGS.get(option)?.('combination');
  if (whyShared !== undefined) {
    badFactor(
      spec,
      `${whyShared}, so ${flagOf(option)} is no factor`,
      `Give ${flagOf(option)} beside --vary.`,
    );
  }
  const context = `--vary ${shellWord(spec)}`;
  withContext(context, () => givenOptions(scenario, { [option]: values }));
  const known: OptionTable = { ...PLAN_OPTIONS, ...scenario.options };
  const definition = Object.hasOwn(known, option) ? known[option] : undefined;
  if (definition === undefined || name !== flagOf(option).slice(2)) {
    const names = Object.keys(known).map((each) => flagOf(each).slice(2));
    const otherwise = `sockbench run ${shellWord(scenario.name)} --help-all lists the flags; leave out their dashes.`;
    return badFactor(spec, `"${name}" is not a flag that can be varied`, didYouMean(name, names, otherwise));
  }
  const levels =
    splitValues(values) ?? badFactor(spec, 'a quote is not closed', 'Close it, or quote it too.');
  const empty = levels.indexOf('');
  if (empty !== -1)
    badFactor(spec, `value ${empty + 1} is empty`, 'Leave out the comma, or quote the value.');
  const twice = levels.find((level, index) => levels.indexOf(level) < index);
  if (twice !== undefined) badFactor(spec, `"${twice}" is given twice`, 'Give each value once.');
  if (levels.length < 2) {
    const flag = definition.value === null ? flagOf(option) : `${flagOf(option)} ${shellWord(values)}`;
    badFactor(spec, 'a factor needs two or more values', `Add one, or give ${flag} beside --vary.`);
  }
  for (const level of levels) withContext(context, () => definition.parse(flagValue(definition, level)));
  return { name, levels, option, definition };
}

/** The combinations of all levels, as arms. The first has the first level of each factor. */
export interface Combinations {
  readonly factors: readonly Factor[];
  readonly arms: readonly ArmSpec[];
}

/** Reads every --vary. Throws BAD_FACTOR, also for a flag that is given beside it and for too many combinations. */
export function parseFactors(specs: readonly string[], scenario: Scenario, flags: Flags): Combinations {
  const varied = specs.map((spec) => parseFactor(spec, scenario));
  const { option: given } = readFlags({ option: SOURCE_OPTIONS.option }, flags);
  for (const [index, { option, name }] of varied.entries()) {
    const spec = specs[index] ?? '';
    if (varied.findIndex((each) => each.option === option) < index)
      badFactor(spec, `${name} is varied twice`, 'Give all of its values in one --vary.');
    if (flags[option] !== undefined)
      badFactor(spec, `${flagOf(option)} is given too`, `Leave out ${flagOf(option)}.`);
    if (given.some((pair) => pair.startsWith(`${option}=`)))
      badFactor(spec, `--option ${option} is given too`, `Leave out --option ${option}.`);
  }
  const factors = varied.map(({ name, levels }) => ({ name, levels }));
  const count = combinationCount(factors);
  if (count > MAX_COMBINATIONS) {
    const product = factors.map(({ levels }) => levels.length).join(' x ');
    fail(
      'BAD_FACTOR',
      `--vary: ${product} values are ${count} combinations; the maximum is ${MAX_COMBINATIONS}`,
      'Leave out values or factors.',
    );
  }
  const arms = Array.from({ length: count }, (_, arm) => combination(varied, levelsOfArm(factors, arm)));
  return { factors, arms };
}

function combination(varied: readonly VariedOption[], levels: readonly number[]): ArmSpec {
  const chosen = varied.map(({ name, levels: all, option, definition }, factor) => {
    const level = all[levels[factor] ?? 0] ?? '';
    const label = levelLabel(varied, factor, levels[factor] ?? 0);
    return { name, option, definition, level, label };
  });
  return {
    name: chosen.map(({ label }) => label).join(' '),
    spec: chosen.map(({ name, level }) => `${name}=${shellWord(level)}`).join(' '),
    flags: Object.fromEntries(
      chosen.map(({ option, definition, level }) => [option, flagValue(definition, level)]),
    ),
  };
}

/** Plans every combination. An error of some of them names those; one of all of them is that of the command. */
export async function planCombinations(
  scenarioName: string,
  { arms }: Combinations,
  flags: Flags,
): Promise<ArmPlan[]> {
  const planned = await Promise.allSettled(arms.map((arm) => planArm(scenarioName, arm, flags)));
  const failed = planned.flatMap((each, index) =>
    each.status === 'rejected' ? [{ name: arms[index]?.name ?? '', reason: each.reason as unknown }] : [],
  );
  const [first] = failed;
  if (first === undefined) return planned.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const { reason } = first;
  if (!(reason instanceof SockbenchError) || failed.length === arms.length) throw reason;
  const names = list(failed.map(({ name }) => `"${name}"`));
  throw new SockbenchError({
    ...reason,
    message: `--vary: ${plural(failed.length, 'combination')} of ${arms.length} cannot run, ${names}: ${reason.message}`,
    hint: `${reason.hint === '' ? '' : `${reason.hint} `}Or leave out that value, or give the combinations that can run as --arm.`,
    cause: reason,
  });
}
