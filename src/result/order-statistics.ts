/**
 * The median: the middle value in ascending order, or the mean of the two middle ones; NaN for no values. It is the only
 * median of plain values in sockbench. Medians of latencies are read from histograms.
 */
export function median(values: ArrayLike<number>): number {
  const ascending = Float64Array.from(values).sort();
  const middle = ascending.length / 2;
  const above = ascending[Math.floor(middle)] ?? Number.NaN;
  const below = ascending[Math.ceil(middle) - 1] ?? Number.NaN;
  return (below + above) / 2;
}

/**
 * The largest known value; null when none is known. Unlike `Math.max(...values)` it takes any number of values: those of
 * a long run overflow the stack.
 */
export function largest(values: ReadonlyArray<number | null>): number | null {
  return values.reduce(
    (most, value) => (most === null || (value !== null && value > most) ? value : most),
    null,
  );
}

/** Twice the midrank of each value among all of them, so that it is a whole number. */
export function doubledMidranks(values: readonly number[]): number[] {
  const ascending = Float64Array.from(values).sort();
  const doubled = new Map<number, number>();
  for (let first = 0; first < ascending.length; ) {
    const value = ascending[first] ?? 0;
    let end = first;
    while (ascending[end] === value) end++;
    // The ranks first + 1 to end share their mean.
    doubled.set(value, first + 1 + end);
    first = end;
  }
  return values.map((value) => doubled.get(value) ?? 0);
}
