import { formatCount, formatNumber } from '../../src/units.ts';
import type { ToolRun } from './record.ts';

/** Headings of {@link latencyCells}. */
export const LATENCY_HEADINGS = ['p50 ms', 'p99 ms', 'max ms'];

/** A figure for a table; a dash when the tool does not report it. */
export function figureCell(value: number | null | undefined): string {
  if (value == null) return '-';
  return Number.isInteger(value) ? formatCount(value) : formatNumber(value);
}

/** Milliseconds with their unit, for a sentence. */
export function msText(ms: number | null): string {
  return ms === null ? 'no value' : `${formatNumber(ms)} ms`;
}

/** The tool of a run and its variant. */
export function toolName({ tool, variant }: Pick<ToolRun, 'tool' | 'variant'>): string {
  return variant === '' ? tool : `${tool}, ${variant}`;
}

export function latencyCells({ report }: ToolRun): string[] {
  const { p50Ms, p99Ms, maxMs } = report?.latency ?? { p50Ms: null, p99Ms: null, maxMs: null };
  return [p50Ms, p99Ms, maxMs].map(figureCell);
}
