/** Milliseconds of a unit as the package ms reads it, which Artillery uses. */
const SCRIPT_UNITS: ReadonlyArray<readonly [unit: RegExp, milliseconds: number]> = [
  [/^(?:milliseconds?|msecs?|ms)$/i, 1],
  [/^(?:seconds?|secs?|s)$/i, 1000],
  [/^(?:minutes?|mins?|m)$/i, 60_000],
  [/^(?:hours?|hrs?|h)$/i, 3_600_000],
  [/^(?:days?|d)$/i, 86_400_000],
];

/** Reads `10`, in seconds, or `500ms`, `2 min`. Null for anything else. */
export function durationMs(text: string): number | null {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  if (number === undefined || unit === undefined) return null;
  const value = Number(number);
  // A fraction without a unit is in milliseconds for ms, and in seconds for whoever wrote it.
  if (unit === '') return value * 1000;
  const known = SCRIPT_UNITS.find(([pattern]) => pattern.test(unit));
  return known === undefined ? null : value * known[1];
}
