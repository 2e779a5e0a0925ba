import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const BUN = join(import.meta.dirname, '../../node_modules/.bin/bun');
const READ = 'console.log(JSON.stringify(Bun.YAML.parse(await Bun.stdin.text())))';

/** Reads YAML 1.2 with Bun's parser; throws with its words. */
export function readYaml(text: string): unknown {
  return JSON.parse(execFileSync(BUN, ['-e', READ], { input: text, encoding: 'utf8', stdio: 'pipe' }));
}
