import { describe, expect, it } from 'vitest';
import { AwaitedReplies } from '../../src/generator/operations/stream-reply.ts';
import type { Stamp } from '../../src/measure/stamp.ts';

const stampOf = (seq: number): Stamp => ({ stream: 0, seq, intendedNs: 0, actualNs: 0, measured: true });

/** To which of the requests 0, 1, 2 with `replies` each the numbered replies are taken to belong. */
function owners(replies: number, requests: number, items: readonly number[]): Array<number | null> {
  const awaited = new AwaitedReplies(60e9);
  for (let seq = 0; seq < requests; seq++) awaited.expect(1, stampOf(seq), replies);
  return items.map((item) => awaited.take(1, item)?.seq ?? null);
}

describe('replies that only have a number', () => {
  it.each<[what: string, items: number[], owners: Array<number | null>]>([
    ['one request after the other', [1, 2, 3, 1, 2, 3], [0, 0, 0, 1, 1, 1]],
    ['of two requests in turn', [1, 1, 2, 2, 3, 3], [0, 1, 0, 1, 0, 1]],
    ['of the second begun before the end of the first', [1, 2, 1, 3, 2, 3], [0, 0, 1, 0, 1, 1]],
    ['of which the last one is lost', [1, 2, 1, 2], [0, 0, 1, 1]],
    ['of which one in the middle is lost', [1, 3, 1, 2, 3], [0, 0, 1, 1, 1]],
    ['of which one comes again when all are there', [1, 2, 3, 1, 2, 3, 1], [0, 0, 0, 1, 1, 1, 1]],
    ['with numbers that there are not', [7, 0, 1, 2, 3, 1], [0, 0, 0, 0, 0, 1]],
  ])('%s', (_, items, expected) => {
    expect(owners(3, 2, items)).toEqual(expected);
  });

  it.each<[what: string, items: number[]]>([
    ['out of order', [3, 2, 1]],
    ['twice', [1, 1, 2, 2, 3, 3]],
    ['all of them again', [1, 2, 3, 1, 2, 3]],
  ])('that come %s are those of the only request', (_, items) => {
    expect(owners(3, 1, items)).toEqual(items.map(() => 0));
  });

  it('belong to no request where there was none', () => {
    expect(owners(3, 0, [1])).toEqual([null]);
  });

  it('are guessed where two requests wait for the same', () => {
    const awaited = new AwaitedReplies(60e9);
    awaited.expect(1, stampOf(0), 3);
    awaited.expect(1, stampOf(1), 3);
    for (const item of [1, 2, 3, 1]) awaited.take(1, item);
    expect(awaited.guessed).toBe(1);
    awaited.expect(1, stampOf(2), 3);
    for (const item of [2, 1, 2, 3]) awaited.take(1, item);
    expect(awaited.guessed).toBe(2);
  });

  it('belong to no request that has waited for too long', () => {
    const awaited = new AwaitedReplies(60e9);
    awaited.expect(1, stampOf(0), 2);
    awaited.expect(1, { ...stampOf(1), actualNs: 60e9 + 1 }, 2);
    expect(awaited.take(1, 1)?.seq).toBe(1);
  });

  it('differ by client, and forgotten for a client whose replies have a payload', () => {
    const awaited = new AwaitedReplies(60e9);
    awaited.expect(1, stampOf(10), 2);
    awaited.expect(2, stampOf(20), 2);
    expect([awaited.take(2, 1)?.seq, awaited.take(1, 1)?.seq]).toEqual([20, 10]);
    awaited.forget(1);
    expect([awaited.take(1, 2), awaited.take(2, 2)?.seq, awaited.take(3, 1)]).toEqual([null, 20, null]);
  });
});
