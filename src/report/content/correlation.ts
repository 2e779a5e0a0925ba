import type { RunResult } from '../../result/run-result.ts';
import { pluralOf } from '../../text.ts';
import { formatCount } from '../../units.ts';
import { type Block, type Fact, tableBlock } from '../blocks.ts';
import { QUANTILES, type QuantileName } from './quantile-columns.ts';
import { type Column, column, tabulate } from './table.ts';

/**
 * How successive samples are correlated by rank: `0.83 of successive requests, 0.56 of those 10 apart; within ±0.08, the
 * noise, from 54 apart`. Nothing where it is unknown.
 */
export function correlationFacts({ correlation, samples }: RunResult): Fact[] {
  if (correlation === null) return [];
  const { lags, noise, withinNoiseFrom } = correlation;
  const each = lags.map(({ lag, correlation: value }) => {
    const which =
      lag === 1 ? `of successive ${pluralOf(samples.unit)}` : `of those ${formatCount(lag)} apart`;
    return `${value.toFixed(2)} ${which}`;
  });
  const from =
    withinNoiseFrom === null
      ? 'not within noise at any distance'
      : `within noise (±${noise.toFixed(2)}) from ${formatCount(withinNoiseFrom)} apart`;
  return [['correlation', `by rank ${[...each, from].join(', ')}`]];
}

interface EffectiveOf {
  readonly series: string;
  readonly stored: RunResult['series'][string];
}

const EFFECTIVE_COLUMNS: ReadonlyArray<Column<EffectiveOf>> = [
  column('series', 'series', 'text', 'what is timed', ({ series }) => series),
  column('count', 'values', 'count', 'recorded values', ({ stored }) => stored.count),
  ...(Object.keys(QUANTILES) as QuantileName[]).map((name) =>
    column(
      `effective_${name}`,
      `for ${name}`,
      'count',
      `independent values that would estimate ${name} as precisely`,
      ({ stored }: EffectiveOf) => {
        const effective = stored.effectiveSamples[name];
        return effective === undefined ? null : Math.round(effective);
      },
    ),
  ),
];

const NOTE = 'the values count as so many independent ones; 0: too correlated to say anything';

/** As how many independent values those of each series count; nothing where that is unknown. */
export function effectiveBlocks({ series }: RunResult): Block[] {
  const rows = Object.entries(series)
    .map(([name, stored]) => ({ series: name, stored }))
    .filter(({ stored }) => Object.keys(stored.effectiveSamples).length > 0);
  return rows.length === 0 ? [] : tableBlock('Effective samples', tabulate(EFFECTIVE_COLUMNS, rows), [NOTE]);
}
