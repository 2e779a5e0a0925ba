import type { Mapping } from '../contract/mapping.ts';
import type { Layout, Stream } from '../contract/scenario.ts';
import type { RecordedSeries } from '../measure/recorder.ts';
import { acrossHosts, ofPopulation } from '../measure/series.ts';
import { constantDelayNs, longestDelayNs, type NetworkPlan } from '../plan/network.ts';
import type { Plan } from '../plan/plan.ts';
import { isOfOneClient } from '../plan/population-load.ts';
import { withoutLink } from '../plan/population-series.ts';
import { isAsync } from '../user-files/named-functions.ts';
import type { WorkerContext } from './context.ts';
import type { ShardClock } from './messages.ts';

/** What latencies of populations depend on. */
export interface PopulatedWorker extends Pick<WorkerContext, 'populationOf' | 'linkOf' | 'sendsOverLinks'> {
  readonly plan: Pick<Plan, 'headline' | 'network' | 'populations'>;
  readonly layout: Pick<Layout, 'streams'>;
}

/** A delivery of a message that was due at a time. */
interface TimedDelivery {
  readonly dueNs: number;
  /** From the intended, and from the actual sending. */
  readonly latencyNs: number;
  readonly actualNs: number;
  /** Neither is below this where it is recorded. */
  readonly lowestNs: number;
}

/** Records latencies of the headline by the population that received, and without the constant delay of links. */
export class PopulationLatencies {
  readonly #run: PopulatedWorker;
  readonly #received: readonly RecordedSeries[];
  readonly #actual: readonly RecordedSeries[];
  readonly #without: RecordedSeries | null;
  readonly #delaysNs: readonly number[];

  /** `seriesOf` gives the series of a name. */
  constructor(run: PopulatedWorker, seriesOf: (name: string) => RecordedSeries) {
    const { headline, network, populations } = run.plan;
    this.#run = run;
    this.#received = populations.map(({ name }) => seriesOf(ofPopulation(headline, name)));
    this.#actual = populations.map(({ name }) => seriesOf(ofPopulation(`${headline}_actual`, name)));
    const hasLinks = network !== null && run.sendsOverLinks !== null;
    this.#without = hasLinks ? seriesOf(withoutLink(headline)) : null;
    this.#delaysNs = (network?.links ?? []).map(constantDelayNs);
  }

  record(receiver: number, stream: number, { dueNs, latencyNs, actualNs, lowestNs }: TimedDelivery): void {
    const population = this.#run.populationOf[receiver] ?? -1;
    this.#received[population]?.recordDue(Math.max(lowestNs, latencyNs), dueNs);
    this.#actual[population]?.recordDue(Math.max(lowestNs, actualNs), dueNs);
    this.#without?.recordDue(Math.max(0, latencyNs - this.#constantNs(receiver, stream)), dueNs);
  }

  /** The constant delay of the links of sender and receiver. */
  #constantNs(receiver: number, stream: number): number {
    const { linkOf, layout, sendsOverLinks } = this.#run;
    const { sender } = layout.streams[stream % layout.streams.length] ?? {};
    const senderLink = sendsOverLinks === true && sender !== undefined ? (linkOf[sender] ?? -1) : -1;
    return (this.#delaysNs[linkOf[receiver] ?? -1] ?? 0) + (this.#delaysNs[senderLink] ?? 0);
  }
}

/**
 * Returns the latencies for senders with a clock of each kind. Null where all clients of a run are alike and connect
 * directly, where its headline is not of single clients, and where the clock is unknown.
 */
export function populationLatencies(
  run: PopulatedWorker & Pick<WorkerContext, 'recorder'>,
): (clock: ShardClock['kind']) => PopulationLatencies | null {
  const { headline, network, populations } = run.plan;
  const isDivided = (network !== null || populations.length > 0) && isOfOneClient(headline);
  if (!isDivided) return () => null;
  const same = new PopulationLatencies(run, (name) => run.recorder.series(name));
  const other = new PopulationLatencies(run, (name) => run.recorder.series(acrossHosts(name)));
  return (clock) => (clock === 'same' ? same : clock === 'other' ? other : null);
}

/** How long the messages of each stream may take over the link of their sender, in nanoseconds; empty without links. */
export function sendersDelaysNs({
  network,
  streams,
  linkOf,
  sendsOverLinks: isOverLinks,
}: Pick<WorkerContext, 'linkOf' | 'sendsOverLinks'> & {
  readonly network: NetworkPlan | null;
  readonly streams: readonly Stream[];
}): readonly number[] {
  if (network === null || isOverLinks === false) return [];
  return streams.map(({ sender }) => {
    const link = network.links[linkOf[sender] ?? -1];
    return link === undefined ? 0 : longestDelayNs(link);
  });
}

/**
 * Whether a target sends its messages over the connections of clients, and not by HTTP requests of their own, which cross
 * no link. Null where its function is async or throws for made-up values.
 */
export function sendsOverLinks({ publish }: Mapping, { streams }: Pick<Layout, 'streams'>): boolean | null {
  const published = streams.map(({ operation }) => operation).find(({ kind }) => kind === 'publish');
  if (publish === undefined || published?.kind !== 'publish') return true;
  if (isAsync(publish)) return null;
  try {
    const { scope, room } = published;
    const client = { number: 0, values: {} };
    const sent = publish({
      ...{ payload: '', scope, room, client, id: 0 },
      to: published.to === undefined ? null : client,
    });
    if (sent instanceof Promise) sent.catch(() => {});
    return sent instanceof Promise ? null : !('url' in sent);
  } catch {
    return null;
  }
}
