import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { fail, SockbenchError } from '../errors.ts';
import { didYouMean } from '../text.ts';
import { formatBytes } from '../units.ts';
import { resolveUserModules } from './modules.ts';
import { type AnyFunction, lineIn, nameFunctions } from './named-functions.ts';
import { thrownText, watchLoad } from './process-guard.ts';
import type { ResultChecks } from './results.ts';

/** The files that a user writes, by what they define. */
const KINDS = {
  target: {
    code: 'BAD_TARGET_FILE',
    hint: 'Write export default defineTarget({...}); the editor then shows the fields.',
  },
  scenario: {
    code: 'BAD_SCENARIO_FILE',
    hint: 'Write export default defineScenario({...}); the editor then shows the fields.',
  },
  config: {
    code: 'BAD_CONFIG',
    hint: 'Its keys are the flags of sockbench run in camelCase; options of a scenario go into scenarios: { NAME: { ... } }.',
  },
} as const;

export type UserFileKind = keyof typeof KINDS;

/** Schema of a function. */
export const fn = z.custom<AnyFunction>((value) => typeof value === 'function', 'expected a function');

/**
 * Loads a file, checks its default export against a schema, and wraps its functions so that their errors name them.
 * Throws NO_SUCH_FILE, BROKEN_FILE or NO_DEFAULT_EXPORT, or the code of its kind for an export that does not fit.
 */
export async function loadUserFile<T extends object>(
  file: string,
  kind: UserFileKind,
  schema: z.ZodType<T>,
  results: ResultChecks = {},
): Promise<T> {
  const exported = await importUserFile(file, kind);
  const { code, hint } = KINDS[kind];
  let checked: z.ZodSafeParseResult<T>;
  try {
    checked = schema.safeParse(exported);
  } catch (error) {
    // A getter or a proxy of the user.
    return fail(
      code,
      `${file}${lineIn(basename(file), error)}: a field could not be read: ${thrownText(error)}`,
      hint,
    );
  }
  if (checked.success) return nameFunctions(checked.data, file, results);
  return fail(
    code,
    `${file} is not a valid ${kind}\n${z.prettifyError(checked.error)}`,
    hintForKey(checked.error, schema) ?? hint,
  );
}

/** Suggests the nearest field for the first unknown one; null when no field is unknown or none is near. */
function hintForKey({ issues }: z.ZodError, schema: z.ZodType): string | null {
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys');
  const hint = unknown === undefined ? '' : didYouMean(unknown.keys[0] ?? '', fieldsAt(schema, unknown.path));
  return hint === '' ? null : hint;
}

/** The names of the fields that a schema has at a path. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  if (!(inner instanceof z.ZodObject)) return [];
  const [key, ...rest] = path;
  if (key === undefined) return Object.keys(inner.shape);
  const next: unknown = inner.shape[String(key)];
  return next instanceof z.ZodType ? fieldsAt(next, rest) : [];
}

const MAX_MODULE_BYTES = 16 * 1024 ** 2;

/**
 * Why a file cannot be read, as a predicate; null when it can. Reading a named pipe would wait for a writer, and some
 * devices have no end.
 */
export function problemOfFile(path: string, maxBytes: number): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (stats.isDirectory()) return 'is a folder';
  if (!stats.isFile()) return 'is not a regular file';
  const { size } = stats;
  return size <= maxBytes ? null : `has ${formatBytes(size)}; the maximum is ${formatBytes(maxBytes)}`;
}

/** Imports a file of the user, TypeScript or JavaScript, and returns its default export. */
export async function importUserFile(file: string, kind: UserFileKind): Promise<unknown> {
  const path = resolve(file);
  if (!existsSync(path)) {
    fail('NO_SUCH_FILE', `the file ${file} does not exist`, `sockbench init writes a ${kind} to start from.`);
  }
  const problem = problemOfFile(path, MAX_MODULE_BYTES);
  if (problem !== null) fail('BROKEN_FILE', `${file} ${problem}`, KINDS[kind].hint);
  resolveUserModules();
  const { href } = pathToFileURL(path);
  const module: { default?: unknown } = await watchLoad(href, () => import(href)).catch((error: unknown) => {
    if (error instanceof SockbenchError) throw error;
    throw new SockbenchError({
      code: 'BROKEN_FILE',
      message: `${file}${lineIn(basename(file), error)} could not be loaded: ${thrownText(error)}`,
      hint: isUnsupportedSyntax(error)
        ? 'Node.js only strips types from TypeScript: enums, namespaces, decorators and parameter properties are not supported.'
        : `Check the ${kind}: node ${file} shows where it fails.`,
      cause: error,
    });
  });
  if ('default' in module) return module.default;
  const hint = `Export the ${kind} with export default.`;
  return fail('NO_DEFAULT_EXPORT', `${file} has no default export`, hint);
}

function isUnsupportedSyntax(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX';
}
