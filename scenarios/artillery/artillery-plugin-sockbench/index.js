import { existsSync } from 'node:fs';

// In the repository the source beside it; elsewhere the package sockbench.
const source = new URL('../../../src/artillery/index.ts', import.meta.url);
const { SockbenchPlugin } = await import(existsSync(source) ? source.href : 'sockbench/artillery');

export const Plugin = SockbenchPlugin;
/** Has Artillery give its metrics in their present form. */
export const LEGACY_METRICS_FORMAT = false;
