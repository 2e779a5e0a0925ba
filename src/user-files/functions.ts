import { basename } from 'node:path';
import { messageOf, SockbenchError } from '../errors.ts';

/**
 * A user's definition with every function in it wrapped, so that what one throws says which it was and where:
 * `publish of chat.target.ts (line 12) failed: ...`. Our own errors pass as they are.
 */
export function nameFunctions<T extends object>(definition: T, file: string): T {
  return wrapAll(definition, basename(file), '') as T;
}

function wrapAll(value: object, file: string, path: string): object {
  const wrapped = Object.entries(value).map(([key, inner]: [string, unknown]) => {
    const name = `${path}${key}`;
    if (isFunction(inner)) return [key, wrap(inner, file, name)];
    return [key, isPlain(inner) ? wrapAll(inner, file, `${name}.`) : inner];
  });
  return Object.fromEntries(wrapped);
}

/** An object literal: an instance of a class keeps its methods as they are. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

type AnyFunction = (...args: unknown[]) => unknown;

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function';
}

function wrap(work: AnyFunction, file: string, name: string): AnyFunction {
  return function (this: unknown, ...args) {
    try {
      return work.apply(this, args);
    } catch (error) {
      if (error instanceof SockbenchError) throw error;
      throw new SockbenchError({
        code: 'USER_FUNCTION',
        message: `${name} of ${file}${lineIn(file, error)} failed: ${messageOf(error)}`,
        hint: 'The error comes from that file.',
        cause: error,
      });
    }
  };
}

/** Where in the file it was thrown, as far as the stack tells. */
function lineIn(file: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const [, after = ''] = stack.split(`${file}:`, 2);
  const line = /^\d+/.exec(after)?.[0];
  return line === undefined ? '' : ` (line ${line})`;
}
