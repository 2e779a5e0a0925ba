import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClosedBroadcast, FanoutTracker } from '../../src/measure/fanout.ts';
import { FanoutParts } from '../../src/measure/fanout-parts.ts';

const QUIET_NS = 5e9;

function track(expected: number | ((stream: number) => number), maxOpenBytes?: number) {
  const closed: ClosedBroadcast[] = [];
  const tracker = new FanoutTracker({
    expected: typeof expected === 'number' ? () => expected : expected,
    onClosed: (broadcast) => closed.push(broadcast),
    quietNs: QUIET_NS,
    ...(maxOpenBytes === undefined ? {} : { maxOpenBytes }),
  });
  return { tracker, closed };
}

/** What a broadcast that reached receivers after `latenciesNs` is closed with. */
function figuresOf(latenciesNs: readonly number[]) {
  const sorted = latenciesNs.toSorted((a, b) => a - b);
  return {
    reached: sorted.length,
    firstNs: sorted[0],
    medianNs: sorted[Math.floor((sorted.length - 1) / 2)],
    lastNs: sorted.at(-1),
  };
}

describe('a broadcast', () => {
  it('is closed as soon as its last receiver has it, with first, median and last receiver', () => {
    const { tracker, closed } = track(3);
    tracker.add(4, 9, 300, 1_000, 5);
    tracker.add(4, 9, 100, 1_001, 0);
    expect(closed).toEqual([]);
    tracker.add(4, 9, 200, 1_002, 0);
    expect(closed).toEqual([
      {
        stream: 4,
        seq: 9,
        intendedNs: 700,
        expected: 3,
        reached: 3,
        firstNs: 100,
        medianNs: 200,
        lastNs: 300,
        lastReceiver: 5,
        lastArrivalNs: 1_002,
      },
    ]);
  });

  it('differs from others in flight by stream and number, whatever the order of arrival', () => {
    const size = (stream: number) => 2 + stream;
    const seqs = [0, 1, 1000, 2 ** 16, 2 ** 31];
    const latenciesOf = (stream: number) =>
      Array.from({ length: size(stream) }, (_, receiver) => receiver * 10 + stream);
    const all = [0, 1, 2].flatMap((stream) =>
      seqs.flatMap((seq) => latenciesOf(stream).map((latencyNs) => ({ stream, seq, latencyNs }))),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        const { tracker, closed } = track(size);
        for (const { stream, seq, latencyNs } of shuffled) tracker.add(stream, seq, latencyNs, 0, 0);
        expect(closed).toHaveLength(15);
        for (const { stream, expected, ...figures } of closed) {
          expect(expected).toBe(size(stream));
          expect(figures).toMatchObject(figuresOf(latenciesOf(stream)));
        }
        expect(tracker.openBytes).toBe(0);
      }),
    );
  });

  it('that has been quiet for too long is closed incomplete, and one that still grows is not', () => {
    const { tracker, closed } = track(3);
    tracker.add(0, 0, 10, 0, 0);
    tracker.add(0, 1, 10, 0, 0);
    tracker.add(0, 1, 20, 2e9, 0);
    tracker.closeQuiet(QUIET_NS);
    expect(closed).toEqual([]);
    tracker.closeQuiet(QUIET_NS + 1);
    expect(closed).toMatchObject([{ seq: 0, expected: 3, ...figuresOf([10]), lastArrivalNs: 0 }]);
    tracker.closeQuiet(QUIET_NS + 2e9 + 1);
    expect(closed[1]).toMatchObject({ seq: 1, expected: 3, ...figuresOf([10, 20]), lastArrivalNs: 2e9 });
  });

  it('that was closed incomplete is not opened again by a straggler', () => {
    const { tracker, closed } = track(2);
    tracker.add(0, 0, 10, 0, 0);
    tracker.closeQuiet(QUIET_NS + 1);
    tracker.add(0, 0, 20, QUIET_NS + 2, 0);
    tracker.closeAll();
    expect(closed).toMatchObject([{ expected: 2, ...figuresOf([10]) }]);
    tracker.add(1, 0, 20, QUIET_NS + 2, 0);
    tracker.closeAll();
    expect(closed).toHaveLength(2);
  });

  it('that is open at the end of a run is closed with what it reached', () => {
    const { tracker, closed } = track(2);
    tracker.add(0, 0, 10, 0, 0);
    tracker.add(0, 1, 30, 1, 0);
    tracker.add(0, 1, 20, 2, 0);
    tracker.closeAll();
    tracker.closeAll();
    expect(closed.map(({ seq, reached, lastNs }) => [seq, reached, lastNs])).toEqual([
      [1, 2, 30],
      [0, 1, 10],
    ]);
  });
});

describe('the memory of broadcasts', () => {
  const RECEIVERS = 10_000;

  it('that lost one message of 10,000 is a few bytes, though they are open for a minute', () => {
    const { tracker, closed } = track(RECEIVERS);
    for (let seq = 0; seq < 100; seq++) {
      for (let receiver = 1; receiver < RECEIVERS; receiver++) tracker.add(0, seq, receiver, 0, 0);
      tracker.closeQuiet(1e9 + 1);
    }
    expect(tracker.openBytes).toBeLessThan(100 * 100);
    tracker.closeQuiet(QUIET_NS + 1);
    expect(closed).toHaveLength(100);
    expect(tracker.openBytes).toBe(0);
    const latenciesNs = Array.from({ length: RECEIVERS - 1 }, (_, i) => i + 1);
    for (const broadcast of closed) expect(broadcast).toMatchObject(figuresOf(latenciesNs));
  });

  it('is bounded where most receivers are missing: the oldest are closed', () => {
    const { tracker, closed } = track(1000, 100 * 8000);
    for (let seq = 0; seq < 250; seq++) tracker.add(0, seq, 7, 0, 0);
    expect(tracker.openBytes).toBeLessThanOrEqual(100 * 8000);
    expect(closed.map(({ seq }) => seq)).toEqual(Array.from({ length: 150 }, (_, seq) => seq));
    expect(closed[0]).toMatchObject({ expected: 1000, ...figuresOf([7]) });
  });

  it('changes no figure, however many receivers are missing and in whatever order they come after all', () => {
    const latencies = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 60 });
    const pauses = fc.array(fc.nat({ max: 59 }), { maxLength: 4 });
    fc.assert(
      fc.property(latencies, fc.nat({ max: 20 }), pauses, (latenciesNs, missing, compactAfter) => {
        const { tracker, closed } = track(latenciesNs.length + missing);
        latenciesNs.forEach((latencyNs, place) => {
          tracker.add(0, 0, latencyNs, 0, 0);
          if (compactAfter.includes(place)) tracker.closeQuiet(2e9);
        });
        tracker.closeAll();
        expect(closed).toHaveLength(1);
        expect(closed[0]).toMatchObject(figuresOf(latenciesNs));
      }),
      { numRuns: 500 },
    );
  });
});

it('parts of broadcasts are handed over once, each with its latencies', () => {
  const parts = new FanoutParts();
  parts.add(0, 0, 10, 1_000, 7);
  parts.add(1, 0, 30, 1_000, 7);
  parts.add(0, 0, 20, 1_000, 7);
  expect(parts.take()).toEqual([
    { stream: 0, seq: 0, intendedNs: 990, latenciesNs: Float64Array.of(10, 20), lastReceiver: 7 },
    { stream: 1, seq: 0, intendedNs: 970, latenciesNs: Float64Array.of(30), lastReceiver: 7 },
  ]);
  parts.add(0, 0, 40, 1_000, 7);
  expect(parts.take()).toEqual([
    { stream: 0, seq: 0, intendedNs: 960, latenciesNs: Float64Array.of(40), lastReceiver: 7 },
  ]);
  expect(parts.take()).toEqual([]);
});
