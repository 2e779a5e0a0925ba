import { existsSync, readFileSync, statSync } from 'node:fs';
import nodeModule from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { fail, SockbenchError } from '../errors.ts';
import { entryPath } from '../package.ts';
import { didYouMean } from '../text.ts';
import { formatBytes } from '../units.ts';
import { thrownText, watchLoad } from './process-guard.ts';
import { checkOf, isPromise, type ResultCheck, type ResultChecks, shownValue } from './results.ts';

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
  resolveSockbench();
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

let isHooked = false;

/** TypeScript and JavaScript whose kind of module the nearest package.json decides. */
const MODULE_FORMATS: Readonly<Record<string, string>> = { ts: 'module-typescript', js: 'module' };
/** The beginning of a line that only a module has. `import(` is allowed everywhere. */
const MODULE_SYNTAX =
  /^[ \t]*(?:import\s*(?:["'{*]|type\s|[\w$]+\s*(?:,|from\b))|export\s*(?:[{*]|(?:default|const|let|function|async|class|type|interface)\b))/m;

/**
 * Resolves `sockbench` in files of the user to the running sockbench, wherever it is installed. A file with `import` or
 * `export` is a module whatever its package.json says: in a CommonJS project, Node.js would warn of it or refuse it.
 */
function resolveSockbench(): void {
  if (isHooked) return;
  isHooked = true;
  const url = pathToFileURL(entryPath('index')).href;
  nodeModule.registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'sockbench') return { url, shortCircuit: true };
      const found = next(specifier, context);
      const [, ending = ''] = /^file:.*\.([tj]s)$/.exec(found.url) ?? [];
      const format = MODULE_FORMATS[ending];
      if (format === undefined || found.url.includes('/node_modules/') || !hasModuleSyntax(found.url))
        return found;
      return { ...found, format };
    },
  });
}

function hasModuleSyntax(url: string): boolean {
  try {
    return MODULE_SYNTAX.test(readFileSync(new URL(url), 'utf8'));
  } catch {
    // Loading it names the error.
    return false;
  }
}

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * Wraps every function of a definition, so that its errors name the function and the line:
 * `publish of chat.target.ts (line 12) failed: ...`. A result that `results` rejects is such an error too. A
 * SockbenchError passes unchanged.
 */
export function nameFunctions<T extends object>(
  definition: T,
  file: string,
  results: ResultChecks = {},
  path: readonly string[] = [],
): T {
  const wrapped = Object.entries(definition).map(([key, inner]: [string, unknown]) => {
    const names = [...path, key];
    if (typeof inner === 'function')
      return [key, wrap(inner as AnyFunction, file, names, checkOf(results, names))];
    return [key, isLiteral(inner) ? nameFunctions(inner, file, results, names) : inner];
  });
  return Object.fromEntries(wrapped);
}

/** Whether a value is an object literal; an instance of a class keeps its methods. */
function isLiteral(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** An HTTP answer that a function threw, as an error with its status and body; anything else unchanged. */
async function answeredBy(thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof Response)) return thrown;
  const { status, statusText } = thrown;
  const body = await thrown.text().catch(() => '');
  return new Error(`HTTP status ${[status, statusText].join(' ').trim()}${body === '' ? '' : `: ${body}`}`);
}

/** Those of the wrapped functions that are declared async. */
const asyncFunctions = new WeakSet<object>();

/** Whether a function of a file is declared async: it may contact the server, so it is not called before a run. */
export function isAsync(work: object): boolean {
  return asyncFunctions.has(work);
}

function wrap(work: AnyFunction, path: string, names: readonly string[], check: ResultCheck): AnyFunction {
  const file = basename(path);
  const name = names.join('.');
  const { isFitting, expected, mayWait } = check;
  const failed = (error: unknown): never => {
    if (error instanceof SockbenchError) throw error;
    throw new SockbenchError({
      code: 'USER_FUNCTION',
      message: `${name} of ${file}${lineIn(file, error) || lineOfName(path, names)} failed: ${thrownText(error)}`,
      hint: 'The error comes from that file.',
      cause: error,
    });
  };
  const refuse = (result: unknown, must = expected): never =>
    fail(
      'USER_RESULT',
      `${name} of ${file}${lineOfName(path, names)} returned ${shownValue(result)}; it must return ${must}`,
      'docs/your-own-server.md and docs/scenario.md describe the functions of such files.',
    );
  const settle = (result: unknown) => {
    try {
      if (isFitting(result)) return result;
    } catch (error) {
      return failed(error);
    }
    return refuse(result);
  };
  const wrapped = function (this: unknown, ...args: unknown[]) {
    let result: unknown;
    let isLater: boolean;
    try {
      result = work.apply(this, args);
      isLater = isPromise(result);
    } catch (error) {
      return failed(error);
    }
    if (!isLater) return settle(result);
    if (mayWait)
      return Promise.resolve(result).then(settle, async (error) => failed(await answeredBy(error)));
    // What it throws later is of no use, and must not end the process.
    if (result instanceof Promise) result.catch(() => {});
    return refuse(result, `${expected}, and the function must not be async`);
  };
  if (work.constructor.name !== 'AsyncFunction') return wrapped;
  if (!mayWait) {
    fail(
      'USER_RESULT',
      `${name} of ${file}${lineOfName(path, names)} is async; it must return ${expected}, and the function must not be async`,
      'It is called for what the server sends, which is handled at once.',
    );
  }
  asyncFunctions.add(wrapped);
  return wrapped;
}

/** ` (line 12)`: the line of the file in the stack of an error; empty when it is not there. */
function lineIn(file: string, error: unknown): string {
  const stack = error instanceof Error ? String(error.stack) : '';
  const [, after = ''] = stack.split(`${file}:`, 2);
  const line = /^\d+/.exec(after)?.[0];
  return line === undefined ? '' : ` (line ${line})`;
}

/** ` (line 12)`: the line at which a file names a field, such as `encode` in `codec`; empty when it does not. */
function lineOfName(path: string, names: readonly string[]): string {
  try {
    const source = readFileSync(path, 'utf8');
    const fields = names.map(
      (name) => `(?<![\\w$])${name.replace(/[^\w]/g, '\\$&')}(?![\\w$])['"]?\\s*[(:,]`,
    );
    const found = new RegExp(fields.join('[^]*?')).exec(source);
    return found === null
      ? ''
      : ` (line ${source.slice(0, found.index + found[0].length).split('\n').length})`;
  } catch {
    return '';
  }
}
