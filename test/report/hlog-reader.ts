import { NsHistogram } from '../../src/result/view.ts';

/** One row of a log, read as the format says and not as we write it. */
export interface HlogRow {
  readonly tag: string;
  readonly startS: number;
  readonly lengthS: number;
  readonly maxMs: number;
  readonly histogram: NsHistogram;
}

/** Reads the tagged rows of an HdrHistogram log; throws when a line is neither one nor a comment or header. */
export function readHlog(log: string): HlogRow[] {
  return log
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('"'))
    .map((line) => {
      const [, tag, start, length, max, encoded] =
        /^Tag=([^,\s]+),([\d.]+),([\d.]+),([\d.]+),(\S+)$/.exec(line) ?? [];
      if (tag === undefined || encoded === undefined) throw new Error(`not a row: ${line}`);
      return {
        tag,
        startS: Number(start),
        lengthS: Number(length),
        maxMs: Number(max),
        histogram: NsHistogram.decode(encoded),
      };
    });
}

/** Adds up the rows of each tag. */
export function sumByTag(rows: readonly HlogRow[]): Map<string, NsHistogram> {
  const sums = new Map<string, NsHistogram>();
  for (const { tag, histogram } of rows) {
    const sum = sums.get(tag) ?? new NsHistogram();
    sums.set(tag, sum);
    sum.add(histogram);
  }
  return sums;
}
