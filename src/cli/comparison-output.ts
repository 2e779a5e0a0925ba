import { type ComparisonFormat, comparisonFormats } from '../report/content/comparison-formats.ts';
import type { Comparison } from '../result/comparison.ts';
import { pickFormats, sourceOf, timeInName, type Written } from './output.ts';

/** For help. */
export const COMPARISON_FORMAT_NAMES = comparisonFormats.map(({ name }) => name).join(', ');

/** Reads `--format text,junit`; throws UNKNOWN_FORMAT. */
export function parseComparisonFormats(list: string): ComparisonFormat[] {
  return pickFormats(list, comparisonFormats);
}

/** A folder of its own for what a comparison leaves: `gate-room-fanout-20261121-233355-042`; UTC. */
export function comparisonFolder(command: string, scenario: string, startedAt: Date): string {
  return `${command}-${scenario}-${timeInName(startedAt.toISOString())}`;
}

export function writtenComparison(comparison: Comparison): Written<Comparison, ComparisonFormat> {
  return { document: comparison, source: sourceOf(comparisonFormats), fileOf: ({ file }) => file };
}
