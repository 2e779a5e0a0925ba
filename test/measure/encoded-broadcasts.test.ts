import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BroadcastLog,
  decodeBroadcasts,
  encodeBroadcasts,
  type GatheredBroadcast,
} from '../../src/measure/encoded-broadcasts.ts';

const whole = fc.oneof(fc.nat(), fc.maxSafeNat());
const broadcast: fc.Arbitrary<GatheredBroadcast> = fc.record({
  stream: whole,
  seq: whole,
  second: fc.nat(100_000),
  untimed: fc.nat(1000),
  latenciesNs: fc
    .array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), { maxLength: 20 })
    .map((values) => values.sort((a, b) => a - b)),
});

describe('encoded broadcasts', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(broadcast, { maxLength: 20 }), (broadcasts) => {
        expect([...decodeBroadcasts(encodeBroadcasts(broadcasts))]).toEqual(broadcasts);
      }),
    );
  });

  it('may be more than one block of memory', () => {
    const many = Array.from({ length: 500 }, (_, seq) => ({
      stream: 1,
      seq,
      second: 0,
      untimed: 0,
      latenciesNs: Array.from({ length: 300 }, (_, receiver) => seq * 1e6 + receiver),
    }));
    expect([...decodeBroadcasts(encodeBroadcasts(many))]).toEqual(many);
  });

  it.each<[string, string]>([
    ['not deflated', Buffer.from('anything').toString('base64')],
    ['cut off', deflateSync(Buffer.from([1, 2, 3, 0, 5, 1])).toString('base64')],
    ['a number without end', deflateSync(Buffer.alloc(20, 255)).toString('base64')],
    ['not base64', '?'],
  ])('that cannot be read are an error: %s', (_, encoded) => {
    expect(() => [...decodeBroadcasts(encoded)]).toThrow(/^the broadcasts cannot be read: /);
  });
});

describe('a log of broadcasts', () => {
  it('joins what the processes of a machine got', () => {
    const log = new BroadcastLog();
    log.add(0, 7, 3, Float64Array.of(30, Number.NaN));
    log.add(0, 8, 3, [5]);
    log.add(0, 7, 2, [10, 20]);
    expect([...log.broadcasts()]).toEqual([
      { stream: 0, seq: 7, second: 3, untimed: 1, latenciesNs: [10, 20, 30] },
      { stream: 0, seq: 8, second: 3, untimed: 0, latenciesNs: [5] },
    ]);
  });

  it('keeps nothing when there are too many', () => {
    const log = new BroadcastLog(3);
    log.add(0, 0, 0, [1, 2]);
    log.add(0, 1, 0, [1, 2]);
    expect(log.isOverfull).toBe(true);
    expect([...log.broadcasts()]).toEqual([]);
  });
});
