#!/usr/bin/env node
// Plain JavaScript that every Node.js can parse, so that an old version gets a message instead of a stack trace.
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';

const [major, minor] = process.versions.node.split('.').map(Number);
const isOld = major < 22 || (major === 22 && minor < 18);
// The repository runs its TypeScript; the published package contains only the built JavaScript.
const source = new URL('../src/cli/main.ts', import.meta.url);
const isRepository = existsSync(source);
const words = process.argv.slice(2);
const isForInformation =
  words.length === 0 || words[0] === 'list' || words.some((word) => /^(-h|--help|--help-all)$/.test(word));

function refuse() {
  process.stderr.write(
    `sockbench needs Node.js 22.18 or later; this is ${process.version}.\n` +
      (isRepository
        ? 'npm run sockbench -- ARGUMENTS uses the version that npm ci installed. Or install a newer Node.js.\n'
        : 'Install a newer Node.js. A server of --exec can use another one: /path/to/node server.js.\n'),
  );
  process.exitCode = 2;
}

if (isOld && (words[0] === '--version' || words[0] === '-V')) {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  process.stdout.write(`${JSON.parse(manifest).version}\n`);
} else if (isOld && (isRepository || !isForInformation)) {
  refuse();
} else {
  // The user's own setting takes precedence. A folder that cannot be written is not used.
  module.enableCompileCache?.();
  const program = import(
    isRepository ? source.href : new URL('../dist/src/cli/main.js', import.meta.url).href
  );
  // Some old versions can load the package, which is enough for help and lists.
  if (isOld) program.catch(refuse);
}
