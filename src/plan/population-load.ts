import type { Layout, Scenario } from '../contract/scenario.ts';
import type { Transport } from '../contract/target.ts';
import { fail, withContext } from '../errors.ts';
import { list, plural } from '../text.ts';
import { formatNumber } from '../units.ts';
import type { Link } from './link.ts';
import type { NetworkPlan } from './network.ts';
import { planPayload } from './payload-plan.ts';
import { badPopulation, populationsOfClients, type SizedPopulation } from './population-plan.ts';
import type { Population, PopulationOption } from './populations.ts';

/** The series that are also reported by population: each value belongs to one client. */
const OF_ONE_CLIENT: ReadonlySet<string> = new Set(['delivery', 'ack', 'reply']);

/** Whether each value of a headline belongs to one client, so that it is reported by population and link. */
export function isOfOneClient(headline: string): boolean {
  return OF_ONE_CLIENT.has(headline);
}

/** Checks that populations have a meaning for a scenario. Throws BAD_POPULATION. */
export function requirePopulated(
  { name, takesPublishers = false }: Scenario,
  headline: string,
  publishers: readonly number[] | null,
  hasOwnPublishers: boolean,
): void {
  if (!isOfOneClient(headline))
    badPopulation(
      `${name} measures ${headline}, which is not reported by population`,
      'Use a scenario that measures delivery, ack or reply, such as broadcast-latency, room-fanout, direct-messages or ack-roundtrip.',
    );
  if (publishers === null) return;
  if (!takesPublishers)
    badPopulation(
      `${name} chooses who publishes`,
      'Remove publishers= of the populations, or use broadcast-latency, room-fanout, direct-messages or ack-roundtrip.',
    );
  if (hasOwnPublishers)
    badPopulation(
      '--publishers is given, and publishers= of a population',
      'Remove one of them, also from the config.',
    );
}

/** What the populations of a run are planned from. */
interface PopulatedRun {
  readonly sized: readonly SizedPopulation[];
  /** Those that are given; null for those of links. */
  readonly population: readonly PopulationOption[] | null;
  readonly network: readonly Link[] | null;
  readonly layout: Layout;
  readonly clients: number;
  readonly seed: number;
  readonly transport: Transport;
  readonly driverOf: (transport: Transport) => string;
  readonly payloads: Parameters<typeof planPayload>[0];
}

/** Plans the populations of a run, and the links of all of its clients. Throws BAD_POPULATION, and as {@link planPayload} does. */
export function planPopulations(run: PopulatedRun): {
  readonly populations: readonly Population[];
  readonly links: readonly Link[] | null;
} {
  const { sized, population, network } = run;
  // The link of all clients, or of those whose population has none of its own.
  const others = sized.length === 0 || population !== null ? (network?.[0] ?? null) : null;
  const sending = sendersOf(run);
  const shares = rateShares(sized, sending);
  const populations = sized.map((each, index) => {
    const { name, text, clients, publishers: wanted, transport } = each;
    const publishers = sending[index]?.size ?? 0;
    if (wanted !== null && wanted > publishers)
      badPopulation(
        `${name}: ${publishers} of its ${plural(wanted, 'publisher')} are in a room`,
        'Give --clients as a multiple of --rooms, so that each client is in a room.',
      );
    const used = transport ?? run.transport;
    return {
      ...{ name, text, clients, publishers, transport: used, driver: run.driverOf(used) },
      link: linkIndex(sized, others, index),
      rateShare: shares[index] ?? null,
      ...ownPayload(each, publishers, run),
    };
  });
  return { populations, links: linksInOrder(sized, others) };
}

/** The clients of each population that send. */
function sendersOf({ layout, sized, clients, seed }: PopulatedRun): ReadonlyArray<ReadonlySet<number>> {
  const populationOf = populationsOfClients({ populations: sized, clients, seed });
  const senders = sized.map(() => new Set<number>());
  for (const { sender } of layout.streams) senders[populationOf[sender] ?? -1]?.add(sender);
  return senders;
}

/** The links that populations have of their own. */
function ownLinks(populations: readonly SizedPopulation[]): Link[] {
  return populations.flatMap(({ link }) => (link === null || link === 'none' ? [] : [link]));
}

/** The links that populations have: their own, then that of the others. */
function linksInOrder(sized: readonly SizedPopulation[], others: Link | null): readonly Link[] | null {
  const own = ownLinks(sized);
  const areAllOwn = sized.length > 0 && sized.every(({ link }) => link !== null);
  const links = others === null || areAllOwn ? own : [...own, others];
  return links.length === 0 ? null : links.map((link, at) => ({ ...link, name: `link${at + 1}` }));
}

/** The index of the link of a population in {@link linksInOrder}; null for a direct connection. */
function linkIndex(sized: readonly SizedPopulation[], others: Link | null, index: number): number | null {
  const { link = 'none' } = sized[index] ?? {};
  if (link === 'none') return null;
  if (link === null) return others === null ? null : ownLinks(sized).length;
  return ownLinks(sized.slice(0, index)).length;
}

function ownPayload(
  { name, payload, payloadSizes }: SizedPopulation,
  publishers: number,
  { payloads }: PopulatedRun,
): Pick<Population, 'payload' | 'payloadBytes'> {
  if (payload === null && payloadSizes === null) return { payload: null, payloadBytes: 0 };
  if (publishers === 0)
    badPopulation(`${name} has payloads, and none of its clients publishes`, PUBLISHES_NOTHING);
  const option = { payload: payload ?? 0, payloadSizes };
  return withContext(`--population ${name}`, () => planPayload({ ...payloads, ...option }));
}

const PUBLISHES_NOTHING = 'Add publishers=5% to it, or remove what only publishers have.';

/** The share of each population in the messages of the run; null where all publishers take turns. */
function rateShares(
  populations: readonly SizedPopulation[],
  sending: ReadonlyArray<ReadonlySet<number>>,
): ReadonlyArray<number | null> {
  if (populations.every(({ rate }) => rate === null)) return populations.map(() => null);
  const publishes = populations.map((_, index) => (sending[index]?.size ?? 0) > 0);
  const silent = populations.find(({ rate }, index) => rate !== null && publishes[index] === false);
  if (silent !== undefined)
    badPopulation(`${silent.name} has a rate, and none of its clients publishes`, PUBLISHES_NOTHING);
  const without = populations.filter(({ rate }, index) => rate === null && publishes[index] === true);
  if (without.length > 0)
    badPopulation(
      `${list(without.map(({ name }) => name))} publish and have no rate, and others have one`,
      'Add rate= to each population that publishes, or to none.',
    );
  const given = populations.map(({ rate }) => (rate === null ? 0 : 'hz' in rate ? rate.hz : rate.share));
  const total = given.reduce((sum, each) => sum + each, 0);
  const isOfShares = isByShares(populations);
  if (isOfShares && Math.abs(total - 1) > 1e-9)
    badPopulation(`the rates are ${formatNumber(total * 100)} % together`, 'Make them 100 %.');
  return given.map((each, index) => (publishes[index] === true ? each / total : null));
}

/** Checks that senders take turns, as a cool-down needs. Throws BAD_POPULATION. */
export function requireTurns(populations: readonly SizedPopulation[], cooldown: number | null): void {
  if (cooldown === null || populations.every(({ rate }) => rate === null)) return;
  badPopulation(
    '--sender-cooldown needs clients that send in turn, and populations have rates of their own',
    'Remove rate= of the populations, or --sender-cooldown.',
  );
}

function isByShares(populations: readonly SizedPopulation[]): boolean {
  const kinds = new Set(populations.flatMap(({ rate }) => (rate === null ? [] : ['hz' in rate])));
  if (kinds.size > 1)
    badPopulation('some rates are percentages, and others are not', 'Write all of them in one way.');
  return kinds.has(false);
}

/**
 * The rate of a run whose populations have rates: their sum; null where --rate has it. Throws BAD_POPULATION where both
 * are given.
 */
export function rateOfPopulations(
  populations: readonly SizedPopulation[],
  given: string | undefined,
): string | null {
  const rates = populations.flatMap(({ rate }) => (rate !== null && 'hz' in rate ? [rate.hz] : []));
  if (rates.length === 0) return null;
  if (given !== undefined)
    fail(
      'BAD_POPULATION',
      `--rate ${given} is given, and rates of populations, whose sum is the rate of the run`,
      'Remove one of them, also from the config, or write rate=20% for shares of --rate.',
    );
  return `${rates.reduce((sum, hz) => sum + hz, 0)}/s`;
}

/** Checks that the links of populations can be made apart from one another. Throws BAD_NETWORK. */
export function requireLinksApart(populations: readonly Population[], network: NetworkPlan | null): void {
  if (network?.via !== 'netem' || new Set(populations.map(({ link }) => link)).size < 2) return;
  fail(
    'BAD_NETWORK',
    '--network-via netem: all clients have the same link, and populations have others',
    'Use --network-via relay, or remove link= of the populations.',
  );
}
