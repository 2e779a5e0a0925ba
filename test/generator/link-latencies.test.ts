import { describe, expect, it } from 'vitest';
import { LinkLatencies, sendersDelaysNs, sendsOverLinks } from '../../src/generator/link-latencies.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import { parseLinks } from '../../src/plan/link.ts';
import { parseNetworkVia } from '../../src/plan/network.ts';

const stream = (sender: number) => ({
  sender,
  receivers: [0, 1, 2],
  operation: { kind: 'publish', scope: 'everyone', room: null } as const,
});
const LAYOUT = { streams: [stream(0), stream(2)] };

/** What was recorded of one message in milliseconds, by series. */
function recorded(overLinks: boolean | null, receiver: number, streamNumber: number, latencyMs: number) {
  const recorder = new Recorder();
  const network = {
    ...parseNetworkVia('relay'),
    links: parseLinks('30%: rtt=200ms jitter=20ms, 30%: rtt=80ms'),
  };
  const latencies = new LinkLatencies({
    ...{ recorder, network, headline: 'delivery', ...LAYOUT, linkOf: [0, 1, null] },
    sendsOverLinks: overLinks,
  });
  latencies.record(receiver, streamNumber, latencyMs * 1e6);
  const { series } = recorder.take();
  return Object.fromEntries(
    Object.entries(series).map(([name, { valuesNs }]) => [name, Math.round((valuesNs[0] ?? 0) / 1e6)]),
  );
}

describe('latencies by link', () => {
  it('are recorded for the link of the receiver, and without the constant delay of both links', () => {
    // The sender of stream 0 has link1, which always takes 90 ms; that of stream 1 has none.
    expect(recorded(true, 1, 0, 150)).toEqual({ delivery_link2: 150, delivery_without_link: 20 });
    expect(recorded(true, 0, 1, 100)).toEqual({ delivery_link1: 100, delivery_without_link: 10 });
    expect(recorded(true, 2, 1, 5)).toEqual({ delivery_direct: 5, delivery_without_link: 5 });
  });

  it('keep the delay of a sender that publishes over HTTP, and are not derived where that is unknown', () => {
    expect(recorded(false, 1, 0, 60)).toEqual({ delivery_link2: 60, delivery_without_link: 20 });
    expect(recorded(null, 1, 0, 60)).toEqual({ delivery_link2: 60 });
  });

  it('tell how long messages may be on the links of their senders', () => {
    const delaysMs = (links: string, overLinks: boolean | null) => {
      const network = { ...parseNetworkVia('relay'), links: parseLinks(links) };
      const run = { network, ...LAYOUT, linkOf: [0, 0, 1], sendsOverLinks: overLinks };
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
