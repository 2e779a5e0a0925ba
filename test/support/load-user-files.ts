/**
 * Child entry: loads files of a user as the command line does, one after the other, and prints each outcome as a line
 * of JSON. It is a process of its own because Vitest would compile the files. Arguments: kind, then files.
 */

import { SockbenchError } from '../../src/errors.ts';
import { loadConfig } from '../../src/user-files/config-file.ts';
import { guardProcess } from '../../src/user-files/process-guard.ts';
import { loadScenarioFile } from '../../src/user-files/scenario-file.ts';
import { clientValues, loadTargetFile } from '../../src/user-files/target-file.ts';
import { importUserFile } from '../../src/user-files/user-file.ts';

const LOADERS: Readonly<Record<string, (file: string) => Promise<unknown>>> = {
  module: (file) => importUserFile(file, 'target'),
  target: loadTargetFile,
  scenario: loadScenarioFile,
  config: loadConfig,
  /** The values of the clients 0 and 1. */
  clients: async (file) => {
    const values = await clientValues(await loadTargetFile(file), file);
    return [values(0), values(1)];
  },
};

async function outcomeOf(load: (file: string) => Promise<unknown>, file: string): Promise<object> {
  try {
    return { value: await load(file) };
  } catch (error) {
    if (!(error instanceof SockbenchError)) return { crash: String(error) };
    const { code, message, hint, exitCode } = error;
    return { error: { code, message, hint, exitCode } };
  }
}

guardProcess({
  onUserError: (message) => process.stderr.write(`${message}\n`),
  onCrash: (error) => {
    throw error;
  },
});

const [kind = '', ...files] = process.argv.slice(2);
const load = LOADERS[kind];
if (load === undefined) throw new Error(`there is no kind "${kind}"`);
for (const file of files) {
  const outcome = await outcomeOf(load, file);
  const text = JSON.stringify(outcome, (_key, value) => (typeof value === 'function' ? '[function]' : value));
  process.stdout.write(`${text}\n`);
}
