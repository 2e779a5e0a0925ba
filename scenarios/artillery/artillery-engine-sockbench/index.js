import { existsSync } from 'node:fs';

// In the repository the source beside it; elsewhere the package sockbench.
const source = new URL('../../../src/artillery/index.ts', import.meta.url);
const { SockbenchEngine } = await import(existsSync(source) ? source.href : 'sockbench/artillery');

// Artillery takes the default export of an engine.
// biome-ignore lint/style/noDefaultExport: see above
export default SockbenchEngine;
