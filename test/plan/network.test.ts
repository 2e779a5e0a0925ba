import { describe, expect, it } from 'vitest';
import { parseLinks } from '../../src/plan/link.ts';
import { linkSeries, linksOfClients, parseNetworkVia, planNetwork } from '../../src/plan/network.ts';
import { thrownBy } from '../thrown.ts';

const RELAY = parseNetworkVia('relay');
const TARGET = { url: 'http://127.0.0.1:1', exec: 'node app.js', reference: null, allowRemote: null };

describe('links', () => {
  it.each([
    ['rtt=80ms', { latencyMs: 40, jitterMs: 0, share: null, name: 'link1', text: 'rtt=80ms' }],
    // Each direction has half of the jitter of a round trip.
    ['rtt=80ms  jitter=20ms rate=2Mbit', { latencyMs: 40, jitterMs: 10, rateBps: 2e6 }],
    ['latency=80ms jitter=20ms', { latencyMs: 80, jitterMs: 20 }],
    ['10%: rtt=200ms', { share: 0.1, latencyMs: 100, text: 'rtt=200ms' }],
    ['2.5%:rate=64kbit', { share: 0.025, rateBps: 64_000 }],
    ['slice=64B slice-delay=1ms', { sliceBytes: 64, sliceDelayMs: 1 }],
    ['stall=2s@10s', { stall: { forMs: 2000, afterMs: 10_000 } }],
    ['reset=64KiB', { resetAfterBytes: 65_536, resetAfterMs: null }],
    ['reset=30s', { resetAfterBytes: null, resetAfterMs: 30_000 }],
    ['swallow-upgrade', { swallowUpgrade: true }],
    ['idle-timeout=1m', { idleTimeoutMs: 60_000 }],
    ['loss=1%', { loss: 0.01 }],
  ])('%s is read', (text, expected) => {
    expect(parseLinks(text)[0]).toMatchObject(expected);
  });

  it('of shares and of the rest are read together', () => {
    const links = parseLinks('10%: rtt=200ms rate=1Mbit, 20%: rtt=80ms, rtt=20ms');
    expect(links.map(({ name, share, latencyMs }) => [name, share, latencyMs])).toEqual([
      ['link1', 0.1, 100],
      ['link2', 0.2, 40],
      ['link3', null, 10],
    ]);
  });

  it.each([
    ['', 'has no property'],
    ['10%:', 'has no property'],
    ['rtt', 'rtt has no value'],
    ['rtt=', 'rtt has no value'],
    ['rtt=80', '"80" has no unit'],
    ['rtt=80ms rtt=10ms', 'rtt is given twice'],
    ['rtt=2h', '"2h" is above 1h'],
    ['rtt=80ms latency=40ms', 'rtt and latency exclude each other'],
    ['jitter=10ms', 'jitter is larger than the delay'],
    ['rtt=80ms jitter=100ms', 'jitter is larger than the delay'],
    ['rate=2', '"2" is not a bandwidth'],
    ['rate=2MB', '"2MB" is not a bandwidth'],
    ['rate=1kbit', '"1kbit" is not a bandwidth from 8kbit'],
    ['slice=0B', '"0B" is not above 0'],
    ['slice-delay=1ms', 'slice-delay needs slice'],
    ['stall=2s', '"2s" is not a time and the age'],
    ['reset=0s', '"0s" is not above 0'],
    ['reset=64', '"64" has no unit'],
    ['loss=1', '"1" is not a percentage'],
    ['swallow-upgrade=1', '"swallow-upgrade=1" is no property of a link'],
    ['constructor=1', '"constructor=1" is no property of a link'],
    ['10: rtt=80ms', '"10" is not a percentage'],
    ['0%: rtt=80ms', '"0%" is not a percentage'],
    ['60%: rtt=1ms, 60%: rtt=2ms', 'are 120% together'],
    ['rtt=1ms, rtt=2ms', 'two links without a share'],
    ['100%: rtt=1ms, rtt=2ms', 'leaves no clients'],
    ['1%: rtt=1ms,'.repeat(10), 'has no property'],
    [Array.from({ length: 10 }, () => '1%: rtt=1ms').join(), 'has 10 links'],
  ])('%j are refused', (text, message) => {
    expect(thrownBy(() => parseLinks(text)).message).toContain(message);
  });

  it('of a misspelled property name the right one', () => {
    expect(thrownBy(() => parseLinks('jiter=2ms'))).toMatchObject({ hint: 'Did you mean jitter?' });
  });
});

describe('what makes the links', () => {
  it.each([
    ['relay', { via: 'relay', toxiproxy: null }],
    ['netem', { via: 'netem', toxiproxy: null }],
    ['toxiproxy=127.0.0.1:8474', { via: 'toxiproxy', toxiproxy: 'http://127.0.0.1:8474' }],
    ['toxiproxy=http://localhost:8474/', { via: 'toxiproxy', toxiproxy: 'http://localhost:8474' }],
    ['toxiproxy=[::1]:8474', { via: 'toxiproxy', toxiproxy: 'http://[::1]:8474' }],
  ])('%s is read', (text, via) => {
    expect(parseNetworkVia(text)).toEqual(via);
  });

  it.each(['', 'proxy', 'toxiproxy', 'toxiproxy=', 'toxiproxy=127.0.0.1', 'toxiproxy=a b:1', 'relay=1'])(
    '%j is refused',
    (text) => {
      expect(thrownBy(() => parseNetworkVia(text)).message).toContain('neither relay, netem nor toxiproxy');
    },
  );

  it.each([
    ['loss=1%', 'relay', 'relay cannot make loss'],
    ['stall=1s@1s', 'toxiproxy=h:1', 'toxiproxy cannot make stall'],
    ['reset=1KiB', 'toxiproxy=h:1', 'toxiproxy cannot make reset after bytes'],
    ['slice=10B', 'netem', 'netem cannot make slice'],
    ['10%: rtt=1ms', 'netem', 'netem cannot make a share of the clients'],
  ])('%s is refused of %s', (links, via, message) => {
    const options = { network: parseLinks(links), networkVia: parseNetworkVia(via) };
    expect(
      thrownBy(() => planNetwork(options, { ...TARGET, allowRemote: 'h' }, 100, true)).message,
    ).toContain(message);
  });

  it.each([
    [{ exec: null }, 'rtt=1ms', 'netem', 'needs a server that the run starts'],
    [{ url: 'wss://127.0.0.1:1' }, 'swallow-upgrade', 'relay', 'cannot read requests over TLS'],
    [{}, 'rtt=2ms', 'toxiproxy=10.0.0.1:8474', '10.0.0.1 is not this machine'],
  ])('of a target with %j: %s is refused of %s', (target, links, via, message) => {
    const options = { network: parseLinks(links), networkVia: parseNetworkVia(via) };
    expect(thrownBy(() => planNetwork(options, { ...TARGET, ...target }, 100, true)).message).toContain(
      message,
    );
  });

  it('needs links, and a client for each of them', () => {
    const none = { network: null, networkVia: RELAY };
    expect(planNetwork(none, TARGET, 10, false)).toBeNull();
    expect(thrownBy(() => planNetwork(none, TARGET, 10, true))).toMatchObject({ code: 'BAD_NETWORK' });
    const few = { network: parseLinks('1%: rtt=1ms'), networkVia: RELAY };
    expect(thrownBy(() => planNetwork(few, TARGET, 10, false)).message).toContain(
      '1 % of 10 clients is less than',
    );
  });
});

describe('the links of clients', () => {
  const links = parseLinks('10%: rtt=200ms, 25%: rtt=80ms');

  it('have their shares exactly, and are the same for the same seed', () => {
    const linkOf = linksOfClients(links, 200, 7);
    const countOf = (link: number | null) => linkOf.filter((each) => each === link).length;
    expect([countOf(0), countOf(1), countOf(null)]).toEqual([20, 50, 130]);
    expect(linksOfClients(links, 200, 7)).toEqual(linkOf);
    expect(linksOfClients(links, 200, 8)).not.toEqual(linkOf);
  });

  it('are those of the first share whatever the properties and the others are', () => {
    const [one, other] = [
      linksOfClients(links, 200, 7),
      linksOfClients(parseLinks('10%: rate=1Mbit'), 200, 7),
    ];
    const first = (linkOf: ReadonlyArray<number | null>) =>
      linkOf.flatMap((link, client) => (link === 0 ? [client] : []));
    expect(first(one)).toEqual(first(other));
  });

  it('without a share take every other client', () => {
    expect(new Set(linksOfClients(parseLinks('50%: rtt=1ms, rtt=2ms'), 4, 1))).toEqual(new Set([0, 1]));
  });

  it('have series of their own', () => {
    const network = planNetwork({ network: links, networkVia: RELAY }, TARGET, 100, false);
    const names = ['delivery_link1', 'delivery_link2', 'delivery_direct', 'delivery_without_link'];
    expect(Object.keys(linkSeries('delivery', network))).toEqual(names);
    expect(linkSeries('iteration', network)).toEqual({});
  });
});
