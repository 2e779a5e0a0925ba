import type { Note } from './notes.ts';
import { type FileNames, printScenario } from './print-scenario.ts';
import { printTarget } from './print-target.ts';
import { type ReadOptions, readScript } from './script.ts';

export { commandToRun, type FileNames } from './print-scenario.ts';

/** What an import writes and reports. */
export interface Imported {
  readonly target: string;
  readonly scenario: string;
  /** In the order of their lines. */
  readonly notes: readonly Note[];
  /** The CSV files that the scenario reads, as the script names them. */
  readonly csvPaths: readonly string[];
}

/**
 * Turns an Artillery script into a target file and a scenario file. Text of the script becomes string literals and
 * comments, never code. Throws BAD_SCRIPT, UNSUPPORTED_ENGINE or NO_SUCH_ENVIRONMENT.
 */
export function importScript(
  text: string,
  names: FileNames,
  options: Pick<ReadOptions, 'environment' | 'readProcessor'>,
): Imported {
  const script = readScript(text, { name: names.script, ...options });
  return {
    target: printTarget(script, names.script),
    scenario: printScenario(script, names),
    notes: script.notes,
    csvPaths: script.payloads.map(({ path }) => path),
  };
}
