import { globSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fail } from '../../src/errors.ts';
import { didYouMean } from '../../src/text.ts';

/** The package that holds Artillery and its scenarios. */
export const ARTILLERY_PACKAGE = join(import.meta.dirname, '../../scenarios/artillery');

/** The engine of a scenario that is named without one: the first that has it. */
const PREFERRED_ENGINES = ['sockbench', 'socketio', 'ws', 'socketio-v3'] as const;

/** A YAML file of scenarios/artillery/. */
export interface ArtilleryScenario {
  /** Folder and name, such as `socketio/ack-roundtrip`. The folder is the name of the engine. */
  readonly name: string;
  readonly file: string;
  /** The first line of the comment at its top. */
  readonly summary: string;
  /** The reference server that it runs against. */
  readonly server: 'socketio' | 'ws';
}

/** Reads all scenarios of the package, in the order of their names. */
export function artilleryScenarios(): ArtilleryScenario[] {
  return PREFERRED_ENGINES.flatMap((engine) => globSync(join(ARTILLERY_PACKAGE, engine, '*.yml')).sort()).map(
    readScenario,
  );
}

function readScenario(file: string): ArtilleryScenario {
  const text = readFileSync(file, 'utf8');
  const name = relative(ARTILLERY_PACKAGE, file)
    .replaceAll(sep, '/')
    .replace(/\.yml$/, '');
  const summary = /^# (.*)$/m.exec(text)?.[1] ?? '';
  return { name, file, summary, server: /^ {2}target: ws:/m.test(text) ? 'ws' : 'socketio' };
}

/**
 * Finds a scenario by its name, with or without its engine, or by the path of its file. Throws
 * UNKNOWN_ARTILLERY_SCENARIO.
 */
export function findArtilleryScenario(
  given: string,
  all: readonly ArtilleryScenario[] = artilleryScenarios(),
): ArtilleryScenario {
  const found =
    all.find(({ name, file }) => name === given || file === resolve(given)) ??
    all.find(({ name }) => withoutEngine(name) === given);
  if (found !== undefined) return found;
  const names = all.map(({ name }) => name);
  return fail(
    'UNKNOWN_ARTILLERY_SCENARIO',
    `there is no Artillery scenario "${given}"; available: ${names.join(', ')}`,
    didYouMean(given, [...names, ...names.map(withoutEngine)], 'npm run artillery describes each of them.'),
  );
}

function withoutEngine(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
