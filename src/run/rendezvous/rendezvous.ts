import type { Member } from '../../generator/messages.ts';
import type { Shard } from '../../plan/shard.ts';

/** How shards of one run find one another. */
export const RENDEZVOUS_KINDS = ['start-at', 'folder', 'url'] as const;
export type RendezvousKind = (typeof RENDEZVOUS_KINDS)[number];

/** What a shard tells the others when all of its clients have connected and joined their rooms. */
export interface Announcement {
  readonly shard: Shard;
  /** A digest of what all shards must agree on. Shards with another one are not of the same run. */
  readonly planDigest: string;
  /** Connected clients of this shard. */
  readonly members: readonly Member[];
}

/** Another shard of the run, and how its clock compares with this host's. */
export interface OtherShard {
  readonly index: number;
  /** Null where shards do not announce themselves. */
  readonly host: string | null;
  /**
   * The reading of its clock minus the reading of this host's, in nanoseconds, each since its `shardOriginNs`: exact on
   * the same boot of one machine. Null where it is not known.
   */
  readonly aheadNs: number | null;
  /**
   * The maximum error of {@link aheadNs}: 0 on the same boot of one machine, else half of the shortest round trip, plus the
   * drift until the end. Null where {@link aheadNs} is.
   */
  readonly boundNs: number | null;
  /** Why {@link aheadNs} is not known; null where it is. */
  readonly problem: string | null;
}

/** What the shards of a run have agreed on. */
export interface Meeting {
  /** A text that is the same in all shards of this run, and in no other run. */
  readonly id: string;
  /** A whole number of 32 bits, the same in all shards of this run: the key of their stamps. */
  readonly key: number;
  /** When the warm-up begins, on the clock of this host. */
  readonly startNs: number;
  /** How long after the agreed time this shard was ready; 0 when it was in time. */
  readonly lateMs: number;
  /** Connected clients of the other shards; null where shards do not announce themselves. */
  readonly members: readonly Member[] | null;
  readonly others: readonly OtherShard[];
  /**
   * Compares the clocks again after measuring. Resolves to the others with the bound that holds for the whole run. It
   * never rejects: where a shard no longer answers, how its clock compares becomes null, with the problem.
   */
  readonly compareAgain: () => Promise<readonly OtherShard[]>;
}

/** Where the shards of a run wait for one another. */
export interface Rendezvous {
  readonly kind: RendezvousKind;
  /**
   * Announces this shard and waits for all others. Throws a SockbenchError when one does not come within the limit, when
   * two have the same index, when their plans differ, or when `signal` is aborted.
   */
  meet(own: Announcement, signal: AbortSignal): Promise<Meeting>;
  /** Ends the rendezvous, however the run ended. The first shard may wait briefly so that the others can read on. */
  close(): Promise<void>;
}
