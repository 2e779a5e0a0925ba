/**
 * Child entry: loads files of a user's as the command line does, one after the other, and prints what came of each as
 * a line of JSON. In a process of Node.js alone, because Vitest would compile them. Arguments: kind, then files.
 */

import { SockbenchError } from '../../src/errors.ts';
import { PLAN_OPTIONS } from '../../src/plan/options.ts';
import { loadConfig } from '../../src/user-files/config-file.ts';
import { importUserModule } from '../../src/user-files/module.ts';
import { loadScenarioFile } from '../../src/user-files/scenario-file.ts';
import { clientValues, loadTargetFile } from '../../src/user-files/target-file.ts';

const LOADERS: Readonly<Record<string, (file: string) => Promise<unknown>>> = {
  module: (file) => importUserModule(file, 'target'),
  target: loadTargetFile,
  scenario: loadScenarioFile,
  config: (file) => loadConfig(file, Object.keys(PLAN_OPTIONS)),
  /** What the clients 0 and 1 get. */
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

const [kind = '', ...files] = process.argv.slice(2);
const load = LOADERS[kind];
if (load === undefined) throw new Error(`there is no kind "${kind}"`);
for (const file of files) {
  const outcome = await outcomeOf(load, file);
  const text = JSON.stringify(outcome, (_key, value) => (typeof value === 'function' ? '[function]' : value));
  process.stdout.write(`${text}\n`);
}
