import { z } from 'zod';
import { isSecure, parseAddress, requireAllowedHost } from '../contract/address.ts';
import { fail } from '../errors.ts';
import { formatPercent } from '../units.ts';
import { type Link, linkSchema } from './link.ts';

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
  isViaGiven: boolean,
): NetworkPlan | null {
  if (network === null) {
    if (isViaGiven)
      fail(
        'BAD_NETWORK',
        '--network-via needs --network, or links of populations',
        "Add --network 'rtt=80ms', or remove it.",
      );
    return null;
  }
  requirePossibleLinks(networkVia, network);
  requireLinkable(networkVia, network, target);
  return { ...networkVia, links: network };
}

/** The name of the population of the clients that no link of --network has. */
export const DIRECT = 'direct';

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
