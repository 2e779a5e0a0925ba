import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClosedBroadcast, FanoutTracker } from '../../src/measure/fanout.ts';

const QUIET_NS = 5e9;

function track(expected: number | ((stream: number) => number)) {
  const closed: ClosedBroadcast[] = [];
  const tracker = new FanoutTracker({
    expected: typeof expected === 'number' ? () => expected : expected,
    onClosed: (broadcast) => closed.push(broadcast),
    quietNs: QUIET_NS,
  });
  return { tracker, closed };
}

describe('a broadcast', () => {
  it('is closed as soon as its last receiver has it, with the latencies in ascending order', () => {
    const { tracker, closed } = track(3);
    tracker.add(4, 9, 300, 1_000);
    tracker.add(4, 9, 100, 1_001);
    expect(closed).toEqual([]);
    tracker.add(4, 9, 200, 1_002);
    expect(closed).toEqual([{ stream: 4, seq: 9, expected: 3, latenciesNs: Float64Array.of(100, 200, 300) }]);
  });

  it('is told from others under way by stream and number, whatever the order of arrival', () => {
    const size = (stream: number) => 2 + stream;
    const deliveries = fc.shuffledSubarray(
      [0, 1, 2].flatMap((stream) =>
        [0, 1, 1000, 2 ** 16, 2 ** 31].flatMap((seq) =>
          Array.from({ length: size(stream) }, (_, receiver) => ({
            stream,
            seq,
            latencyNs: receiver * 10 + stream,
          })),
        ),
      ),
      { minLength: 45 },
    );
    fc.assert(
      fc.property(deliveries, (shuffled) => {
        const { tracker, closed } = track(size);
        for (const { stream, seq, latencyNs } of shuffled) tracker.add(stream, seq, latencyNs, 0);
        expect(closed).toHaveLength(15);
        for (const { stream, latenciesNs, expected } of closed) {
          expect(expected).toBe(size(stream));
          expect([...latenciesNs]).toEqual(
            Array.from({ length: size(stream) }, (_, receiver) => receiver * 10 + stream),
          );
        }
      }),
    );
  });

  it('that has been quiet for too long is closed incomplete, and one that still grows is not', () => {
    const { tracker, closed } = track(3);
    tracker.add(0, 0, 10, 0);
    tracker.add(0, 1, 10, 0);
    tracker.add(0, 1, 20, 2e9);
    tracker.closeQuiet(QUIET_NS);
    expect(closed).toEqual([]);
    tracker.closeQuiet(QUIET_NS + 1);
    expect(closed).toEqual([{ stream: 0, seq: 0, expected: 3, latenciesNs: Float64Array.of(10) }]);
    tracker.closeQuiet(QUIET_NS + 2e9 + 1);
    expect(closed[1]).toEqual({ stream: 0, seq: 1, expected: 3, latenciesNs: Float64Array.of(10, 20) });
  });

  it('that was closed incomplete is not opened again by a straggler', () => {
    const { tracker, closed } = track(2);
    tracker.add(0, 0, 10, 0);
    tracker.closeQuiet(QUIET_NS + 1);
    tracker.add(0, 0, 20, QUIET_NS + 2);
    tracker.closeAll();
    expect(closed).toEqual([{ stream: 0, seq: 0, expected: 2, latenciesNs: Float64Array.of(10) }]);
  });

  it('that is open at the end of a run is closed with what it reached', () => {
    const { tracker, closed } = track(2);
    tracker.add(0, 0, 10, 0);
    tracker.add(0, 1, 30, 1);
    tracker.add(0, 1, 20, 2);
    tracker.closeAll();
    tracker.closeAll();
    expect(closed.map(({ seq, latenciesNs }) => [seq, [...latenciesNs]])).toEqual([
      [1, [20, 30]],
      [0, [10]],
    ]);
  });
});
