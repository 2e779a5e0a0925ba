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
  const [, digits, written] = QUANTITY.exec(text.trim()) ?? [];
  // Reports write the Greek letter, in one of its two code points.
  const unit = written?.replace(/^[\u00b5\u03bc]s$/, 'us');
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

/** Reads a rate in bytes such as `10KiB/s`, or `0` without a unit; returns bytes per second. */
export function parseByteRateHz(text: string): number {
  if (text.trim() === '0') return 0;
  const [, size = '', per = ''] = /^(.*)(\/[a-z]*)$/.exec(text.trim()) ?? [];
  const scale = Object.hasOwn(UNITS.rate, per) ? UNITS.rate[per] : undefined;
  if (scale !== undefined) return parseBytes(size) * scale;
  return fail(
    'BAD_QUANTITY',
    `"${text}" is not a size per time: a size with one of the units ${Object.keys(UNITS.bytes).join(', ')}, and ${Object.keys(UNITS.rate).join(', ')}`,
    'Write it like 10KiB/s, or 0 for nothing.',
  );
}

/** A unit in which values are shown, and how much of the stored unit it is. A null name is a plain number. */
export type ShownUnit = readonly [name: string | null, scale: number];
export type ShownUnits = readonly [ShownUnit, ...ShownUnit[]];

/** Units in which a time is shown, largest first, each with its nanoseconds. Machine-readable names say `us`. */
export const TIME_UNITS: ShownUnits = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
];

/** Units in which a size is shown, largest first, each with its bytes. */
export const BYTE_UNITS: ShownUnits = [
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['B', 1],
];

/** The largest unit that keeps a number at 1 or more once it is rounded to three digits; the last unit for less. */
export function unitFor(units: ShownUnits, value: number): ShownUnit {
  return units.find(([, scale]) => Math.abs(value) >= scale * 0.9995) ?? units.at(-1) ?? units[0];
}

/** Shows a setting: three significant digits without trailing zeros, and all digits of a whole number: 0.123, 12.3, 1234. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toString();
  return Number(value.toPrecision(3)).toString();
}

/** Shows a measured value with three significant digits, everywhere alike: 0.123, 1.20, 12.3, 1,230. */
export function formatFigure(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  if (Math.abs(value) < 0.001) return '<0.001';
  const text = value.toPrecision(3);
  return Math.abs(Number(text)) < 100 ? text : formatCount(Number(text));
}

/** Shows a measured rate or average: three significant digits, and every whole one: 1.20, 1,234. */
export function formatAverage(value: number): string {
  return Math.abs(value) < 100 ? formatFigure(value) : formatCount(Math.round(value));
}

/** Shows measured nanoseconds in the unit that suits them: `1.20 ms`. */
export function formatNs(valueNs: number): string {
  const [name, scale] = unitFor(TIME_UNITS, valueNs);
  return `${formatFigure(valueNs / scale)} ${name}`;
}

/** Shows a limit in nanoseconds, without trailing zeros: `1 ms`, `200 µs`. */
export function formatLimitNs(limitNs: number): string {
  const [name, scale] = unitFor(TIME_UNITS, limitNs);
  return `${formatNumber(limitNs / scale)} ${name}`;
}

/** Shows a duration as on the command line: `10s`, `1.5s`, `250ms`. */
export function formatDurationMs(durationMs: number): string {
  return durationMs >= 1000
    ? `${formatNumber(Math.round(durationMs) / 1000)}s`
    : `${formatNumber(durationMs)}ms`;
}

/** Shows a time of ISO 8601 to the minute: `2026-03-04 05:06`. */
export function formatMinute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

/** Shows bytes in binary units: `64 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) < 1024) return `${Math.round(bytes)} B`;
  if (Math.abs(bytes) < 1024 ** 2) return `${formatNumber(bytes / 1024)} KiB`;
  return `${formatNumber(bytes / 1024 ** 2)} MiB`;
}

/** Shows a ratio that was set as percent, without trailing zeros: `0.5 %`, `10 %`. */
export function formatPercent(ratio: number): string {
  return `${formatNumber(ratio * 100)} %`;
}

/** Shows a measured share of one as percent: `0.500 %`, `12.3 %`. */
export function formatShare(share: number): string {
  return `${formatFigure(share * 100)} %`;
}

/** Shows a count with separated thousands: `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** What a value is measured in: nanoseconds, bytes, events per second, shares from 0 to 1, or plain numbers. */
type UnitKind = 'duration' | 'bytes' | 'average' | 'rate' | 'share' | 'count';

const SHOWN_UNITS: Readonly<Record<UnitKind, ShownUnits>> = {
  duration: TIME_UNITS,
  bytes: BYTE_UNITS,
  average: [[null, 1]],
  rate: [['/s', 1]],
  share: [['%', 0.01]],
  count: [[null, 1]],
};

/** Shows a measured value with its unit, for people: `1.20 ms`, `117 B`, `12.3 %`. */
export function formatMeasured(kind: UnitKind, value: number): string {
  switch (kind) {
    case 'duration':
      return formatNs(value);
    case 'bytes': {
      const [name, scale] = unitFor(BYTE_UNITS, value);
      return `${formatFigure(value / scale)} ${name}`;
    }
    case 'share':
      return formatShare(value);
    case 'rate':
      return `${formatAverage(value)}/s`;
    case 'average':
      return formatAverage(value);
    case 'count':
      return formatCount(value);
  }
}

/** Rounds away a share of the value that only binary fractions have. */
const exact = (value: number) => Number(value.toPrecision(12));

/**
 * Shows the ends of an interval with as many digits as its width is worth, two or three, and at least one of the lower
 * end: `2.7-3.6`, `2.97-3.08`, `0.3-12`. They are rounded outwards, so that the figure between them stays there, and have
 * no separators, so that columns stay narrow. `>= 2.7` or `<= 3.6` where the other end is null, and null for neither.
 */
export function formatInterval(lower: number | null, upper: number | null): string | null {
  const largest = upper ?? lower;
  if (largest === null) return null;
  const magnitude = magnitudeOf(largest);
  const isWide = lower !== null && upper !== null && upper - lower >= 2 * 10 ** (magnitude - 1);
  const decimals = (isWide ? 1 : 2) - magnitude;
  const high = upper === null ? null : roundedEnd(upper, decimals, Math.ceil);
  if (lower === null) return `<= ${high}`;
  const low = roundedEnd(lower, Math.max(decimals, -magnitudeOf(lower)), Math.floor);
  return high === null ? `>= ${low}` : `${low}-${high}`;
}

/** The power of ten of the first digit that is shown; tenths for what is shown as nothing. */
function magnitudeOf(value: number): number {
  return value < 0.001 ? -1 : Math.floor(exact(Math.log10(value)));
}

function roundedEnd(end: number, decimals: number, round: (value: number) => number): string {
  const unit = 10 ** -decimals;
  const rounded = exact(round(exact(end / unit)) * unit);
  return rounded === 0 ? '0' : rounded.toFixed(Math.max(0, decimals));
}

/** Shows a measured value with its unit and the interval around it in the same unit: `3.02 ms (2.7-3.6)`. */
export function formatEstimate(
  kind: UnitKind,
  value: number,
  { lower, upper }: { readonly lower: number | null; readonly upper: number | null },
): string {
  const [, scale] = unitFor(SHOWN_UNITS[kind], value);
  const interval = formatInterval(
    lower === null ? null : lower / scale,
    upper === null ? null : upper / scale,
  );
  return `${formatMeasured(kind, value)}${interval === null ? '' : ` (${interval})`}`;
}

/** Shows a limit or a tolerance with its unit, without trailing zeros: `200 µs`, `8 MiB`, `10 %`. */
export function formatLimit(kind: UnitKind, limit: number): string {
  if (kind === 'duration') return formatLimitNs(limit);
  if (kind === 'bytes') return formatBytes(limit);
  return kind === 'share' ? formatPercent(limit) : formatNumber(limit);
}
