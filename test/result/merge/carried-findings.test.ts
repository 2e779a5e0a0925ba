import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/result/findings.ts';
import { ShardMerge } from '../../../src/result/merge/shard-merge.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import { judgeRun } from '../../../src/run/validity/judge.ts';
import { madeShards } from '../../support/made-shards.ts';
import { everyoneHears } from './made-run.ts';

/** The judged merge of three shards, each of which is edited. */
function merged(edit: (result: RunResult, index: number) => Partial<RunResult>): RunResult {
  const merge = new ShardMerge();
  for (const [index, result] of madeShards(everyoneHears(6), 3).entries()) {
    merge.add(`${index}.json`, { ...result, ...edit(result, index + 1) });
  }
  return judgeRun(merge.result(), []);
}

const STALLED: Finding = { code: 'generator_stalled', message: 'the generator was held up' };
const NOT_PROBED: Finding = { code: 'not_probed', message: 'the server was already running' };

describe('what a shard found', () => {
  it('invalidates the whole with its name where only the shard could find it', () => {
    const { invalid } = merged((_, index) => ({ invalid: index === 2 ? [STALLED] : [] }));
    expect(invalid).toEqual([
      { code: 'generator_stalled', message: 'shard 2/3 (host-2): the generator was held up' },
    ]);
  });

  it('is one sentence where several say the same, without names where all do', () => {
    const notes = (count: number) =>
      merged((_, index) => ({ notes: index <= count ? [NOT_PROBED] : [] })).notes.map(
        ({ message }) => message,
      );
    expect(notes(2)).toEqual(['shard 1/3 (host-1) and shard 2/3 (host-2): the server was already running']);
    expect(notes(3)).toEqual(['the server was already running']);
  });

  it('of losses and samples is judged again on the whole', () => {
    const result = merged(() => ({
      invalid: [
        { code: 'too_few_samples', message: '0 broadcasts measured' },
        { code: 'rate_not_held', message: '0 of 0 messages sent' },
      ],
      findings: [
        { code: 'imperfect_delivery', message: '3 messages lost' },
        { code: 'unexpected_deliveries', message: '1 unexpected message' },
        { code: 'latency_grows', message: 'p50 grew' },
      ],
      notes: [{ code: 'uncertain_receive_times', message: 'too high' }],
    }));
    expect(result).toMatchObject({ invalid: [], findings: [], notes: [] });
  });

  it('is a late start, which invalidates the whole', () => {
    const late = { code: 'shard_late', message: 'shard 3/3 was ready late' } as const;
    const { invalid } = merged((result, index) => {
      if (index !== 3 || result.shard === null) return {};
      return { invalid: [late], shard: { ...result.shard, lateMs: 1499.4 } };
    });
    expect(invalid).toEqual([
      { code: 'shard_late', message: 'shard 3/3 (host-3) began 1.5s after the others' },
    ]);
  });

  it('ended one run early, so that the whole is partial', () => {
    const { status, invalid } = merged((_, index) =>
      index === 1
        ? { status: 'partial', invalid: [{ code: 'clients_lost', message: 'all clients were dropped' }] }
        : {},
    );
    expect(status).toBe('partial');
    expect(invalid).toEqual([
      { code: 'clients_lost', message: 'shard 1/3 (host-1): all clients were dropped' },
    ]);
  });

  it('may be forged, and stays short', () => {
    const { notes } = merged((_, index) => ({
      notes: [{ code: 'not_probed', message: `${index}`.repeat(60_000) }],
    }));
    expect(notes.map(({ message }) => message.length)).toEqual([4020, 4020, 4020]);
  });
});

describe('a merge', () => {
  it('finds losses that no shard could see', () => {
    // Shard 2 sends nothing, so that it does not know what its clients did not get.
    const { findings } = merged((result, index) => {
      if (index !== 2 || result.shard === null) return {};
      const accounts = result.shard.accounts.map((account) => ({
        ...account,
        delivered: account.delivered - 1,
      }));
      const delivered = result.ledger.delivered - accounts.length;
      return {
        ledger: { ...result.ledger, expected: delivered, delivered },
        shard: { ...result.shard, accounts },
      };
    });
    expect(findings).toEqual([{ code: 'imperfect_delivery', message: '2 of 240 messages lost' }]);
  });
});
