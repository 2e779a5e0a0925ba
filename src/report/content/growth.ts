import { formatGrown, GROWING_TITLES, growthText, perMessageText } from '../../result/growth-text.ts';
import type { RunResult } from '../../result/run-result.ts';
import type { TestedGrowth } from '../../result/stored-soak.ts';
import { formatDurationMs } from '../../units.ts';
import { type Block, type Fact, tableBlock } from '../blocks.ts';
import { column, tabulate } from './table.ts';

type GrowthOf = TestedGrowth & { readonly sentHz: number };

const GROWTH_COLUMNS = [
  column(
    'growing',
    'quantity',
    'text',
    'what is tested for growth',
    ({ of }: GrowthOf) => GROWING_TITLES[of],
  ),
  column('verdict', 'verdict', 'text', 'whether it grows', ({ verdict, reason }: GrowthOf) =>
    reason === '' ? verdict : `${verdict}: ${reason}`,
  ),
  column('level', 'median', 'text', 'the median of the windows', ({ of, level }: GrowthOf) =>
    formatGrown(of, level),
  ),
  column('growth', 'growth (95 % CI)', 'text', 'growth per hour, with its interval', growthText),
  column('per_message', 'per message', 'text', 'growth per message that was sent', (growth: GrowthOf) =>
    perMessageText(growth, growth.sentHz),
  ),
  column(
    'margin',
    'tolerated',
    'text',
    'growth that counts as none',
    ({ of, marginPerHour }: GrowthOf) => `${formatGrown(of, marginPerHour)}/h`,
  ),
];

/** Whether memory, latency and losses grow; nothing for a run that was not tested. */
export function growthBlocks({ growth, rate }: RunResult): Block[] {
  const [first] = growth ?? [];
  if (growth === null || first === undefined) return [];
  const rows = growth.map((each) => ({ ...each, sentHz: rate.achievedHz }));
  const note = `${first.windows} windows of ${formatDurationMs(first.windowMs)}; the first fifth of the run is left out`;
  return tableBlock('Growth', tabulate(GROWTH_COLUMNS, rows), [note]);
}

/** What grows, by how much, and in one line what does not, for the end of a run. */
export function growthFacts({ growth, rate }: RunResult): Fact[] {
  const byVerdict = Map.groupBy(growth ?? [], ({ verdict }) => verdict);
  const grown = (byVerdict.get('grows') ?? []).flatMap((each) => {
    const perMessage = perMessageText(each, rate.achievedHz);
    const line = `${GROWING_TITLES[each.of]} grows: ${growthText(each)}`;
    return perMessage === null ? [line] : [line, `  ${perMessage} per message`];
  });
  const others = (['does not grow', 'cannot say'] as const).flatMap((verdict) => {
    const titles = (byVerdict.get(verdict) ?? []).map(({ of }) => GROWING_TITLES[of]);
    return titles.length === 0 ? [] : [`${verdict}: ${titles.join(', ')}`];
  });
  const lines = others.length === 0 ? grown : [...grown, others.join('; ')];
  return lines.map((line, at): Fact => [at === 0 ? 'growth' : '', line]);
}
