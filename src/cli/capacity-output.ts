import { type CapacityFormat, capacityFormats } from '../report/capacity/index.ts';
import { firstResult } from '../report/capacity/words.ts';
import type { Capacity } from '../result/capacity.ts';
import type { Cli } from './cli.ts';
import { loadPageAssets, pickFormats, reportName, writeOrRescue } from './output.ts';

/** For help. */
export const CAPACITY_FORMAT_NAMES = capacityFormats.map(({ name }) => name).join(', ');

/** Reads `--format text,html`; throws UNKNOWN_FORMAT. */
export function parseCapacityFormats(list: string): CapacityFormat[] {
  return pickFormats(list, capacityFormats);
}

function searchName(found: Capacity): string {
  const result = firstResult(found);
  return result === null ? 'capacity' : `capacity-${reportName(result)}`;
}

/** Writes one file per format and tells their paths. */
export async function writeCapacity(
  cli: Cli,
  folder: string,
  list: readonly CapacityFormat[],
  found: Capacity,
  isQuiet: boolean,
): Promise<void> {
  const assets = await loadPageAssets();
  for (const { extension, render } of list) {
    const file = `${searchName(found)}.${extension}`;
    const path = await writeOrRescue(cli, folder, file, render(found, assets));
    if (path !== null && !isQuiet) cli.err(`wrote ${path}\n`);
  }
}

/**
 * Text to stdout, or the one format asked for; everything else, and always the search itself, into `folder`. The
 * search comes first: from it all else can be made again.
 */
export async function deliverCapacity(
  cli: Cli,
  folder: string,
  list: readonly CapacityFormat[],
  found: Capacity,
  isQuiet: boolean,
): Promise<void> {
  await writeCapacity(cli, folder, parseCapacityFormats('json'), found, isQuiet);
  const [shown] = list.length === 1 ? list : list.filter(({ name }) => name === 'text');
  if (shown !== undefined) cli.out(shown.render(found, await loadPageAssets()));
  const files = [...new Set(list)].filter(({ name }) => name !== 'text' && name !== 'json');
  await writeCapacity(cli, folder, files, found, isQuiet);
}

/** A stored search again: to stdout, or into `folder`. Throws UNKNOWN_FORMAT for formats of runs only. */
export async function renderCapacityAgain(
  cli: Cli,
  folder: string | undefined,
  formats: string,
  found: Capacity,
): Promise<void> {
  const list = parseCapacityFormats(formats);
  if (folder !== undefined) return writeCapacity(cli, folder, list, found, false);
  const assets = await loadPageAssets();
  for (const { render } of list) cli.out(render(found, assets));
}
