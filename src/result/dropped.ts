import type { RunResult } from './run-result.ts';

/**
 * Counts the deliveries that are missing as dropped where the target declares that its server may drop them: they are no
 * losses. Returns any other result unchanged.
 */
export function withDropped<T extends Pick<RunResult, 'plan' | 'ledger' | 'intervals' | 'populations'>>(
  result: T,
): T {
  const { plan, ledger, intervals, populations } = result;
  if (!plan.target.droppable) return result;
  const anomalies = ledger.anomalies
    .map((account) => ({ ...account, lost: 0 }))
    .filter(({ late, duplicated, reordered, corrupted }) => late + duplicated + reordered + corrupted > 0);
  return {
    ...result,
    ledger: {
      ...ledger,
      dropped: ledger.dropped + ledger.lost,
      lost: 0,
      anomalies,
      anomalyCount: anomalies.length,
    },
    intervals: intervals.map((interval) => ({ ...interval, lost: 0 })),
    populations: populations.map(({ deliveries, ...population }) => ({
      ...population,
      deliveries: deliveries && { ...deliveries, dropped: deliveries.lost, lost: 0 },
    })),
  };
}
