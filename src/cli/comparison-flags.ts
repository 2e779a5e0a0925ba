import type { Command } from 'commander';
import { integer, parseOptions } from '../contract/options.ts';
import { COMPARISON_FORMAT_NAMES } from './comparison-output.ts';
import { addCommonFlags, addRunFlags, collect } from './flags.ts';

/** Flags of compare and gate beside those of a run. */
export interface ComparisonFlags extends Readonly<Record<string, unknown>> {
  readonly rounds?: string;
  readonly metric?: readonly string[];
  readonly threshold?: readonly string[];
  readonly orderSeed?: string;
  readonly config?: string;
  readonly option?: readonly string[];
  readonly out?: string;
  readonly format?: string;
  readonly quiet?: boolean;
}

export function addComparisonFlags(command: Command, rounds: string, formats: string): void {
  command
    .option('--rounds <N>', rounds)
    .option(
      '--metric <NAME[:GROWTH[:FLOOR]]>',
      "what decides, 'delivery.p99:20%:1ms': growth and difference that are tolerated; up to three (default: median, last receiver or p95, server CPU)",
      collect,
    )
    .option(
      '--threshold <EXPR>',
      "fail with 99 unless it holds for the head, 'lost==0'; may be repeated",
      collect,
    )
    .option('--order-seed <N>', 'of the random order of arms in each round (default: 1)');
  addCommonFlags(command, {
    out: 'folder for the files (default: a new one in reports)',
    formats: COMPARISON_FORMAT_NAMES,
    usual: formats,
  });
  addRunFlags(command);
}

/** A number that was given as a flag, or what is usual. Throws BAD_OPTION, which names the flag. */
export function wholeNumber(
  name: 'rounds' | 'orderSeed',
  flags: ComparisonFlags,
  usual: number,
  [least, most]: readonly [number, number],
): number {
  const option = { value: 'N', default: String(usual), summary: '', parse: integer(least, most) };
  const given = flags[name];
  return parseOptions({ [name]: option }, given === undefined ? {} : { [name]: given })[name] ?? usual;
}
