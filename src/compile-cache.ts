/**
 * Node's compile cache of sockbench's own processes, which shortens their start. bin/sockbench.js enables it unless the
 * user has configured one. Programs of the user get no cache from here: child entries import this module, which removes
 * the variables that only their own process reads.
 */
// By name, its functions could not be imported from old versions, which can show the help.
import module from 'node:module';
import { dirname } from 'node:path';

/** Node reads it at its start. */
const CACHE_VARIABLE = 'NODE_COMPILE_CACHE';
/** Set where the user has not chosen the folder. */
const OWN_CACHE_VARIABLE = 'SOCKBENCH_COMPILE_CACHE';

if (process.env[OWN_CACHE_VARIABLE] !== undefined) {
  delete process.env[CACHE_VARIABLE];
  delete process.env[OWN_CACHE_VARIABLE];
}

/** Adds the compile cache of this process to the environment of an own process. A folder of the user is in it already. */
export function withCompileCache(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folder = process.env[CACHE_VARIABLE] === undefined ? module.getCompileCacheDir() : undefined;
  // Node has appended its version.
  return folder === undefined
    ? env
    : { ...env, [CACHE_VARIABLE]: dirname(folder), [OWN_CACHE_VARIABLE]: '1' };
}

/**
 * Writes what this process has compiled, for one that is ended by a signal: Node does so at an exit only. Takes about a
 * millisecond if nothing is new.
 */
export function keepCompiled(): void {
  module.flushCompileCache();
}
