import { shardOfClient } from '../plan/shard.ts';
import type { Assignment, ShardClock } from './messages.ts';

const OWN: ShardClock = { index: 0, kind: 'same', aheadNs: 0 };
const UNKNOWN: ShardClock = { index: 0, kind: 'unknown', aheadNs: 0 };

/** The clock that stamped the messages of each stream. Without shards, all processes of a run read the same one. */
export class SenderClocks {
  readonly #assignment: Pick<Assignment, 'layout' | 'shard'>;
  #byStream: readonly ShardClock[] = [];

  constructor(assignment: Pick<Assignment, 'layout' | 'shard'>) {
    this.#assignment = assignment;
  }

  /** Takes what is known of the clocks of the other shards. */
  compare(clocks: readonly ShardClock[]): void {
    const { layout, shard } = this.#assignment;
    if (shard === null) return;
    this.#byStream = layout.streams.map(({ sender }) => {
      const index = shardOfClient(sender, shard.count);
      return index === shard.index ? OWN : (clocks.find((clock) => clock.index === index) ?? UNKNOWN);
    });
  }

  /** The clock of the sender of a stream. */
  of(stream: number): ShardClock {
    return this.#byStream[stream] ?? OWN;
  }
}
