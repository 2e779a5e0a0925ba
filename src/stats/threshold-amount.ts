import { UNITS } from '../units.ts';
import { type Metric, type MetricUnit, metricUnit } from './metric.ts';
import type { NumberToken, Place } from './threshold-tokens.ts';

const ARMS = ['head', 'base'] as const;
/** Whose metric: of the arm under test, or of what it is compared with. A run is a head. */
export type Arm = (typeof ARMS)[number];

/** A metric, so many times. */
export interface Part {
  readonly factor: number;
  readonly metric: Metric;
  readonly arm: Arm;
}

/** A constant and metrics, added up; all in one unit. */
export interface Sum {
  readonly constant: number;
  readonly parts: readonly Part[];
}

/** A sum as it was written, whose unit the other side of the comparison may yet decide. */
export interface Amount extends Sum, Place {
  readonly kind: 'amount';
  /** What it may be counted in; of a count, also a share. */
  readonly units: readonly MetricUnit[];
  /** Whether it is numbers without a unit only. */
  readonly isPlain: boolean;
}

function plainAmount(constant: number, place: Place): Amount {
  // A count is whole; an average may be too.
  const units: readonly MetricUnit[] = Number.isInteger(constant) ? ['count', 'average'] : ['average'];
  return { kind: 'amount', constant, parts: [], units, isPlain: true, ...place };
}

function constantOf(constant: number, unit: MetricUnit, place: Place): Amount {
  return { kind: 'amount', constant, parts: [], units: [unit], isPlain: false, ...place };
}

/** A metric alone; a count may turn out to be counted as a share. */
export function metricAmount(metric: Metric, arm: Arm, { text, at }: Place): Amount {
  const unit = metricUnit(metric);
  const units: readonly MetricUnit[] = unit === 'count' ? ['count', 'share'] : [unit];
  return {
    kind: 'amount',
    constant: 0,
    parts: [{ factor: 1, metric, arm }],
    units,
    isPlain: false,
    text,
    at,
  };
}

/** A number with its unit; null for a unit that there is not. */
export function readQuantity(number: NumberToken): Amount | null {
  const { digits, unit, text, at } = number;
  const place = { text, at };
  if (unit === '') return plainAmount(Number(digits), place);
  // Dividing by 100 would make 0.7 % a little less than 7 of 1,000.
  if (unit === '%') return constantOf(Number(`${digits}e-2`), 'share', place);
  for (const kind of ['duration', 'bytes', 'rate'] as const) {
    const worth = Object.hasOwn(UNITS[kind], unit) ? UNITS[kind][unit] : undefined;
    if (worth === undefined) continue;
    const value = Number(digits) * worth;
    return constantOf(kind === 'duration' ? Math.round(value) : value, kind, place);
  }
  return null;
}

/** Every unit that a number may have. */
export const UNIT_NAMES = ['%', ...Object.values(UNITS).flatMap((units) => Object.keys(units))];

function namesOf(kind: keyof typeof UNITS): string {
  return `a number and one of the units ${Object.keys(UNITS[kind]).join(', ')}`;
}

interface UnitText {
  readonly name: string;
  readonly takes: string;
  readonly example: string;
  /** What a number without a unit lacks. */
  readonly suffix: string;
}

/** What is said of a unit where another was given. */
const UNIT_TEXTS: Readonly<Record<MetricUnit, UnitText>> = {
  duration: {
    name: 'a duration',
    takes: `a duration, ${namesOf('duration')}`,
    example: '50ms',
    suffix: 'ms',
  },
  bytes: { name: 'a size', takes: `a size, ${namesOf('bytes')}`, example: '64MiB', suffix: 'MiB' },
  rate: { name: 'a rate', takes: `a rate, ${namesOf('rate')}`, example: '100/s', suffix: '/s' },
  share: { name: 'a percentage', takes: 'a percentage', example: '5%', suffix: '%' },
  average: { name: 'a plain number', takes: 'a number without a unit', example: '1.5', suffix: '' },
  count: { name: 'a count', takes: 'a whole number', example: '0', suffix: '%' },
};

/** Why two amounts cannot be compared or added, which of them is to be changed, and how. */
export function explainMismatch(
  a: Amount,
  b: Amount,
): { readonly wrong: Amount; readonly problem: string; readonly hint: string } {
  // A number gives way to a metric, and one without a unit to one that has it.
  const isAsked = a.parts.length > 0 || (b.parts.length === 0 && !a.isPlain);
  const [asked, wrong] = isAsked ? [a, b] : [b, a];
  const texts = asked.units.map((unit) => UNIT_TEXTS[unit]);
  const [example] = texts.map((text) => (wrong.isPlain ? `${wrong.text}${text.suffix}` : text.example));
  const takes = texts.map((text) => text.takes).join(' or ');
  return {
    wrong,
    problem: `"${wrong.text}" ${faultOf(wrong, asked)}; ${asked.text} takes ${takes}`,
    hint: `Write it like ${example}.`,
  };
}

function faultOf(wrong: Amount, asked: Amount): string {
  const [unit = 'count'] = wrong.units;
  if (!wrong.isPlain) return `is ${UNIT_TEXTS[unit].name}`;
  return asked.units.includes('count') ? 'is not whole' : 'has no unit';
}

/** Units in which both can be counted. */
export function commonUnits(a: Amount, b: Amount): MetricUnit[] {
  return a.units.filter((unit) => b.units.includes(unit));
}

/** `a + sign * b`; the two have `units` in common. */
export function addAmounts(
  a: Amount,
  sign: 1 | -1,
  b: Amount,
  units: readonly MetricUnit[],
  place: Place,
): Amount {
  const constant = a.constant + sign * b.constant;
  if (a.isPlain && b.isPlain) return plainAmount(constant, place);
  const parts = [...a.parts, ...b.parts.map((part) => ({ ...part, factor: sign * part.factor }))];
  return { kind: 'amount', constant, parts, units, isPlain: false, ...place };
}

export function scaleAmount(factor: number, amount: Amount, place: Place): Amount {
  const constant = factor * amount.constant;
  if (amount.isPlain) return plainAmount(constant, place);
  const parts = amount.parts.map((part) => ({ ...part, factor: factor * part.factor }));
  return { ...amount, constant, parts, ...place };
}

/** The sum of an amount once its unit is known: counts become shares where that is what they are counted in. */
export function sumIn(unit: MetricUnit, { constant, parts }: Amount): Sum {
  const counted = parts.map(({ metric, ...rest }) => ({ ...rest, metric: countedIn(unit, metric) }));
  return { constant, parts: counted };
}

/** A count, where a share is asked for, is a share: `late<0.1%`. */
export function countedIn(unit: MetricUnit, metric: Metric): Metric {
  return unit === 'share' && metric.kind === 'count' ? { kind: 'share', name: metric.name } : metric;
}

/** In the sum's unit; null as soon as one of its metrics is unknown. */
export function sumValue({ constant, parts }: Sum, lookUp: (part: Part) => number | null): number | null {
  let total = constant;
  for (const part of parts) {
    const value = lookUp(part);
    if (value === null) return null;
    total += part.factor * value;
  }
  return total;
}
