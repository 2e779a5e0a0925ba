import type { RunResult } from '../../result/run-result.ts';
import type { DisruptionOutcome } from '../../result/stored-absences.ts';
import { viewResult } from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatCount, formatFigure } from '../../units.ts';
import type { Fact } from '../blocks.ts';
import { formatValue } from './table.ts';

/** Whether an outcome is that of clients that leave and join at random times, which is no fault to recover from. */
export function isChurn(
  { disruption }: Pick<DisruptionOutcome, 'disruption'>,
  { disruptions }: Pick<RunResult['plan'], 'disruptions'>,
): boolean {
  const planned = disruptions[disruption ?? -1];
  return planned?.kind === 'leave' && planned.arrival === 'poisson';
}

/** How often clients left and joined, how many were members, and how long joining took; nothing in other runs. */
export function memberFacts(result: RunResult): Fact[] {
  const { members, plan, timing, disruptions } = result;
  if (members === null || !disruptions.some((outcome) => isChurn(outcome, plan))) return [];
  const rate = (count: number) => formatValue('rate', (count / timing.measureMs) * 1000);
  const { left, joined, mean, min, max } = members;
  const untried = disruptions.reduce((sum, outcome) => sum + outcome.untried, 0);
  const still = untried === 0 ? '' : `; ${plural(untried, 'client')} still away at the end, as planned`;
  return [
    [
      'churn',
      `${rate(left)} left (${formatCount(left)}), ${rate(joined)} joined (${formatCount(joined)})${still}`,
    ],
    ['', `${formatFigure(mean)} members on average, ${formatCount(min)} to ${formatCount(max)}`],
    ...joinFacts(result),
  ];
}

function joinFacts(result: RunResult): Fact[] {
  const view = viewResult(result);
  const histogram = view.histogram('rejoin');
  if (histogram === null) return [];
  const quantiles = [0.5, 0.95, 0.99].flatMap((quantile) => {
    const ns = view.quantileNs('rejoin', quantile);
    return ns === null ? [] : [`p${quantile * 100} ${formatValue('duration', ns)}`];
  });
  return [
    ['', `time to join: ${[...quantiles, `maximum ${formatValue('duration', histogram.maxNs)}`].join(', ')}`],
  ];
}
