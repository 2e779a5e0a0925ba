import { describe, expect, it } from 'vitest';
import { NsHistogram } from '../../src/measure/histogram.ts';
import { MAX_ORDERED, type Recorded, Recorder } from '../../src/measure/recorder.ts';
import { SERIES } from '../../src/measure/series.ts';
import { unpackEntry } from '../../src/measure/slot-counts.ts';

/** Values and counts of each series, as they were handed over. */
function seriesOf(recorded: Recorded): Record<string, Array<[valueNs: number, count: number]>> {
  return Object.fromEntries(
    Object.entries(recorded.series).map(([name, sparse]) => {
      const histogram = new NsHistogram();
      histogram.addSparse(sparse);
      return [name, histogram.buckets().map(({ lowestNs, count }) => [lowestNs, count])];
    }),
  );
}

describe('a recorder', () => {
  it('keeps each series apart', () => {
    const recorder = new Recorder();
    recorder.record('delivery', 100);
    recorder.record('delivery', 200);
    recorder.record('send_lag', 100);
    recorder.record('receive_uncertainty', 7, 3);
    expect(seriesOf(recorder.take())).toEqual({
      delivery: [
        [100, 1],
        [200, 1],
      ],
      send_lag: [[100, 1]],
      receive_uncertainty: [[7, 3]],
    });
  });

  it('starts afresh after handing over, and leaves out what stayed empty', () => {
    const recorder = new Recorder();
    recorder.record('delivery', 100);
    recorder.record('ack', -1);
    recorder.take();
    recorder.record('ack', 5);
    expect(recorder.take()).toEqual({
      series: { ack: { valuesNs: Float64Array.of(5), counts: Float64Array.of(1) } },
      impossible: {},
    });
    expect(recorder.take()).toEqual({ series: {}, impossible: {} });
  });

  it('hands over what later recording does not change', () => {
    const recorder = new Recorder();
    recorder.record('delivery', 100);
    const taken = recorder.take();
    recorder.record('delivery', 300);
    expect(seriesOf(taken)).toEqual({ delivery: [[100, 1]] });
  });

  it.each([-1, -1e12, Number.NaN, Number.NEGATIVE_INFINITY])(
    'counts %d as impossible, and keeps it as a 0 in every series',
    (valueNs) => {
      for (const { name } of SERIES) {
        const recorder = new Recorder();
        recorder.record(name as 'delivery', valueNs);
        recorder.record(name as 'delivery', valueNs, 2);
        const recorded = recorder.take();
        expect(recorded.impossible).toEqual({ [name]: 3 });
        expect(seriesOf(recorded)).toEqual({ [name]: [[0, 3]] });
      }
    },
  );

  it.each(SERIES.map(({ name, mayBeZero }) => [name, mayBeZero] as const))(
    'takes 0 in %s as possible: %s',
    (name, mayBeZero) => {
      const recorder = new Recorder();
      recorder.record(name as 'delivery', 0);
      const recorded = recorder.take();
      expect(recorded.impossible).toEqual(mayBeZero ? {} : { [name]: 1 });
      expect(seriesOf(recorded)).toEqual({ [name]: [[0, 1]] });
    },
  );

  it('allows 0 only for differences between two readings of one clock', () => {
    expect(SERIES.filter(({ mayBeZero }) => mayBeZero).map(({ name }) => name)).toEqual([
      'freshness',
      'fanout_skew',
      'push_latency',
      'push_gap',
      'push_skew',
      'send_lag',
      'target_function',
      'relay_added',
      'receive_uncertainty',
    ]);
  });
});

describe('values with the time when their message was due', () => {
  const TIMES = { startNs: 1e9, lengthNs: 10e6, slots: 100 };
  const entries = (packed: Float64Array | undefined) =>
    Array.from(packed ?? [], unpackEntry).map(({ slot, count }) => [slot, count]);

  it('are counted by slot once the measured time is known, and one series keeps its order', () => {
    const recorder = new Recorder();
    recorder.recordDue('ack', 1e6, 0);
    recorder.divide(TIMES, 'ack');
    recorder.recordDue('ack', 2e6, 1e9);
    recorder.recordDue('ack', 3e6, 1.02e9);
    recorder.recordDue('ack_actual', 1e6, 1.02e9);
    recorder.record('connect', 5e6);
    const { slots, ordered } = recorder.takeSuccessive();
    expect(Object.keys(slots)).toEqual(['ack', 'ack_actual']);
    expect(entries(slots['ack'])).toEqual([
      [0, 1],
      [2, 1],
    ]);
    expect(entries(slots['ack_actual'])).toEqual([[2, 1]]);
    expect(ordered).toEqual(Float64Array.of(1e9, 2e6, 1.02e9, 3e6));
    expect(seriesOf(recorder.take())['ack']?.reduce((sum, [, count]) => sum + count, 0)).toBe(3);
    expect(recorder.takeSuccessive()).toEqual({ slots: {}, ordered: new Float64Array() });
  });

  it('keep their order up to a limit, which bounds memory', () => {
    const recorder = new Recorder();
    recorder.divide(TIMES, 'ack');
    for (let value = 0; value < MAX_ORDERED + 10; value++) recorder.recordDue('ack', 1e6, 1e9);
    expect(recorder.takeSuccessive().ordered).toHaveLength(2 * MAX_ORDERED);
    recorder.recordDue('ack', 1e6, 1e9);
    expect(recorder.takeSuccessive().ordered).toHaveLength(0);
  });
});
