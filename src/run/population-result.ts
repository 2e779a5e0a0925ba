import { populationsOfClients } from '../plan/population-plan.ts';
import type { RunResult } from '../result/run-result.ts';
import { DeliverySums, type StoredPopulation } from '../result/stored-populations.ts';
import type { BalancedAbsences } from './absences/balance.ts';
import { accountsOf } from './deliveries.ts';
import type { RunParts } from './phases.ts';

type BalancedPopulations = Pick<RunParts, 'plan' | 'membership' | 'collector' | 'shard'> & {
  readonly absent: BalancedAbsences;
};

/** Counts what the clients of each population did and got; of a shard, its own clients. */
export function balancePopulations(
  run: BalancedPopulations,
  ledger: RunResult['ledger'],
): StoredPopulation[] {
  const { plan, membership, collector, shard } = run;
  if (plan.populations.length === 0) return [];
  const populationOf = populationsOfClients(plan);
  const clients = shard?.clients ?? populationOf.keys();
  const senders = membership.layout.streams.map(({ sender }) => sender);
  const own = new Set(senders.filter((sender) => !membership.isElsewhere(sender)));
  const count = (some: Iterable<number>) => countByPopulation(some, populationOf, plan.populations.length);
  const counts = {
    clients: count(clients),
    connected: count(membership.connected.map(({ client }) => client)),
    dropped: count(membership.cut.map(({ client }) => client)),
    publishers: count(own),
  };
  const sent = plan.populations.map(() => 0);
  for (const { stream, sent: messages } of collector.sent()) {
    const population = populationOf[senders[stream] ?? -1] ?? -1;
    sent[population] = (sent[population] ?? 0) + messages;
  }
  const sums = sumsOf(run, populationOf);
  const isKnown = !membership.crosses && sums.addUpTo(ledger);
  return plan.populations.map(({ name }, index) => ({
    name,
    clients: counts.clients[index] ?? 0,
    connected: counts.connected[index] ?? 0,
    dropped: counts.dropped[index] ?? 0,
    publishers: counts.publishers[index] ?? 0,
    sent: sent[index] ?? 0,
    deliveries: isKnown ? (sums.all[index] ?? null) : null,
  }));
}

function countByPopulation(
  clients: Iterable<number>,
  populationOf: readonly number[],
  populations: number,
): number[] {
  const counts = new Array<number>(populations).fill(0);
  for (const client of clients) {
    const population = populationOf[client] ?? -1;
    counts[population] = (counts[population] ?? 0) + 1;
  }
  return counts;
}

/** What each population got, by the accounts of all receivers. */
function sumsOf(run: BalancedPopulations, populationOf: readonly number[]): DeliverySums {
  const sums = new DeliverySums(run.plan.populations.length);
  for (const account of accountsOf(run)) sums.add(populationOf[account.receiver] ?? -1, account);
  return sums;
}
