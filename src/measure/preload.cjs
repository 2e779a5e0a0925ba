'use strict';
// Required by every Node.js process under the command of --exec, by way of NODE_OPTIONS. Plain CommonJS, so
// that an old Node.js, which cannot load the probe, still runs its server.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const compiled = join(__dirname, 'probe.js');
const isCompiled = existsSync(compiled);

if (isCompiled || process.features.typescript) {
  try {
    require(isCompiled ? compiled : join(__dirname, 'probe.ts'));
  } catch {
    // This Node.js cannot require ES modules. The coordinator takes the process's figures from the system.
  }
}
