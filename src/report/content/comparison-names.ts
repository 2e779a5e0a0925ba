import type { Comparison } from '../../result/comparison.ts';
import { plain } from '../plain.ts';

/** The name of an arm, safe for one line. */
export function armName({ design }: Comparison, arm: number): string {
  return plain(design.arms[arm]?.name ?? `arm ${arm + 1}`);
}

export const baseName = (comparison: Comparison) => armName(comparison, 0);

/** `a`, `a and b`, `a, b and c` */
export function listed(parts: readonly string[], last = 'and'): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} ${last} ${parts.at(-1) ?? ''}`;
}
