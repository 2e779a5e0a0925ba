import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { connectStorm } from '../../scenarios/connect-storm.ts';
import { directMessages } from '../../scenarios/direct-messages.ts';
import { recovery } from '../../scenarios/recovery.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { buildPlan } from '../../src/plan/plan.ts';
import { linksOfClients, populationsOfClients } from '../../src/plan/population-plan.ts';
import { targetWith } from '../support/plan.ts';
import { thrownBy } from '../thrown.ts';

function planned(scenario: Scenario, given: GivenOptions) {
  return buildPlan(scenario, { clients: '200', ...given }, () => targetWith({ protocol: 'socketio' }));
}

const populationsOf = (population: string, more: GivenOptions = {}) =>
  planned(broadcastLatency, { population, ...more }).plan.populations;

describe('populations', () => {
  it('have shares and numbers of the clients, and leave the rest to one of them', () => {
    const text =
      'desktop: publishers=5%; legacy: clients=20% transport=polling; mobile: clients=10% link="rtt=200ms jitter=20ms"';
    expect(populationsOf(text)).toMatchObject([
      { name: 'desktop', clients: 140, publishers: 7, transport: 'websocket', driver: 'wire', link: null },
      { name: 'legacy', clients: 40, publishers: 0, transport: 'polling', driver: 'official', link: null },
      { name: 'mobile', clients: 20, publishers: 0, transport: 'websocket', link: 0 },
    ]);
    const { plan } = planned(broadcastLatency, { population: text });
    expect(plan.network?.links).toMatchObject([{ name: 'link1', latencyMs: 100, jitterMs: 10 }]);
    expect(linksOfClients(plan).filter((link) => link === 0)).toHaveLength(20);
  });

  it('name the clients that are left', () => {
    const sizes = (text: string, clients: string) =>
      populationsOf(text, { clients }).map(({ name, clients: size }) => `${name} ${size}`);
    expect(sizes('a: clients=10', '15')).toEqual(['a 10', 'rest 5']);
    // Rounding neither adds a client nor loses one.
    expect(sizes('a: clients=50%; b: clients=50%', '5')).toEqual(['a 3', 'b 2']);
    expect(sizes('a: clients=33.4%; b: clients=33.3%; c: clients=33.3%', '10')).toEqual([
      'a 3',
      'b 4',
      'c 3',
    ]);
  });

  it('have the same clients for the same seed, with any properties', () => {
    const clientsOf = (text: string, seed: string) => {
      const { plan, layout } = planned(broadcastLatency, { population: text, seed });
      return {
        populationOf: populationsOfClients(plan),
        senders: layout.streams.map(({ sender }) => sender),
      };
    };
    const one = clientsOf('a: clients=10% publishers=3', '7');
    expect(clientsOf('a: clients=10% publishers=3 transport=polling', '7')).toEqual(one);
    expect(clientsOf('a: clients=10% publishers=3', '8')).not.toEqual(one);
    expect(one.populationOf.filter((index) => index === 0)).toHaveLength(20);
    expect(one.senders.map((sender) => one.populationOf[sender])).toEqual([0, 0, 0]);
  });

  it.each([
    [broadcastLatency, {}],
    [roomFanout, { rooms: '4' }],
    [ackRoundtrip, {}],
    [directMessages, {}],
  ])('choose who publishes', (scenario, own) => {
    const { plan, layout } = planned(scenario, { ...own, population: 'a: clients=10% publishers=50%' });
    const populationOf = populationsOfClients(plan);
    const senders = new Set(layout.streams.map(({ sender }) => sender));
    expect(senders.size).toBe(10);
    expect([...senders].every((sender) => populationOf[sender] === 0)).toBe(true);
  });

  it('leave the choice to the scenario where none of them says it', () => {
    const { layout, plan } = planned(broadcastLatency, { population: 'a: clients=50%' });
    expect(layout.streams.map(({ sender }) => sender)).toEqual([0]);
    expect(plan.populations.map(({ publishers }) => publishers).toSorted()).toEqual([0, 1]);
  });

  it('have links of their own, that of --network, or none', () => {
    const population = 'far: clients=10% link="rtt=200ms"; wired: clients=10% link=none';
    const { plan } = planned(broadcastLatency, { population, network: 'rtt=40ms' });
    expect(plan.network?.links.map(({ name, text }) => `${name} ${text}`)).toEqual([
      'link1 rtt=200ms',
      'link2 rtt=40ms',
    ]);
    expect(plan.populations.map(({ link }) => link)).toEqual([0, null, 1]);
  });

  it('are those of the links of --network where these have shares of the clients', () => {
    const { plan, scenario } = planned(broadcastLatency, { network: '10%: rtt=200ms, 25%: rtt=80ms' });
    expect(plan.populations.map(({ name, clients, link }) => [name, clients, link])).toEqual([
      ['link1', 20, 0],
      ['link2', 50, 1],
      ['direct', 130, null],
    ]);
    expect(Object.keys(scenario.series ?? {})).toEqual([
      ...['delivery{link1}', 'delivery{link2}', 'delivery{direct}'],
      ...['delivery_actual{link1}', 'delivery_actual{link2}', 'delivery_actual{direct}'],
      'delivery_without_link',
      ...['connect{link1}', 'connect{link2}', 'connect{direct}'],
    ]);
    const one = planned(broadcastLatency, { network: 'rtt=80ms' });
    expect(one.plan.populations).toEqual([]);
    expect(linksOfClients(one.plan)).toEqual(Array.from({ length: 200 }, () => 0));
    expect(Object.keys(one.scenario.series ?? {})).toEqual(['delivery_without_link']);
  });

  it('have payloads of their own', () => {
    const text =
      'a: clients=50% publishers=1 payload=4KiB; b: publishers=1 payload-sizes="p50=200B p99=2KiB"';
    const { plan } = planned(broadcastLatency, { population: text });
    expect(plan.populations.map(({ payload }) => payload?.kind)).toEqual(['size', 'sizes']);
    expect([plan.payloadBytes, plan.payload?.largestBytes]).toEqual([4096, 64]);
  });
});

describe('populations that cannot be', () => {
  it.each([
    ['', 'no population is given'],
    ['mobile', '"mobile" does not begin with a name and a colon'],
    ['Mobile: clients=1', '"Mobile" is not the name of a population'],
    ['a: share=20%', '"share" is not a key of the population a; those of the population a are clients'],
    ['a: clients', '"clients" after the population a is not a key with a value'],
    ['a: clients=1 clients=2', 'clients is given twice for the population a'],
    ['a: clients=1; a: clients=2', 'the name a is given twice'],
    ['a: clients=0', 'a: clients: "0" is not above 0'],
    ['a: clients=120%', 'a: clients: "120%" is neither a percentage up to 100% nor a number'],
    ['a: clients=-1', '"-1" is neither a percentage'],
    ['a: clients=70%; b: clients=40%', 'the shares are 110 % together'],
    ['a: clients=150; b: clients=60', 'the populations have 210 clients, and the run has 200'],
    ['a: clients=0.1%', 'a: 0.1 % of 200 clients is less than one'],
    ['a: transport=polling; b: link=none', 'a and b have no number of clients'],
    ['a: clients=100%; b: link=none', 'no clients are left for b'],
    ['rest: clients=10%', 'rest is the name of the clients that are left'],
    ['a: transport=carrier-pigeon', '"carrier-pigeon" is not one of'],
    ['a: link="rtt=200ms', 'has a quote that is not closed'],
    ['a: link="rtt=10ms, rtt=20ms"', 'is more than one link'],
    ['a: link="50%: rtt=10ms"', 'has a share of the clients'],
    ['a: link="speed=10ms"', '"speed=10ms" is no property of a link'],
    ['a: publishers=0', 'no client publishes'],
    ['a: clients=10 publishers=11', 'a has publishers=11, and 10 clients'],
    ['a: clients=10 publishers=1%', 'publishers=1 % of 10 clients is less than one'],
    ['a: clients=10 publishers=1 rate=1/s; b: publishers=2', 'b publish and have no rate'],
    ['a: clients=10 rate=1/s; b: publishers=2', 'a has a rate, and none of its clients publishes'],
    ['a: clients=10 publishers=1 rate=20%; b: publishers=2 rate=20%', 'the rates are 40 % together'],
    ['a: clients=10 publishers=1 rate=20%; b: publishers=2 rate=20/s', 'some rates are percentages'],
    ['a: clients=10 publishers=1 rate=0/s', '"0/s" is not above 0'],
    ['a: publishers=1 rate=2s@1/s', '"2s@1/s" is neither a rate nor a percentage'],
    ['a: clients=10 payload=1KiB; b: publishers=1', 'a has payloads, and none of its clients publishes'],
    ['a: publishers=1 payload=4B', '--population a: --payload 4B has no room for the time stamp'],
    ['a: publishers=1 payload=64B payload-sizes="p50=64B p99=1KiB"', 'has both payload= and payload-sizes='],
    ['a: publishers=1 payload=/nowhere/at/all', 'cannot be read'],
  ])('%s', (population, message) => {
    const problem = thrownBy(() => populationsOf(population));
    expect(problem.message).toContain(message);
    expect(problem.message).toContain('--population');
  });

  it.each([
    [broadcastLatency, { publishers: '2' }, '--publishers is given, and publishers= of a population'],
    [broadcastLatency, { network: '10%: rtt=1ms' }, '--network has links for shares of the clients'],
    [broadcastLatency, { networkVia: 'netem', network: 'rtt=1ms' }, 'cannot'],
    [recovery, {}, 'recovery chooses who publishes'],
    [connectStorm, {}, 'connect-storm measures handshake, which is not reported by population'],
    [roomFanout, { rooms: '3', members: '1' }, 'of its 10 publishers are in a room'],
  ])('together with the rest of the plan', (scenario, more, message) => {
    const population = 'a: clients=10 publishers=10 link=none; b: link="rtt=1ms"';
    const netem = 'networkVia' in more;
    const target = targetWith({ protocol: 'socketio', exec: 'node server.js', url: 'http://127.0.0.1:1' });
    const problem = thrownBy(() => buildPlan(scenario, { clients: '20', population, ...more }, () => target));
    expect(problem.message).toContain(netem ? 'all clients have the same link' : message);
  });

  it('and rates that contradict --rate or --sender-cooldown', () => {
    const population = 'a: publishers=4 rate=10/s';
    const problemOf = (more: GivenOptions) => thrownBy(() => populationsOf(population, more)).message;
    expect(problemOf({ rate: '10/s' })).toContain('--rate 10/s is given, and rates of populations');
    expect(problemOf({ senderCooldown: '10ms' })).toContain(
      '--sender-cooldown needs clients that send in turn',
    );
  });
});
