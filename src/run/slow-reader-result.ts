import { slowReadersOf } from '../plan/disturbed-clients.ts';
import type { StoredSlowReaders } from '../result/stored-absences.ts';
import type { BalancedAbsences } from './absences/balance.ts';
import { accountsOf } from './deliveries.ts';
import type { RunParts } from './phases.ts';

/** Counts what clients got that the plan kept from reading, apart from all others; null where it kept none. */
export function balanceSlowReaders(
  run: Pick<RunParts, 'plan' | 'membership' | 'collector'> & { readonly absent: BalancedAbsences },
): StoredSlowReaders | null {
  const fromMs = slowReadersOf(run.plan, run.membership.layout);
  if (fromMs.size === 0 || run.membership.crosses) return null;
  const accounts = accountsOf(run);
  const sumOf = (isMeant: (client: number) => boolean) => {
    const own = accounts.filter(({ receiver }) => isMeant(receiver));
    const sum = (name: 'expected' | 'delivered' | 'missed' | 'lost') =>
      own.reduce((total, each) => total + each[name], 0);
    return {
      clients: new Set(own.map(({ receiver }) => receiver)).size,
      ...{ expected: sum('expected'), delivered: sum('delivered') },
      ...{ missed: sum('missed'), lost: sum('lost') },
    };
  };
  return {
    fromMs: Math.min(...fromMs.values()),
    slow: sumOf((client) => fromMs.has(client)),
    others: sumOf((client) => !fromMs.has(client)),
  };
}
