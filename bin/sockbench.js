#!/usr/bin/env node
// Plain JavaScript that any Node can parse, so that one that is too old gets a sentence and not a stack.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `sockbench needs Node.js 22.18 or later; this is ${process.version}.\n` +
      'Install a newer Node.js; inside the sockbench repository, npm run sockbench uses the one it pins.\n',
  );
  process.exitCode = 2;
} else {
  const { existsSync } = await import('node:fs');
  // The repository runs its TypeScript as it is; the published package holds only what was built from it.
  const source = new URL('../src/cli/main.ts', import.meta.url);
  await import(existsSync(source) ? source : new URL('../dist/src/cli/main.js', import.meta.url));
}
