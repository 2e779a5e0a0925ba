import { type ComparisonFormat, comparisonFormats } from '../report/comparison/index.ts';
import type { Comparison } from '../result/comparison.ts';
import type { Cli } from './cli.ts';
import { loadPageAssets, pickFormats, writeOrRescue } from './output.ts';

/** For help. */
export const COMPARISON_FORMAT_NAMES = comparisonFormats.map(({ name }) => name).join(', ');

/** Reads `--format text,junit`; throws UNKNOWN_FORMAT. */
export function parseComparisonFormats(list: string): ComparisonFormat[] {
  return pickFormats(list, comparisonFormats);
}

/** A folder of its own for what a comparison leaves: `gate-room-fanout-20261121-233355-042`; UTC. */
export function comparisonFolder(command: string, scenario: string, startedAt: Date): string {
  const when = startedAt.toISOString().slice(0, 23).replaceAll(/[-:]/g, '').replaceAll(/[T.]/g, '-');
  return `${command}-${scenario}-${when}`;
}

/**
 * Text to stdout, or the one format asked for; everything else, and always the rounds themselves, into `folder`.
 * The rounds come first: from them all else can be made again.
 */
export async function deliverComparison(
  cli: Cli,
  folder: string,
  list: readonly ComparisonFormat[],
  comparison: Comparison,
  isQuiet: boolean,
): Promise<void> {
  const assets = await loadPageAssets();
  const write = async ({ file, render }: ComparisonFormat) => {
    const path = await writeOrRescue(cli, folder, file, render(comparison, assets));
    if (!isQuiet) cli.err(`wrote ${path}\n`);
  };
  for (const format of parseComparisonFormats('json')) await write(format);
  const [single] = list.length === 1 ? list : list.filter(({ name }) => name === 'text');
  if (single !== undefined) cli.out(single.render(comparison, assets));
  for (const format of new Set(list)) {
    if (format.name !== 'text' && format.name !== 'json') await write(format);
  }
}
