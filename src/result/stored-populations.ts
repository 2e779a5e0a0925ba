import { z } from 'zod';
import { countSchema, listOf, textSchema } from './bounded-schema.ts';

/** What became of the deliveries that the clients of a population expected, over the whole run. */
const deliveriesOfPopulation = z.object({
  expected: countSchema,
  delivered: countSchema,
  late: countSchema,
  lost: countSchema,
  missed: countSchema,
  dropped: countSchema,
  duplicated: countSchema,
  reordered: countSchema,
  corrupted: countSchema,
});

/** What the clients of a population did, and what they got. */
const populationResult = z.object({
  /** As in the plan. */
  name: textSchema,
  clients: countSchema,
  connected: countSchema,
  /** Clients that lost their connection for the rest of the run. */
  dropped: countSchema,
  /** Clients that publish or request, and the messages that they sent. */
  publishers: countSchema,
  sent: countSchema,
  /** Null where it is not known of each client, as without the report of a generator process, or in a shard. */
  deliveries: deliveriesOfPopulation.nullable(),
});

/** The populations of the plan, in its order; empty where all clients are alike. */
export const populationsSchema = listOf(populationResult).default([]);

export type StoredPopulation = z.infer<typeof populationResult>;
export type PopulationDeliveries = z.infer<typeof deliveriesOfPopulation>;

const OF_DELIVERIES = [
  ...(['expected', 'delivered', 'late', 'lost', 'missed', 'dropped'] as const),
  ...(['duplicated', 'reordered', 'corrupted'] as const),
];

/** Sums of deliveries by population, which accounts are added to. */
export class DeliverySums {
  readonly all: readonly PopulationDeliveries[];

  constructor(populations: number) {
    this.all = Array.from({ length: populations }, () => ({
      ...{ expected: 0, delivered: 0, late: 0, lost: 0, missed: 0, dropped: 0 },
      ...{ duplicated: 0, reordered: 0, corrupted: 0 },
    }));
  }

  /** Adds what one client, or each of `times`, got; nothing for a client of no population. */
  add(population: number, counts: Partial<PopulationDeliveries>, times = 1): void {
    const sum = this.all[population];
    if (sum !== undefined) for (const name of OF_DELIVERIES) sum[name] += times * (counts[name] ?? 0);
  }

  /** Whether all of them together are those of a ledger: what a lost process did not report is of no population. */
  addUpTo(ledger: Pick<PopulationDeliveries, 'expected' | 'delivered' | 'lost' | 'missed'>): boolean {
    const names = ['expected', 'delivered', 'lost', 'missed'] as const;
    return names.every((name) => this.all.reduce((sum, each) => sum + each[name], 0) === ledger[name]);
  }
}
