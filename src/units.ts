import { fail } from './errors.ts';

/** Units by quantity, each in nanoseconds, bytes or events per second. */
export const UNITS: Readonly<Record<'duration' | 'bytes' | 'rate', Readonly<Record<string, number>>>> = {
  duration: { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 },
  bytes: { B: 1, kB: 1e3, MB: 1e6, KiB: 1024, MiB: 1024 ** 2 },
  rate: { '/s': 1, '/m': 1 / 60, '/h': 1 / 3600 },
};

const QUANTITY = /^(\d+(?:\.\d+)?)\s*(.*)$/;

/** Reads a number with one of the units. The number may have a fraction, but no sign. */
function parseQuantity(
  text: string,
  what: string,
  units: Readonly<Record<string, number>>,
  example: string,
): number {
  const [, digits, unit] = QUANTITY.exec(text.trim()) ?? [];
  const scale = unit !== undefined && Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (digits !== undefined && scale !== undefined) return Number(digits) * scale;
  const allowed = Object.keys(units).join(', ');
  const problem = digits !== undefined && unit === '' ? 'has no unit' : `is not a ${what}`;
  return fail(
    'BAD_QUANTITY',
    `"${text}" ${problem}; a ${what} is a number and one of the units ${allowed}`,
    `Write it like ${example}.`,
  );
}

/** Reads a duration such as `10s`, `250ms` or `1.5m`; returns nanoseconds. */
export function parseDurationNs(text: string): number {
  return Math.round(parseQuantity(text, 'duration', UNITS.duration, '10s or 250ms'));
}

/** Reads a duration; returns milliseconds. */
export function parseDurationMs(text: string): number {
  return parseDurationNs(text) / 1e6;
}

/** Reads a size such as `64B` or `4KiB`; returns whole bytes. */
export function parseBytes(text: string): number {
  return Math.round(parseQuantity(text, 'size', UNITS.bytes, '64B or 4KiB'));
}

/** Reads a rate such as `100/s` or `30/m`; returns events per second. */
export function parseRateHz(text: string): number {
  return parseQuantity(text, 'rate', UNITS.rate, '100/s');
}

/** Units for showing a time; each is [name, nanoseconds]. */
const TIME_STEPS: ReadonlyArray<readonly [string, number]> = [
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
  ['ns', 1],
];

/** Shows three significant digits, and all digits of a whole number: 0.123, 12.3, 1234. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toString();
  return Number(value.toPrecision(3)).toString();
}

/** Shows nanoseconds in the largest unit that keeps the number at 1 or more: `1.23 ms`. */
export function formatNs(valueNs: number): string {
  const [name, scale] = TIME_STEPS.find(([, step]) => Math.abs(valueNs) >= step) ?? ['ns', 1];
  return `${formatNumber(valueNs / scale)} ${name}`;
}

/** Shows a duration as on the command line: `10s`, `1.5s`, `250ms`. */
export function formatDurationMs(durationMs: number): string {
  return durationMs >= 1000
    ? `${formatNumber(Math.round(durationMs) / 1000)}s`
    : `${formatNumber(durationMs)}ms`;
}

/** Shows bytes in binary units: `64 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) < 1024) return `${Math.round(bytes)} B`;
  if (Math.abs(bytes) < 1024 ** 2) return `${formatNumber(bytes / 1024)} KiB`;
  return `${formatNumber(bytes / 1024 ** 2)} MiB`;
}

/** Shows a ratio as percent: `0.5 %`. */
export function formatPercent(ratio: number): string {
  return `${formatNumber(ratio * 100)} %`;
}

/** Shows a count with separated thousands: `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
