import { populationsOfClients } from '../../plan/population-plan.ts';
import type { RunResult } from '../run-result.ts';
import { DeliverySums, type StoredPopulation } from '../stored-populations.ts';
import type { LedgerSum } from './ledger-sum.ts';
import type { ShardResult } from './shard-set.ts';

const COUNTS_OF_CLIENTS = ['clients', 'connected', 'dropped', 'publishers', 'sent'] as const;

/** What the populations of a run did and got in all shards. */
export class PopulationSums {
  readonly #populations: StoredPopulation[] = [];
  #known: DeliverySums | null = null;
  #areAllKnown = true;

  add({ populations }: ShardResult): void {
    this.#known ??= new DeliverySums(populations.length);
    for (const [index, population] of populations.entries()) {
      const sum = this.#populations[index];
      if (sum === undefined) this.#populations.push({ ...population });
      else for (const name of COUNTS_OF_CLIENTS) sum[name] += population[name];
      if (population.deliveries === null) this.#areAllKnown = false;
      else this.#known.add(index, population.deliveries);
    }
  }

  /** Messages between shards are known to no shard alone, and are counted by the accounts of all receivers. */
  take(
    plan: RunResult['plan'],
    ledger: RunResult['ledger'],
    accounts: Pick<LedgerSum, 'accounts'>,
  ): StoredPopulation[] {
    const isByShard = this.#areAllKnown && this.#known?.addUpTo(ledger) === true;
    const sums = isByShard && this.#known !== null ? this.#known : this.#sumOf(plan, accounts);
    const isKnown = sums.addUpTo(ledger);
    return this.#populations.map((population, index) => {
      return { ...population, deliveries: isKnown ? (sums.all[index] ?? null) : null };
    });
  }

  #sumOf(plan: RunResult['plan'], accounts: Pick<LedgerSum, 'accounts'>): DeliverySums {
    const sums = new DeliverySums(this.#populations.length);
    const populationOf = populationsOfClients(plan);
    if (populationOf.length === 0) return sums;
    for (const { receivers, ...account } of accounts.accounts())
      for (const receiver of receivers) sums.add(populationOf[receiver] ?? -1, account);
    return sums;
  }
}
