#!/usr/bin/env node
// Plain JavaScript that every Node.js can parse, so that an old version gets a message instead of a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `sockbench needs Node.js 22.18 or later; this is ${process.version}.\n` +
      'Install a newer Node.js. In the sockbench repository, npm run sockbench uses the pinned version.\n',
  );
  process.exitCode = 2;
} else {
  const { existsSync } = await import('node:fs');
  // The repository runs its TypeScript; the published package contains only the built JavaScript.
  const source = new URL('../src/cli/main.ts', import.meta.url);
  await import(existsSync(source) ? source : new URL('../dist/src/cli/main.js', import.meta.url));
}
