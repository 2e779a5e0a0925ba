import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fail, SockbenchError } from '../errors.ts';
import { thrownText } from './process-guard.ts';
import { CLASSES, checkOf, isPromise, type ResultCheck, type ResultChecks, shownValue } from './results.ts';

export type AnyFunction = (...args: unknown[]) => unknown;

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
    const check = checkOf(results, names);
    if (check === CLASSES) return [key, inner];
    if (typeof inner === 'function') return [key, wrap(inner as AnyFunction, file, names, check)];
    if (check.parts !== undefined && inner !== undefined)
      return [key, nameParts(inner, file, names, check.parts)];
    return [key, isLiteral(inner) ? nameFunctions(inner, file, results, names) : inner];
  });
  return Object.fromEntries(wrapped);
}

/** Wraps the methods of an object, which may be an instance of a class. */
function nameParts(
  object: unknown,
  file: string,
  path: readonly string[],
  parts: NonNullable<ResultCheck['parts']>,
): object {
  const methods = object as Readonly<Record<string, AnyFunction>>;
  return Object.fromEntries(
    Object.entries(parts).map(([name, check]) => {
      const method = methods[name]?.bind(object);
      return [name, method && wrap(method, file, [...path, name], check)];
    }),
  );
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

/** Returns `calling`, which calls `work`, and counts as async where that is. */
export function asAsync<T extends object>(work: object, calling: T): T {
  if (asyncFunctions.has(work)) asyncFunctions.add(calling);
  return calling;
}

function wrap(work: AnyFunction, path: string, names: readonly string[], check: ResultCheck): AnyFunction {
  const file = basename(path);
  const name = names.join('.');
  const { isFitting, expected, mayWait, parts, fault = () => '' } = check;
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
      `${name} of ${file}${lineOfName(path, names)} returned ${shownValue(result)}${fault(result)}; it must return ${must}`,
      'docs/your-own-server.md and docs/scenario.md describe the functions of such files.',
    );
  const settle = (result: unknown) => {
    try {
      if (isFitting(result)) return parts === undefined ? result : nameParts(result, path, names, parts);
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
export function lineIn(file: string, error: unknown): string {
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
