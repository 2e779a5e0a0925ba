import { mersenne } from 'pure-rand/generator/mersenne';
import { z } from 'zod';
import { isSecure, parseAddress, requireAllowedHost } from '../contract/address.ts';
import { everyClient } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { formatPercent } from '../units.ts';
import { type Link, linkSchema } from './link.ts';
import { shuffled } from './shuffled.ts';

/** What makes the links: a relay process of sockbench, a running Toxiproxy, or the kernel. */
const VIA = ['relay', 'toxiproxy', 'netem'] as const;

export const networkSchema = z
  .object({
    via: z.enum(VIA),
    /** URL of the HTTP API of Toxiproxy; null for the others. */
    toxiproxy: z.string().nullable(),
    links: z.array(linkSchema).readonly(),
  })
  .readonly();

export type NetworkPlan = z.infer<typeof networkSchema>;

/** The value of --network-via. */
export type NetworkVia = Pick<NetworkPlan, 'via' | 'toxiproxy'>;

/** Reads `relay`, `netem` or `toxiproxy=HOST:PORT`. Throws BAD_OPTION. */
export function parseNetworkVia(text: string): NetworkVia {
  if (text === 'relay' || text === 'netem') return { via: text, toxiproxy: null };
  const [, host] = /^toxiproxy=(?:http:\/\/)?([^/@?#]+:\d+)\/?$/.exec(text) ?? [];
  const url = host === undefined ? null : parseAddress(`http://${host}`);
  if (url !== null) return { via: 'toxiproxy', toxiproxy: url.origin };
  return fail(
    'BAD_OPTION',
    `"${text}" is neither relay, netem nor toxiproxy=HOST:PORT`,
    'Write toxiproxy=127.0.0.1:8474 with the address of its HTTP API.',
  );
}

/** The properties that each way cannot make, and which one can. */
function impossibleWith({ via }: NetworkVia, link: Link): string | null {
  const onlyRelay = [
    [link.stall !== null, 'stall'],
    [link.resetAfterBytes !== null, 'reset after bytes'],
    [link.idleTimeoutMs !== null, 'idle-timeout'],
    [link.swallowUpgrade, 'swallow-upgrade'],
  ] as const;
  const notByNetem = [
    ...onlyRelay,
    [link.sliceBytes !== null, 'slice'],
    [link.resetAfterMs !== null, 'reset'],
    [link.share !== null, 'a share of the clients'],
  ] as const;
  const loss = [link.loss > 0, 'loss'] as const;
  const impossible = { relay: [loss], toxiproxy: [...onlyRelay, loss], netem: notByNetem }[via];
  return impossible.find(([isAsked]) => isAsked)?.[1] ?? null;
}

/** Checks that the links can be made in the way that was asked for. Throws BAD_NETWORK. */
function requirePossibleLinks(via: NetworkVia, links: readonly Link[]): void {
  for (const link of links) {
    const impossible = impossibleWith(via, link);
    if (impossible === null) continue;
    fail(
      'BAD_NETWORK',
      `--network "${link.text}": ${via.via} cannot make ${impossible}`,
      impossible === 'loss'
        ? 'A relay of TCP loses no packets: use --network-via netem, or remove loss.'
        : 'Use --network-via relay, or remove it from --network.',
    );
  }
}

/** What links lead to. */
interface LinkedTarget {
  readonly url: string | null;
  readonly exec: string | null;
  readonly reference: object | null;
  readonly allowRemote: string | null;
}

function requireLinkable(via: NetworkVia, links: readonly Link[], target: LinkedTarget): void {
  if (via.toxiproxy !== null) requireAllowedHost(new URL(via.toxiproxy), target.allowRemote);
  if (via.via === 'netem' && target.reference === null && target.exec === null)
    fail(
      'BAD_NETWORK',
      '--network-via netem needs a server that the run starts, which gets the same network namespace',
      'Start the server with --exec, or use --network-via relay.',
    );
  const isTls = target.url !== null && isSecure(new URL(target.url));
  if (isTls && links.some(({ swallowUpgrade }) => swallowUpgrade))
    fail(
      'BAD_NETWORK',
      '--network "swallow-upgrade": the relay cannot read requests over TLS',
      'Connect without TLS, or remove swallow-upgrade.',
    );
}

/** The links of a plan; null for none. Throws BAD_NETWORK for what is not possible together, and REMOTE_TARGET. */
export function planNetwork(
  { network, networkVia }: { readonly network: readonly Link[] | null; readonly networkVia: NetworkVia },
  target: LinkedTarget,
  clients: number,
  isViaGiven: boolean,
): NetworkPlan | null {
  if (network === null) {
    if (isViaGiven)
      fail('BAD_NETWORK', '--network-via needs --network', "Add --network 'rtt=80ms', or remove it.");
    return null;
  }
  requirePossibleLinks(networkVia, network);
  requireLinkable(networkVia, network, target);
  for (const { share, text } of network) {
    if (share === null || clientsOfShare(share, clients) > 0) continue;
    fail(
      'BAD_NETWORK',
      `--network "${text}": ${formatPercent(share)} of ${clients} clients is less than one`,
      'Give a larger share, or more --clients.',
    );
  }
  return { ...networkVia, links: network };
}

function clientsOfShare(share: number, clients: number): number {
  return Math.round(share * clients);
}

/**
 * The link of each client, as its index in the list of the plan; null for a client without one. Clients are shuffled by
 * the seed, and each link with a share takes the next ones, so that the same seed gives the same clients
 * in every arm and every process.
 */
export function linksOfClients(
  links: readonly Link[],
  clients: number,
  seed: number,
): ReadonlyArray<number | null> {
  const rest = links.findIndex(({ share }) => share === null);
  const linkOf: Array<number | null> = Array.from({ length: clients }, () => (rest < 0 ? null : rest));
  const order = shuffled(everyClient(clients), mersenne(seed));
  let next = 0;
  for (const [index, { share }] of links.entries()) {
    for (const client of order.slice(next, next + clientsOfShare(share ?? 0, clients)))
      linkOf[client] = index;
    next += clientsOfShare(share ?? 0, clients);
  }
  return linkOf;
}

/** The name of the clients that no link has, in series and reports. */
export const DIRECT = 'direct';

/** The series of a run that are about its links, with their meanings. */
export function linkSeries(headline: string, network: NetworkPlan | null): Readonly<Record<string, string>> {
  if (network === null || !LINKED.has(headline)) return {};
  const { links } = network;
  const named = links.map((link) => [`${headline}_${link.name}`, `${headline} at clients with ${link.text}`]);
  const isWhole = links.some(({ share }) => share === null || share === 1);
  const direct = isWhole ? [] : [[`${headline}_${DIRECT}`, `${headline} at clients without a link`]];
  const without = [
    `${headline}_without_link`,
    `${headline} less the constant delay of the links on its way; jitter and bandwidth remain`,
  ];
  return Object.fromEntries([...named, ...direct, without]);
}

/** The headlines whose way is known: from the sender over its link, and to the receiver over its own. */
const LINKED: ReadonlySet<string> = new Set(['delivery', 'ack', 'reply']);

/** The delay of one direction that every message has, in nanoseconds. */
export function constantDelayNs({ latencyMs, jitterMs }: Pick<Link, 'latencyMs' | 'jitterMs'>): number {
  return (latencyMs - jitterMs) * 1e6;
}

/** More time than a bandwidth, slices or lost packets usually take, in milliseconds. */
const UNSTEADY_MS = 1000;

/** The delay of one direction that messages seldom exceed, in nanoseconds. */
export function longestDelayNs(link: Link): number {
  const { latencyMs, jitterMs, rateBps, sliceBytes, stall, loss } = link;
  const isUnsteady = rateBps !== null || sliceBytes !== null || loss > 0;
  return (latencyMs + jitterMs + (stall?.forMs ?? 0) + (isUnsteady ? UNSTEADY_MS : 0)) * 1e6;
}

/** The links as they are given: `10%: rtt=200ms, rtt=40ms`. */
export function networkText({ via, toxiproxy, links }: NetworkPlan): string {
  const each = links.map(({ share, text }) => `${share === null ? '' : `${formatPercent(share)}: `}${text}`);
  return `${each.join(', ')}${via === 'relay' ? '' : ` via ${toxiproxy ?? via}`}`;
}
