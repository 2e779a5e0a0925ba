import { describe, expect, it } from 'vitest';
import { NsHistogram } from '../../src/measure/histogram.ts';
import { type Recorded, Recorder } from '../../src/measure/recorder.ts';
import { SERIES } from '../../src/measure/series.ts';

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
