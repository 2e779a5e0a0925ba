import { formatFigure } from '../../units.ts';
import type { LineChart, LineGroup } from '../charts.ts';
import { extent } from './table.ts';

/** A line is flat when its values differ by at most this share of the largest. */
const FLAT_SHARE = 0.02;

/** The one value of a flat line, which is the middle of its smallest and its largest; null for a line that changes. */
function flatValue(y: ReadonlyArray<number | null>): number | null {
  const [min, max] = extent(y.filter((value) => value !== null)) ?? [0, 0];
  return max - min <= FLAT_SHARE * Math.abs(max) ? (min + max) / 2 : null;
}

/**
 * The values of a chart over time whose lines are all flat, as text: `100/s`, `server 12.1 %, generator 30.2 %`. Null for
 * a chart that must be drawn. Latencies are always drawn: a line of percentiles that does not change is a finding.
 */
export function flatText(
  { xAxis, hasPercentiles, lines, unit }: LineChart,
  runs: LineGroup['runs'],
): string | null {
  if (xAxis !== 'seconds' || hasPercentiles) return null;
  const space = unit === null || unit.startsWith('/') ? '' : ' ';
  const values = lines.map(({ run, label, y }) => ({ run, label, value: flatValue(y) }));
  if (values.some(({ value }) => value === null)) return null;
  const named = values.map(({ value, ...line }) => {
    return { ...line, text: `${formatFigure(value ?? 0)}${space}${unit ?? ''}` };
  });
  const texts = [...Map.groupBy(named, ({ run }) => run)].map(([run, ofRun]) => {
    const isOne = new Set(ofRun.map(({ text }) => text)).size === 1;
    const text = isOne ? ofRun[0]?.text : ofRun.map((each) => `${each.label} ${each.text}`).join(', ');
    return { label: runs[run]?.label ?? '', text: text ?? '' };
  });
  const isAlike = new Set(texts.map(({ text }) => text)).size === 1;
  if (isAlike) return texts[0]?.text ?? null;
  return texts.map(({ label, text }) => `${label}: ${text}`).join('; ');
}
