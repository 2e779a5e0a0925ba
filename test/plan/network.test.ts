import { describe, expect, it } from 'vitest';
import { parseLinks } from '../../src/plan/link.ts';
import { parseNetworkVia, planNetwork } from '../../src/plan/network.ts';
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
    expect(thrownBy(() => planNetwork(options, { ...TARGET, allowRemote: 'h' }, true)).message).toContain(
      message,
    );
  });

  it.each([
    [{ exec: null }, 'rtt=1ms', 'netem', 'needs a server that the run starts'],
    [{ url: 'wss://127.0.0.1:1' }, 'swallow-upgrade', 'relay', 'cannot read requests over TLS'],
    [{}, 'rtt=2ms', 'toxiproxy=10.0.0.1:8474', '10.0.0.1 is not this machine'],
  ])('of a target with %j: %s is refused of %s', (target, links, via, message) => {
    const options = { network: parseLinks(links), networkVia: parseNetworkVia(via) };
    expect(thrownBy(() => planNetwork(options, { ...TARGET, ...target }, true)).message).toContain(message);
  });

  it('needs links where it is said how they are made', () => {
    const none = { network: null, networkVia: RELAY };
    expect(planNetwork(none, TARGET, false)).toBeNull();
    expect(thrownBy(() => planNetwork(none, TARGET, true))).toMatchObject({ code: 'BAD_NETWORK' });
  });
});
