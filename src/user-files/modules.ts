import { readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { pathToFileURL } from 'node:url';
import { entryPath } from '../package.ts';

let isHooked = false;

/** TypeScript and JavaScript whose kind of module the nearest package.json decides. */
const MODULE_FORMATS: Readonly<Record<string, string>> = { ts: 'module-typescript', js: 'module' };
/** The beginning of a line that only a module has. `import(` is allowed everywhere. */
const MODULE_SYNTAX =
  /^[ \t]*(?:import\s*(?:["'{*]|type\s|[\w$]+\s*(?:,|from\b))|export\s*(?:[{*]|(?:default|const|let|function|async|class|type|interface)\b))/m;

/**
 * Resolves `sockbench` in files of the user to the running sockbench, wherever it is installed. A file with `import` or
 * `export` is always a module: in a CommonJS project, Node.js would warn of it or refuse it.
 */
export function resolveUserModules(): void {
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
