import { copiesOf, type Layout } from '../contract/scenario.ts';
import type { Ledger } from '../measure/ledger.ts';
import type { Member } from './messages.ts';

/** Who is owed what, once it is known who connected. */
export interface Accounts {
  /** Connected receivers of each stream, over all workers. */
  readonly audience: readonly number[];
  /** Messages that the receivers of this worker are owed for each one that is sent, by stream. */
  readonly localAudience: readonly number[];
  /** Whether one process serves the sender of a stream and a receiver; null where that is not known. */
  readonly isSameNode: (stream: number, receiver: number) => boolean | null;
}

/** Opens the accounts of this worker's receivers. `members` are the connected clients of all workers. */
export function openAccounts(
  { streams }: Layout,
  members: readonly Member[],
  mine: ReadonlySet<number>,
  ledger: Ledger,
): Accounts {
  const nodes = new Map(members.map(({ client, node }) => [client, node]));
  const receivers = streams.map((stream) => stream.receivers.filter((client) => nodes.has(client)));
  const local = receivers.map((clients) => clients.filter((client) => mine.has(client)));
  local.forEach((clients, stream) => {
    for (const client of clients) ledger.open(client, stream);
  });
  return {
    audience: receivers.map((clients) => clients.length),
    localAudience: streams.map((stream, index) => (local[index]?.length ?? 0) * copiesOf(stream)),
    isSameNode: (stream, receiver) => {
      const [from, to] = [nodes.get(streams[stream]?.sender ?? -1) ?? null, nodes.get(receiver) ?? null];
      return from === null || to === null ? null : from === to;
    },
  };
}
