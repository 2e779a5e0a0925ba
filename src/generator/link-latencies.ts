import type { Mapping } from '../contract/mapping.ts';
import type { Layout, Stream } from '../contract/scenario.ts';
import type { RecordedSeries, Recorder } from '../measure/recorder.ts';
import { constantDelayNs, DIRECT, linkSeries, longestDelayNs, type NetworkPlan } from '../plan/network.ts';
import { isAsync } from '../user-files/named-functions.ts';

interface LinkedRun {
  readonly recorder: Recorder;
  readonly network: NetworkPlan;
  readonly headline: string;
  readonly streams: readonly Stream[];
  /** As {@link file://./context.ts} has it. */
  readonly linkOf: ReadonlyArray<number | null>;
  /** Whether messages reach the server over the links of their senders; null where that is unknown. */
  readonly sendsOverLinks: boolean | null;
}

/** Records latencies of the headline by the link of the client that received, and without the constant delay of links. */
export class LinkLatencies {
  readonly #run: LinkedRun;
  readonly #byLink: readonly RecordedSeries[];
  readonly #direct: RecordedSeries;
  readonly #without: RecordedSeries | null;
  readonly #delaysNs: readonly number[];

  constructor(run: LinkedRun) {
    const { recorder, network, headline } = run;
    this.#run = run;
    this.#byLink = network.links.map(({ name }) => recorder.series(`${headline}_${name}`));
    this.#direct = recorder.series(`${headline}_${DIRECT}`);
    this.#without = run.sendsOverLinks === null ? null : recorder.series(`${headline}_without_link`);
    this.#delaysNs = network.links.map(constantDelayNs);
  }

  record(receiver: number, stream: number, latencyNs: number): void {
    const { linkOf, streams, sendsOverLinks } = this.#run;
    const link = linkOf[receiver] ?? -1;
    (this.#byLink[link] ?? this.#direct).record(latencyNs);
    const { sender } = streams[stream % streams.length] ?? {};
    const senderLink = sendsOverLinks === true && sender !== undefined ? (linkOf[sender] ?? -1) : -1;
    const delayNs = (this.#delaysNs[link] ?? 0) + (this.#delaysNs[senderLink] ?? 0);
    this.#without?.record(Math.max(0, latencyNs - delayNs));
  }
}

/** Null where a run has no links, or where it is not known how often its headline crosses them. */
export function linkLatencies(run: Omit<LinkedRun, 'network'> & { readonly network: NetworkPlan | null }) {
  const { network, headline } = run;
  if (network === null || Object.keys(linkSeries(headline, network)).length === 0) return null;
  return new LinkLatencies({ ...run, network });
}

/** How long the messages of each stream may take over the link of their sender, in nanoseconds; empty without links. */
export function sendersDelaysNs({
  network,
  streams,
  linkOf,
  sendsOverLinks: isOverLinks,
}: Pick<LinkedRun, 'streams' | 'linkOf' | 'sendsOverLinks'> & {
  readonly network: NetworkPlan | null;
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
