import type { MetricUnit } from '../result/metrics.ts';
import { nearest } from '../text.ts';
import { UNITS } from '../units.ts';

interface UnitText {
  readonly name: string;
  /** What a value looks like. */
  readonly form: string;
  readonly example: string;
}

const unitsOf = (kind: keyof typeof UNITS) =>
  `a number with one of the units ${Object.keys(UNITS[kind]).join(', ')}`;

/** How values of each unit are written. */
export const UNIT_TEXTS: Readonly<Record<MetricUnit, UnitText>> = {
  duration: { name: 'a duration', form: unitsOf('duration'), example: '50ms' },
  bytes: { name: 'a size', form: unitsOf('bytes'), example: '64MiB' },
  rate: { name: 'a rate', form: unitsOf('rate'), example: '100/s' },
  share: { name: 'a percentage', form: 'a number with %', example: '5%' },
  average: { name: 'a plain number', form: 'a number without a unit', example: '1.5' },
  count: { name: 'a count', form: 'a whole number, or a number with %', example: '0 or 0.1%' },
};

const VALUE = /^(\d+(?:\.\d+)?)(.*)$/s;

/**
 * Reads a value of one unit: conditions, and the growth and the floor of --metric.
 *
 *     value = digits [ "." digits ] [ unit ]
 *     unit  = "ns" | "us" | "ms" | "s" | "m" | "h"     ; durations, in nanoseconds
 *           | "B" | "kB" | "MB" | "KiB" | "MiB"        ; sizes, in bytes
 *           | "/s" | "/m" | "/h"                       ; rates, per second
 *           | "%"                                      ; shares, from 0 to 1
 *
 * Averages and counts have no unit, and counts are whole. Null for anything else.
 */
export function parseValue(unit: MetricUnit, text: string): number | null {
  const [, digits, suffix = ''] = VALUE.exec(text.trim()) ?? [];
  if (digits === undefined) return null;
  const name = suffix.replace(/\s/g, '');
  switch (unit) {
    case 'count':
      return name === '' && /^\d+$/.test(digits) ? Number(digits) : null;
    case 'average':
      return name === '' ? Number(digits) : null;
    case 'share':
      // Dividing by 100 would make 0.7 % a little less than 7 of 1,000.
      return name === '%' ? Number(`${digits}e-2`) : null;
    default: {
      const worth = Object.hasOwn(UNITS[unit], name) ? UNITS[unit][name] : undefined;
      if (worth === undefined) return null;
      return unit === 'duration' ? Math.round(Number(digits) * worth) : Number(digits) * worth;
    }
  }
}

/** Why {@link parseValue} is null, and what to write. */
export function explainValue(unit: MetricUnit, text: string): { problem: string; hint: string } {
  const { name, form, example } = UNIT_TEXTS[unit];
  const [, digits, suffix = ''] = VALUE.exec(text.trim()) ?? [];
  const names = unit in UNITS ? Object.keys(UNITS[unit as keyof typeof UNITS]) : [];
  const near = suffix === '' ? null : nearest(suffix.trim(), names);
  const what = digits !== undefined && suffix === '' && names.length > 0 ? 'has no unit' : `is not ${name}`;
  const hint = near === null ? `Write it like ${example}.` : `Did you mean ${digits}${near}?`;
  return { problem: `"${text}" ${what}; write ${form}`, hint };
}
