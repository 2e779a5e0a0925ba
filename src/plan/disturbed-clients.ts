import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';
import type { Disruption } from '../contract/disruption.ts';
import { flagOf } from '../contract/options.ts';
import { everyClient, type Layout } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { cutsConnections, isOfClients } from './disruptions.ts';
import { shuffled } from './shuffled.ts';

/** One time at which a disruption of the plan happens. */
export interface Occurrence {
  readonly disruption: Disruption;
  /** Its number in the plan. */
  readonly index: number;
  /** How often it has happened before. */
  readonly repetition: number;
  /** Time from the start of measuring. */
  readonly atMs: number;
  /** Numbers of the clients that it happens to, ascending. */
  readonly clients: readonly number[];
}

/** What the plan of a run says of its disruptions. */
interface DisturbingPlan {
  readonly clients: number;
  readonly disruptions: readonly Disruption[];
  readonly durationMs: number;
  readonly seed: number;
}

/**
 * The disruptions of a run in the order in which they happen, each as often as it does, without random ones. The same plan
 * gives the same clients and times in every process and every arm of a comparison.
 */
export function occurrencesOf(plan: DisturbingPlan, layout: Layout): Occurrence[] {
  const candidates = disturbableClients(layout, plan.clients);
  const all = plan.disruptions.flatMap((disruption, index) =>
    timesOf(disruption, plan.durationMs).map((atMs, repetition) => ({
      ...{ disruption, index, repetition, atMs },
      clients: isOfClients(disruption)
        ? clientsOf(disruption, { index, repetition, candidates, seed: plan.seed })
        : everyClient(plan.clients),
    })),
  );
  return all.toSorted((a, b) => a.atMs - b.atMs || a.index - b.index);
}

/** Whether a disruption leaves clients connected, and keeps them from reading what they get. */
export function readsSlowly(disruption: Pick<Disruption, 'kind'>): boolean {
  return !cutsConnections(disruption);
}

/**
 * The clients that the plan keeps from reading, and when it first does, in milliseconds from the start of measuring. What a
 * client gets later has waited for it, also when it reads again.
 */
export function slowReadersOf(plan: DisturbingPlan, layout: Layout): ReadonlyMap<number, number> {
  const fromMs = new Map<number, number>();
  if (!plan.disruptions.some(readsSlowly)) return fromMs;
  for (const { disruption, atMs, clients } of occurrencesOf(plan, layout)) {
    if (!readsSlowly(disruption)) continue;
    for (const client of clients) if (!fromMs.has(client)) fromMs.set(client, atMs);
  }
  return fromMs;
}

/** Clients that send nothing; all where each client sends. */
export function disturbableClients({ streams }: Layout, clients: number): number[] {
  const senders = new Set(streams.map(({ sender }) => sender));
  const others = everyClient(clients).filter((client) => !senders.has(client));
  return others.length > 0 ? others : everyClient(clients);
}

/** Checks that no disruption is of more clients than it may happen to. Throws BAD_DISRUPTION. */
export function requireEnoughClients(
  disruptions: readonly Disruption[],
  layout: Layout,
  clients: number,
): void {
  const candidates = disturbableClients(layout, clients).length;
  for (const { kind, clients: wanted, group } of disruptions) {
    const count = 'count' in wanted ? wanted.count : 1;
    const available = group === null ? candidates : Math.ceil((candidates - group.number + 1) / group.of);
    if (count <= available) continue;
    fail(
      'BAD_DISRUPTION',
      `${flagOf('disrupt')}: ${kind} clients=${count} is more than the ${available} that may be disturbed${group === null ? '' : ` in group ${group.number}/${group.of}`}`,
      'Clients that publish are disturbed only where all do. Give a share, such as clients=50%, or more --clients.',
    );
  }
}

/** When a disruption happens that has happened `repetition` times before, from the start of measuring. */
export function timeOfRepetition({ atMs, everyMs }: Disruption, repetition: number): number {
  return atMs + repetition * (everyMs ?? 0);
}

function timesOf(disruption: Disruption, durationMs: number): number[] {
  const { kind, atMs, everyMs, arrival } = disruption;
  if (arrival === 'poisson') return [];
  // Its interval is between the processes of the server.
  if (kind === 'rolling-restart') return [atMs];
  const count = everyMs === null ? 1 : Math.ceil((durationMs - atMs) / everyMs);
  return Array.from({ length: count }, (_, repetition) => timeOfRepetition(disruption, repetition));
}

/** A disruption that happens to each of its clients at random times. */
export type RandomDisruption = Pick<Occurrence, 'disruption' | 'index' | 'clients'>;

/** The random disruptions of a plan. */
export function randomDisruptionsOf(plan: DisturbingPlan, layout: Layout): RandomDisruption[] {
  const candidates = disturbableClients(layout, plan.clients);
  return plan.disruptions.flatMap((disruption, index) => {
    if (disruption.arrival !== 'poisson') return [];
    const choice = { index, repetition: 0, candidates, seed: plan.seed };
    return { disruption, index, clients: clientsOf(disruption, choice) };
  });
}

/** When a random disruption happens to a client, from the start of measuring, and for how long it stays offline. */
export interface RandomTime {
  readonly atMs: number;
  /** Null where the reconnect policy alone decides. */
  readonly forMs: number | null;
}

/** The times of a random disruption at one of its clients, in their order. The same plan gives the same times. */
export function* timesAtClient(
  { disruption, index }: RandomDisruption,
  client: number,
  { seed, durationMs }: Pick<DisturbingPlan, 'seed' | 'durationMs'>,
): Generator<RandomTime, void> {
  const random = mersenne(seed + (index + 1) * 1_000_003 + (client + 1) * 7919);
  const exponential = (meanMs: number) => -meanMs * Math.log(1 - uniformFloat64(random));
  const { everyMs, forMs: meanForMs } = disruption;
  let atMs = disruption.atMs;
  for (;;) {
    atMs += exponential(everyMs ?? durationMs);
    if (atMs >= durationMs) return;
    const forMs = meanForMs === null ? null : exponential(meanForMs);
    yield { atMs, forMs };
    atMs += forMs ?? 0;
  }
}

interface Choice {
  readonly index: number;
  readonly repetition: number;
  readonly candidates: readonly number[];
  readonly seed: number;
}

/** Repetitions take the clients in turn, so that each is disturbed as often as the others. */
function clientsOf({ clients, group }: Disruption, choice: Choice): number[] {
  const { index, repetition, candidates, seed } = choice;
  const order = shuffled(candidates, mersenne(group === null ? seed + (index + 1) * 1_000_003 : seed));
  const members = group === null ? order : order.filter((_, place) => place % group.of === group.number - 1);
  const wanted = 'share' in clients ? Math.round(clients.share * members.length) : clients.count;
  const count = Math.min(members.length, Math.max(1, wanted));
  const chosen = Array.from(
    { length: count },
    (_, place) => members[(repetition * count + place) % members.length],
  );
  return chosen.filter((client) => client !== undefined).toSorted((a, b) => a - b);
}
