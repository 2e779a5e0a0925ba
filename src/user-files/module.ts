import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, SockbenchError } from '../errors.ts';
import { entryPath } from '../package.ts';

let isHooked = false;

/** What a user's file imports as `sockbench` is the sockbench that runs, wherever that is installed. */
function resolveOurselves(): void {
  if (isHooked) return;
  isHooked = true;
  const ourselves = pathToFileURL(entryPath('index')).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'sockbench' ? { url: ourselves, shortCircuit: true } : next(specifier, context),
  });
}

/**
 * Loads a file of the user's, TypeScript or JavaScript, and returns its default export. `what` says in errors what
 * it should hold. Throws NO_SUCH_FILE, BROKEN_FILE or NO_DEFAULT_EXPORT.
 */
export async function importUserModule(file: string, what: string): Promise<unknown> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new SockbenchError({
      code: 'NO_SUCH_FILE',
      message: `there is no file ${file}`,
      hint: `sockbench init writes a ${what} to start from.`,
    });
  }
  resolveOurselves();
  const module = await load(path, file, what);
  if ('default' in module) return module.default;
  throw new SockbenchError({
    code: 'NO_DEFAULT_EXPORT',
    message: `${file} has no default export`,
    hint: `Write export default with the ${what} in it.`,
  });
}

async function load(path: string, file: string, what: string): Promise<{ default?: unknown }> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    if (error instanceof SockbenchError) throw error;
    const unsupported = (error as NodeJS.ErrnoException).code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX';
    throw new SockbenchError({
      code: 'BROKEN_FILE',
      message: `${file} could not be loaded: ${messageOf(error)}`,
      hint: unsupported
        ? 'Node.js runs TypeScript by leaving the types out: no enums, namespaces, decorators or parameter properties.'
        : `Check the ${what}: node ${file} shows where it fails.`,
      cause: error,
    });
  }
}
