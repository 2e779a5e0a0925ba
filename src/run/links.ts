import { isIPv6 } from 'node:net';
import { type DialAddress, endpointOf } from '../contract/address.ts';
import { EXIT, SockbenchError } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { constantDelayNs, DIRECT, type NetworkPlan } from '../plan/network.ts';
import type { Plan } from '../plan/plan.ts';
import { linksOfClients } from '../plan/population-plan.ts';
import type { FromRelay, RelaySnapshot, ToRelay } from '../relay/messages.ts';
import type { StoredLinks } from '../result/stored-links.ts';
import type { RelayRecord } from './relay-record.ts';
import { openProxies } from './toxiproxy.ts';
import { startChild } from './workers.ts';

export interface LinksStart {
  /** Where the server listens. */
  readonly url: string;
  /** The CPUs of the relay, a list as `taskset -c` reads it; null leaves the choice to the kernel. */
  readonly cpus: string | null;
  readonly originNs: bigint;
  /** The addresses that clients connect from; empty for the choice of the system. */
  readonly sourceAddresses: readonly string[];
  readonly onSnapshot: (snapshot: RelaySnapshot) => void;
  /** Called when what makes the links ends before it is stopped; `reason` says how. */
  readonly onDied: (reason: string) => void;
}

/** The links of a run, as they have been made. */
export interface OpenLinks {
  /** Where the clients of each link connect; empty where they connect to the server itself. */
  readonly dials: readonly DialAddress[];
  /** The process that makes them; null where none of this run does. */
  readonly pid: number | null;
  /** Has the last snapshot reported. */
  finish(): Promise<void>;
  close(): void | Promise<void>;
}

/** Clients connect to the server itself. */
export const NO_LINKS: OpenLinks = { dials: [], pid: null, finish: async () => {}, close() {} };

/** Makes the links of a plan. Throws RELAY_START, and as {@link openProxies} does. */
export async function openLinks({ network, seed }: Plan, start: LinksStart): Promise<OpenLinks> {
  if (network === null) return NO_LINKS;
  switch (network.via) {
    case 'relay':
      return await startRelay(network, seed, start);
    case 'toxiproxy': {
      const { links, toxiproxy } = network;
      const opened = await openProxies(toxiproxy ?? '', links, endpointOf(new URL(start.url)));
      return { ...NO_LINKS, ...opened };
    }
    case 'netem':
      // The namespace of this process has it.
      return NO_LINKS;
  }
}

const RELAY_LISTENS_WITHIN_MS = 30_000;

/** Starts the relay, and waits until it listens. */
function startRelay({ links }: NetworkPlan, seed: number, start: LinksStart): Promise<OpenLinks> {
  let isClosed = false;
  const opened = Promise.withResolvers<OpenLinks>();
  const finished = Promise.withResolvers<void>();
  const lose = (reason: string) => {
    clearTimeout(timer);
    opened.reject(
      new SockbenchError({
        code: 'RELAY_START',
        message: `the relay of --network did not start: ${reason}`,
        exitCode: EXIT.invalid,
      }),
    );
    finished.resolve();
    if (!isClosed) start.onDied(reason);
    isClosed = true;
  };
  const close = () => {
    isClosed = true;
    child.kill();
  };
  const timer = setTimeout(() => lose('no answer'), RELAY_LISTENS_WITHIN_MS);
  const receive = (message: FromRelay) => {
    switch (message.type) {
      case 'listening':
        clearTimeout(timer);
        return opened.resolve({
          ...{ dials: message.dials, pid: child.pid, close },
          finish() {
            child.post({ type: 'finish' });
            return finished.promise;
          },
        });
      case 'finished':
        return finished.resolve();
      case 'snapshot':
        return start.onSnapshot(message.snapshot);
      case 'crash':
        return lose(foreign(message.message));
    }
  };
  const handlers = { onMessage: receive, onEnded: lose };
  const child = startChild<ToRelay, FromRelay>('relay/process', start.cpus, handlers);
  child.post({
    type: 'open',
    links,
    upstream: endpointOf(new URL(start.url)),
    host: start.sourceAddresses.some(isIPv6) ? '::1' : '127.0.0.1',
    originNs: start.originNs,
    seed,
  });
  return opened.promise.catch((error: unknown) => {
    close();
    throw error;
  });
}

/** The clients by their links, and what the links did; null without links. */
export function linksOf({
  plan,
  relay,
}: {
  readonly plan: Plan;
  readonly relay: RelayRecord | null;
}): StoredLinks | null {
  const { network } = plan;
  if (network === null) return null;
  const linkOf = linksOfClients(plan);
  const countOf = (link: number | null) => linkOf.filter((each) => each === link).length;
  const linked = network.links.map((link, index) => ({
    ...{ link: link.name, text: link.text, clients: countOf(index) },
    delayNs: constantDelayNs(link),
  }));
  const direct = { link: DIRECT, text: '', clients: countOf(null), delayNs: 0 };
  return { groups: [...linked, direct].filter((group) => group.clients > 0), cuts: relay?.cuts.list() ?? [] };
}
