import { describe, expect, it } from 'vitest';
import { encodeBroadcasts } from '../../src/measure/encoded-broadcasts.ts';
import { parseAs } from '../../src/result/documents.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import type { StoredShard } from '../../src/result/stored-shard.ts';
import { madeShards } from '../support/made-shards.ts';
import { thrownBy } from '../thrown.ts';
import { everyoneHears } from './merge/made-run.ts';

/** Shard 1 of 3: clients 0 and 3, of which 0 sends 4 messages to all 6 clients. */
const [FIRST] = madeShards(everyoneHears(6, 4), 3) as [RunResult];
const SHARD = FIRST.shard as StoredShard;

const broadcast = { stream: 0, seq: 0, second: 0, untimed: 0, latenciesNs: [1, 2] };
const [other] = SHARD.others;
const [stream] = SHARD.streams;
const [account] = SHARD.accounts;

const withShard = (edit: object) => ({ ...FIRST, shard: { ...SHARD, ...edit } });

describe('a shard that contradicts itself is refused', () => {
  it.each<[what: string, result: object, problem: string]>([
    ['too many shards', withShard({ count: 1001 }), 'shard.count: a run has 1 to 1000 shards'],
    ['an index beyond the count', withShard({ index: 4 }), 'shard.index: 4 is not one of 3 shards'],
    ['an index of 0', withShard({ index: 0 }), 'shard.index: 0 is not one of 3 shards'],
    [
      'itself as another shard',
      withShard({ others: [{ ...other, index: 1 }] }),
      'shard.others[0].index: 1 is not another one of 3 shards',
    ],
    [
      'another shard twice',
      withShard({ others: [other, other] }),
      'shard.others[1].index: 2 is not another one of 3 shards',
    ],
    [
      'a sender of another shard',
      withShard({ streams: [{ ...stream, sender: 1 }] }),
      'shard.streams[0].sender: client 1 is not in this shard',
    ],
    [
      'a client that the run does not have',
      withShard({ streams: [{ ...stream, sender: 6 }] }),
      'shard.streams[0].sender: client 6 is not in this shard',
    ],
    [
      'a stream twice',
      withShard({ streams: [stream, stream] }),
      'shard.streams[1].stream: stream 0 is listed twice',
    ],
    [
      'more messages than can be counted',
      withShard({ streams: [{ ...stream, sent: 2 ** 52 }] }),
      'shard.streams[0]: too many deliveries are expected',
    ],
    [
      'a receiver of another shard',
      withShard({ accounts: [{ ...account, receivers: [2] }] }),
      'shard.accounts[0].receivers: client 2 is not in this shard',
    ],
    [
      'a receiver twice',
      withShard({ accounts: [{ ...account, receivers: [0, 0] }] }),
      'shard.accounts[0].receivers: client 0 has two accounts of stream 0',
    ],
    [
      'other deliveries than its ledger',
      withShard({ accounts: [{ ...account, delivered: 3 }] }),
      'shard.accounts: they add up to 3 deliveries, and the ledger to 8',
    ],
    [
      'another number of intervals',
      withShard({ expected: [1] }),
      'shard.expected: it has 1 values for 4 intervals',
    ],
    [
      'more silent receivers than clients',
      withShard({ silent: { ...SHARD.silent, receivers: [{ stream: 0, count: 7 }] } }),
      'shard.silent.receivers[0]: there are more receivers than clients',
    ],
    ['a count beyond all', withShard({ expected: [2 ** 52, 0, 0, 0] }), 'shard: a count is too large'],
    [
      'broadcasts that are none',
      withShard({ broadcasts: 'eJw=' }),
      'shard.broadcasts: the broadcasts cannot be read: ',
    ],
    [
      'a broadcast to nobody',
      withShard({ broadcasts: encodeBroadcasts([{ ...broadcast, latenciesNs: [] }]) }),
      'shard.broadcasts: a broadcast has no receiver',
    ],
    [
      'more receipts than deliveries',
      withShard({ broadcasts: encodeBroadcasts([{ ...broadcast, untimed: 9 }]) }),
      'shard.broadcasts: they have 11 receipts, and the ledger 8 deliveries',
    ],
    ['a merge, too', { ...withShard({}), shards: [] }, 'shard: it is of one shard and of a merge at once'],
  ])('with %s', (_, result, problem) => {
    const { code, message } = thrownBy(() => parseAs('run', 'a.json', JSON.parse(JSON.stringify(result))));
    expect(code).toBe('BAD_RESULT');
    expect(message).toContain(`a.json is inconsistent: ${problem}`);
  });
});
