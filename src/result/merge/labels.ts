import { foreign } from '../../foreign.ts';
import { type Shard, shardText } from '../../plan/shard.ts';

/** How reports name a shard: `shard 2/4 (host-b)`. */
export function shardLabel(shard: Shard & { readonly host: string }): string {
  return `shard ${shardText(shard)} (${foreign(shard.host, 60)})`;
}
