import type { Absence } from '../../measure/absence.ts';
import { isWebsocketOnly } from '../../plan/population-plan.ts';
import { mayBeAway } from '../../plan/reconnect.ts';
import type { StoredSockets } from '../../result/stored-absences.ts';
import type { Membership } from '../membership.ts';
import type { StartedRun } from '../phases.ts';

/** Connections that the server had at one time. */
export interface ServerSockets {
  readonly atNs: number;
  readonly count: number;
}

/**
 * Counts the connections of the server beside the `others` that it had before clients connected; null where no client may
 * come back, and where the count says nothing of clients: over polling or through a relay, of another host, and in a shard,
 * whose server has the clients of others too.
 */
export function countServerSockets(
  { plan, host, server, shard }: StartedRun,
  others: number,
): ServerSockets | null {
  if (!mayBeAway(plan) || !isWebsocketOnly(plan) || plan.network !== null || shard !== null) return null;
  const count = host.countSockets(new URL(server.url));
  return count === null ? null : { atNs: host.clock.nowNs(), count: Math.max(0, count - others) };
}

/** Adds how many clients had a connection then, or were opening one. */
export function storeSockets(
  { atNs, count }: ServerSockets,
  absences: readonly Absence[],
  { connected, cut }: Pick<Membership, 'connected' | 'cut'>,
): StoredSockets {
  const newest = new Map(
    absences.filter(({ fromNs }) => fromNs <= atNs).map((absence) => [absence.client, absence]),
  );
  const isGone = ({ connectedNs, lastTriedNs, failure }: Absence) =>
    connectedNs === null || connectedNs > atNs ? lastTriedNs === null || failure !== null : false;
  const gone = new Set([...newest.values()].filter(isGone).map(({ client }) => client));
  for (const { client } of cut) gone.add(client);
  return { server: count, clients: connected.length - gone.size };
}
