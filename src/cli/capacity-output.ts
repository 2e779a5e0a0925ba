import { type CapacityFormat, capacityFormats } from '../report/content/capacity-formats.ts';
import { firstResult } from '../report/content/capacity-words.ts';
import type { Capacity } from '../result/capacity.ts';
import { pickFormats, reportName, sourceOf, type Written } from './output.ts';

/** For help. */
export const CAPACITY_FORMAT_NAMES = capacityFormats.map(({ name }) => name).join(', ');

/** Reads `--format text,html`; throws UNKNOWN_FORMAT. */
export function parseCapacityFormats(list: string): CapacityFormat[] {
  return pickFormats(list, capacityFormats);
}

export function writtenCapacity(found: Capacity): Written<Capacity, CapacityFormat> {
  const result = firstResult(found);
  const name = result === null ? 'capacity' : `capacity-${reportName(result)}`;
  return {
    document: found,
    source: sourceOf(capacityFormats),
    fileOf: ({ extension }) => `${name}.${extension}`,
  };
}
