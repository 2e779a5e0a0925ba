import type { RunResult } from '../result/run-result.ts';

/** The stored document itself; an array of them for several. */
export function renderJson(results: readonly RunResult[]): string {
  return `${JSON.stringify(results.length === 1 ? results[0] : results, null, 2)}\n`;
}
