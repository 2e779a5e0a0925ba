import { fail } from '../errors.ts';
import { formatBytes, parseBytes } from '../units.ts';

/** A distribution of sizes: percentiles in ascending order, and the limits that were given. */
export interface PayloadSizes {
  readonly percentiles: ReadonlyArray<{ readonly percent: number; readonly bytes: number }>;
  readonly minBytes: number | null;
  readonly maxBytes: number | null;
}

const MAX_SIZE_BYTES = 64 * 1024 ** 2;
const SIZES_HINT = "Write percentiles with sizes: 'p50=200B p99=8KiB', and min= or max= for limits.";

function refuseSizes(problem: string): never {
  return fail('BAD_OPTION', problem, SIZES_HINT);
}

/**
 * Reads a distribution of sizes. Throws BAD_OPTION for one that is impossible: a percentile that is below a lower one, or
 * outside of the limits.
 *
 * Grammar: terms between white space or commas; a term is `p` and a number between 0 and 100, `min` or `max`, then `=` and
 * a size.
 */
export function parsePayloadSizes(text: string): PayloadSizes {
  const sizes = new Map<string, number>();
  for (const term of text.split(/[\s,]+/).filter((each) => each !== '')) {
    const [, name = '', size = ''] = /^(p\d+(?:\.\d+)?|min|max)=(.+)$/.exec(term) ?? [];
    if (name === '') refuseSizes(`"${term}" is not a percentile or limit with a size`);
    if (sizes.has(name)) refuseSizes(`${name} is given twice`);
    const bytes = parseBytes(size);
    if (bytes > MAX_SIZE_BYTES) refuseSizes(`${term} is above 64MiB`);
    sizes.set(name, bytes);
  }
  const percentiles = [...sizes]
    .filter(([name]) => name.startsWith('p'))
    .map(([name, bytes]) => ({ percent: Number(name.slice(1)), bytes }))
    .toSorted((a, b) => a.percent - b.percent);
  const outside = percentiles.find(({ percent }) => percent <= 0 || percent >= 100);
  if (outside !== undefined)
    refuseSizes(`p${outside.percent} is not between 0 and 100; min= and max= are its limits`);
  if (percentiles.length === 0 || sizes.size < 2)
    refuseSizes(`"${text}" has too few sizes for a distribution`);
  const [minBytes, maxBytes] = [sizes.get('min') ?? null, sizes.get('max') ?? null];
  requireAscending([
    ...(minBytes === null ? [] : [['min', minBytes] as const]),
    ...percentiles.map(({ percent, bytes }) => [`p${percent}`, bytes] as const),
    ...(maxBytes === null ? [] : [['max', maxBytes] as const]),
  ]);
  return { percentiles, minBytes, maxBytes };
}

function requireAscending(terms: ReadonlyArray<readonly [name: string, bytes: number]>): void {
  for (const [index, [name, bytes]] of terms.entries()) {
    const [before, bytesBefore] = terms[index - 1] ?? [name, bytes];
    if (bytes < bytesBefore)
      refuseSizes(
        `${name}=${formatBytes(bytes)} is below ${before}=${formatBytes(bytesBefore)}, which is impossible`,
      );
  }
}

/**
 * Returns the quantile function, from 0 to 1. Sizes between two percentiles are spread evenly on a logarithmic scale. The
 * smallest is `min`, or what has room for the stamp; the largest is `max`, or the highest percentile.
 */
export function sizeAtQuantile(
  { percentiles, minBytes, maxBytes }: PayloadSizes,
  smallestBytes: number,
): (quantile: number) => number {
  const points = [
    { percent: 0, bytes: minBytes ?? smallestBytes },
    ...percentiles,
    { percent: 100, bytes: maxBytes ?? percentiles.at(-1)?.bytes ?? smallestBytes },
  ];
  return (quantile) => {
    const percent = quantile * 100;
    const next = Math.max(
      1,
      points.findIndex((point, index) => index > 0 && percent <= point.percent),
    );
    const [low = points[0], high = points[0]] = [points[next - 1], points[next]];
    if (low === undefined || high === undefined) return smallestBytes;
    const share = (percent - low.percent) / (high.percent - low.percent);
    return Math.round(low.bytes * (high.bytes / low.bytes) ** share);
  };
}
