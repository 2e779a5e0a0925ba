import { mersenne } from 'pure-rand/generator/mersenne';
import { everyClient } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { list } from '../text.ts';
import { formatNumber, formatPercent } from '../units.ts';
import type { Link } from './link.ts';
import { DIRECT } from './network.ts';
import type { PopulationOption, Portion } from './populations.ts';
import { shuffled } from './shuffled.ts';

/** A population with the number of its clients. */
export interface SizedPopulation extends Omit<PopulationOption, 'clients' | 'publishers'> {
  readonly clients: number;
  /** Null where the scenario chooses who publishes. */
  readonly publishers: number | null;
}

/** Who divides the clients of a run, and how the clients are called that are left. */
const DIVIDED_BY = {
  population: { flag: '--population', code: 'BAD_POPULATION', others: 'rest' },
  network: { flag: '--network', code: 'BAD_NETWORK', others: DIRECT },
} as const;

type DividedBy = (typeof DIVIDED_BY)[keyof typeof DIVIDED_BY];

const UNSPECIFIED = {
  text: '',
  clients: null,
  transport: null,
  link: null,
  publishers: null,
  rate: null,
  payload: null,
  payloadSizes: null,
} as const;

/** Throws BAD_POPULATION. */
export function badPopulation(problem: string, hint: string): never {
  return fail('BAD_POPULATION', `--population: ${problem}`, hint);
}

/**
 * The populations of a run, which have all of its clients: those that are given, or one for each link of --network that
 * has a share of the clients. Empty where all clients are alike. Throws BAD_POPULATION and BAD_NETWORK.
 */
export function sizePopulations(
  given: readonly PopulationOption[] | null,
  links: readonly Link[] | null,
  clients: number,
): readonly SizedPopulation[] {
  if (given === null) return populationsOfLinks(links ?? [], clients);
  if (links?.some(({ share }) => share !== null) === true)
    badPopulation(
      '--network has links for shares of the clients, and populations have links of their own',
      'Write link="rtt=200ms" in --population, and at most one link, without a share, in --network.',
    );
  return withPublishers(withSizes(given, clients, DIVIDED_BY.population));
}

/** One link for all clients divides nothing. */
function populationsOfLinks(links: readonly Link[], clients: number): SizedPopulation[] {
  const given = links.map((link) => {
    const { name, text, share } = link;
    return { ...UNSPECIFIED, name, text, link, clients: share === null ? null : { share } };
  });
  const sized = withSizes(given, clients, DIVIDED_BY.network);
  return sized.length < 2 ? [] : sized.map((population) => ({ ...population, publishers: null }));
}

type Divided = Omit<PopulationOption, 'clients'> & { readonly clients: number };

/** Divides clients, so that shares of 100 % have all of them. Those that are left are a population of their own. */
function withSizes(given: readonly PopulationOption[], clients: number, source: DividedBy): Divided[] {
  if (given.length === 0) return [];
  const refuse = (problem: string, hint: string) => fail(source.code, `${source.flag}: ${problem}`, hint);
  const unlimited = given.filter((each) => each.clients === null);
  if (unlimited.length > 1)
    refuse(
      `${list(unlimited.map(({ name }) => name))} have no number of clients, and only one population can have the rest`,
      'Add clients=20% to the others.',
    );
  const sizes = sizesOf(given, clients);
  const share = given.reduce(
    (sum, { clients: of }) => sum + (of !== null && 'share' in of ? of.share : 0),
    0,
  );
  const left = clients - sizes.reduce((sum, size) => sum + size, 0);
  if (share > 1 + 1e-9) refuse(`the shares are ${formatNumber(share * 100)} % together`, FEWER_CLIENTS);
  if (left < 0)
    refuse(`the populations have ${clients - left} clients, and the run has ${clients}`, FEWER_CLIENTS);
  for (const [at, { name, text, clients: wanted }] of given.entries()) {
    if (wanted === null || (sizes[at] ?? 0) > 0) continue;
    const whose = source === DIVIDED_BY.network ? `"${text}"` : name;
    refuse(`${whose}: ${portionText(wanted)} of ${clients} clients is less than one`, MORE_CLIENTS);
  }
  const [rest] = unlimited;
  if (rest !== undefined && left === 0) refuse(`no clients are left for ${rest.name}`, FEWER_CLIENTS);
  const sized = given.map((each, at) => ({
    ...each,
    clients: each.clients === null ? left : (sizes[at] ?? 0),
  }));
  if (left === 0 || rest !== undefined) return sized;
  if (given.some(({ name }) => name === source.others))
    refuse(
      `${source.others} is the name of the clients that are left`,
      'Rename it, or remove its clients=, so that it has them.',
    );
  return [...sized, { ...UNSPECIFIED, name: source.others, clients: left }];
}

/** Sizes by cumulative shares, so that rounding neither adds a client nor loses one. */
function sizesOf(given: readonly PopulationOption[], clients: number): number[] {
  let share = 0;
  return given.map(({ clients: wanted }) => {
    if (wanted === null) return 0;
    if ('count' in wanted) return wanted.count;
    const before = Math.round(share * clients);
    share += wanted.share;
    return Math.round(share * clients) - before;
  });
}

const FEWER_CLIENTS = 'Reduce clients= of a population; all of them together have at most all --clients.';
const MORE_CLIENTS = 'Give a larger share, or more --clients.';

function portionText(portion: Portion): string {
  return 'share' in portion ? formatPercent(portion.share) : String(portion.count);
}

/** Adds how many clients of each population publish. Where that is said of one, the others only receive. */
function withPublishers(sized: readonly Divided[]): SizedPopulation[] {
  if (sized.every(({ publishers }) => publishers === null))
    return sized.map((population) => ({ ...population, publishers: null }));
  const populations = sized.map((population) => ({ ...population, publishers: countPublishers(population) }));
  if (populations.every(({ publishers }) => publishers === 0))
    badPopulation('no client publishes', 'Add publishers=5% to a population, or remove publishers=0.');
  return populations;
}

function countPublishers({ name, clients, publishers }: Divided): number {
  if (publishers === null) return 0;
  const count = 'share' in publishers ? Math.round(publishers.share * clients) : publishers.count;
  if (count > clients)
    badPopulation(`${name} has publishers=${count}, and ${clients} clients`, 'Give fewer publishers.');
  if (count === 0 && 'share' in publishers && publishers.share > 0)
    badPopulation(
      `${name}: publishers=${portionText(publishers)} of ${clients} clients is less than one`,
      'Give a number such as publishers=1, or more clients.',
    );
  return count;
}

/** What dividing the clients of a run depends on. */
interface DividedRun {
  readonly populations: ReadonlyArray<{ readonly clients: number; readonly publishers: number | null }>;
  readonly clients: number;
  readonly seed: number;
}

/** The clients of each population in the order in which they were drawn: those that publish come first. */
function drawnClients({ populations, clients, seed }: DividedRun): number[][] {
  const order = shuffled(everyClient(clients), mersenne(seed));
  let next = 0;
  return populations.map(({ clients: size }) => {
    next += size;
    return order.slice(next - size, next);
  });
}

/**
 * The population of each client, as its index; empty where all clients are alike. Clients are drawn by the seed, and each
 * population takes the next ones, so that the same seed gives the same clients in every arm and every process.
 */
export function populationsOfClients(run: DividedRun): readonly number[] {
  const populationOf: number[] = [];
  if (run.populations.length === 0) return populationOf;
  for (const [index, members] of drawnClients(run).entries())
    for (const client of members) populationOf[client] = index;
  return populationOf;
}

/** The clients that publish, ascending; null where the scenario chooses them. */
export function publishersOfRun(run: DividedRun): readonly number[] | null {
  if (run.populations.every(({ publishers }) => publishers === null)) return null;
  return drawnClients(run)
    .flatMap((members, index) => members.slice(0, run.populations[index]?.publishers ?? 0))
    .toSorted((a, b) => a - b);
}

/** What the transports of a plan depend on. */
interface RunTransports<Name extends string> {
  readonly transport: Name;
  readonly populations: ReadonlyArray<{ readonly transport: Name }>;
}

/** The transports of a plan, each once: those of its populations where it has some. */
export function transportsInUse<Name extends string>({
  transport,
  populations,
}: RunTransports<Name>): readonly Name[] {
  return populations.length === 0 ? [transport] : [...new Set(populations.map((each) => each.transport))];
}

/** Whether all clients connect over websocket. */
export function isWebsocketOnly(plan: RunTransports<string>): boolean {
  return transportsInUse(plan).every((transport) => transport === 'websocket');
}

/** How many connections a client needs: while one waits for messages, polling sends over another. */
export function connectionsPerClient(plan: RunTransports<string>): number {
  return isWebsocketOnly(plan) ? 1 : 2;
}

/** The link of each client, as its index in those of the network; null for a client without one. */
export function linksOfClients(
  run: Omit<DividedRun, 'populations'> & {
    readonly populations: ReadonlyArray<DividedRun['populations'][number] & { readonly link: number | null }>;
    readonly network: object | null;
  },
): ReadonlyArray<number | null> {
  const { populations, network, clients } = run;
  if (network === null) return [];
  if (populations.length === 0) return everyClient(clients).map(() => 0);
  return populationsOfClients(run).map((index) => populations[index]?.link ?? null);
}
