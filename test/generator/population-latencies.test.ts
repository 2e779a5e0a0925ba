import { describe, expect, it } from 'vitest';
import {
  populationLatencies,
  sendersDelaysNs,
  sendsOverLinks,
} from '../../src/generator/population-latencies.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import { parseLinks } from '../../src/plan/link.ts';
import { parseNetworkVia } from '../../src/plan/network.ts';
import type { Population } from '../../src/plan/populations.ts';

const stream = (sender: number) => ({
  sender,
  receivers: [0, 1, 2],
  operation: { kind: 'publish', scope: 'everyone', room: null } as const,
});
const LAYOUT = { streams: [stream(0), stream(2)] };

const population = (name: string, link: number | null): Population => ({
  ...{ name, link, text: '', clients: 1, publishers: 0, transport: 'websocket', driver: 'wire' },
  ...{ rateShare: null, payload: null, payloadBytes: 0 },
});
const POPULATIONS = [population('far', 0), population('near', 1), population('direct', null)];

const networkOf = (links: string) => ({ ...parseNetworkVia('relay'), links: parseLinks(links) });

/** What was recorded of one message in milliseconds, by series. It was sent 2 ms after it was due. */
function recorded(
  overLinks: boolean | null,
  receiver: number,
  streamNumber: number,
  latencyMs: number,
  clock: 'same' | 'other' = 'same',
) {
  const recorder = new Recorder();
  const network = networkOf('30%: rtt=200ms jitter=20ms, 30%: rtt=80ms');
  const latencies = populationLatencies({
    recorder,
    plan: { headline: 'delivery', network, populations: POPULATIONS },
    layout: LAYOUT,
    populationOf: [0, 1, 2],
    linkOf: [0, 1, null],
    sendsOverLinks: overLinks,
  })(clock);
  const times = { latencyNs: latencyMs * 1e6, actualNs: (latencyMs - 2) * 1e6 };
  latencies?.record(receiver, streamNumber, { ...times, dueNs: 0, lowestNs: 0 });
  const { series } = recorder.take();
  return Object.fromEntries(
    Object.entries(series).map(([name, { valuesNs }]) => [name, Math.round((valuesNs[0] ?? 0) / 1e6)]),
  );
}

describe('latencies by population', () => {
  it('are recorded for the population of the receiver, and without the constant delay of both links', () => {
    // The sender of stream 0 is far, which always takes 90 ms; that of stream 1 has no link.
    expect(recorded(true, 1, 0, 150)).toEqual({
      'delivery{near}': 150,
      'delivery_actual{near}': 148,
      delivery_without_link: 20,
    });
    expect(recorded(true, 0, 1, 100)).toEqual({
      'delivery{far}': 100,
      'delivery_actual{far}': 98,
      delivery_without_link: 10,
    });
    expect(recorded(true, 2, 1, 5)).toEqual({
      'delivery{direct}': 5,
      'delivery_actual{direct}': 3,
      delivery_without_link: 5,
    });
  });

  it('keep the delay of a sender that publishes over HTTP, and are not derived where that is unknown', () => {
    expect(recorded(false, 1, 0, 60)).toMatchObject({ 'delivery{near}': 60, delivery_without_link: 20 });
    expect(recorded(null, 1, 0, 60)).toEqual({ 'delivery{near}': 60, 'delivery_actual{near}': 58 });
  });

  it('are kept apart for senders on another host, whose clock may not compare', () => {
    expect(Object.keys(recorded(true, 1, 0, 60, 'other'))).toEqual([
      'delivery{near}_across_hosts',
      'delivery_actual{near}_across_hosts',
      'delivery_without_link_across_hosts',
    ]);
  });

  it('are none where all clients are alike, and of a headline that is not of single clients', () => {
    const run = {
      ...{ recorder: new Recorder(), layout: LAYOUT, populationOf: [], linkOf: [], sendsOverLinks: true },
    };
    const alike = { headline: 'delivery', network: null, populations: [] };
    expect(populationLatencies({ ...run, plan: alike })('same')).toBeNull();
    const steps = { headline: 'iteration', network: null, populations: POPULATIONS };
    expect(populationLatencies({ ...run, plan: steps })('same')).toBeNull();
  });

  it('report how long messages may be on the links of their senders', () => {
    const delaysMs = (links: string, overLinks: boolean | null) => {
      const run = { network: networkOf(links), ...LAYOUT, linkOf: [0, 0, 1], sendsOverLinks: overLinks };
      return sendersDelaysNs(run).map((ns) => ns / 1e6);
    };
    expect(delaysMs('30%: rtt=200ms jitter=20ms, rtt=20ms', true)).toEqual([110, 10]);
    expect(delaysMs('30%: rtt=200ms rate=2Mbit, rtt=20ms stall=3s@1s', null)).toEqual([1100, 3010]);
    expect(delaysMs('30%: rtt=200ms, rtt=20ms', false)).toEqual([]);
  });

  it.each([
    ['an event', { publish: () => ({ event: 'send' }) }, true],
    ['a request', { publish: () => ({ url: '/send' }) }, false],
    ['an async function', { publish: async () => ({ url: '/send' }) }, null],
    ['a function that needs values of its client', { publish: () => expect.unreachable() }, null],
    ['nothing', {}, true],
  ])('know whether messages cross links by what publish returns: %s', (_, mapping, expected) => {
    expect(sendsOverLinks(mapping, LAYOUT)).toBe(expected);
  });
});
