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

/** Writes one file per format and tells their paths. */
async function writeComparison(
  cli: Cli,
  folder: string,
  list: Iterable<ComparisonFormat>,
  comparison: Comparison,
  isQuiet: boolean,
): Promise<void> {
  const assets = await loadPageAssets();
  for (const { file, render } of list) {
    const path = await writeOrRescue(cli, folder, file, render(comparison, assets));
    if (path !== null && !isQuiet) cli.err(`wrote ${path}\n`);
  }
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
  await writeComparison(cli, folder, parseComparisonFormats('json'), comparison, isQuiet);
  const [single] = list.length === 1 ? list : list.filter(({ name }) => name === 'text');
  if (single !== undefined) cli.out(single.render(comparison, await loadPageAssets()));
  const others = list.filter(({ name }) => name !== 'text' && name !== 'json');
  await writeComparison(cli, folder, new Set(others), comparison, isQuiet);
}

/** A stored comparison again: to stdout, or into `folder`. Throws UNKNOWN_FORMAT for formats of runs only. */
export async function renderComparisonAgain(
  cli: Cli,
  folder: string | undefined,
  formats: string,
  comparison: Comparison,
): Promise<void> {
  const list = parseComparisonFormats(formats);
  if (folder !== undefined) return writeComparison(cli, folder, list, comparison, false);
  const assets = await loadPageAssets();
  for (const { render } of list) cli.out(render(comparison, assets));
}
