import { describe, expect, it } from 'vitest';
import { churn } from '../../scenarios/churn.ts';
import type { ClientHooks } from '../../src/contract/hooks.ts';
import { EVENT } from '../../src/contract/protocol.ts';
import { occurrencesOf, randomDisruptionsOf, timesAtClient } from '../../src/plan/disturbed-clients.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import type { Hop } from '../support/fake-server.ts';

const LOAD = { clients: '12', rate: '100/s', duration: '4s', drain: '1s', meanStay: '1s', meanAway: '300ms' };

/** One message that the server sent to one member, and whether it arrived over the connection of that time. */
interface SentHop {
  readonly hop: Hop;
  readonly connection: object | undefined;
  arrived: boolean;
}

interface Churned {
  readonly result: RunResult;
  /** What the server sent to members in the measured time, in that order. */
  readonly sent: readonly SentHop[];
  readonly heard: readonly string[];
}

/** A run in which ten messages are on their way to each member at any time. The server loses those that `loses` names. */
async function runChurn(
  given: Record<string, string> = {},
  loses: (hop: Hop) => boolean = () => false,
  hooks: ClientHooks = {},
): Promise<Churned> {
  const sent: SentHop[] = [];
  const run: FakeRun = new FakeRun({
    planned: planFake(churn, { ...LOAD, ...given }),
    hooks,
    behavior: {
      network: (hop) => {
        if (hop.stamp?.measured !== true) return [20];
        const delayMs = 90 + (hop.stamp.seq % 7) + hop.receiver / 10;
        const each = { hop, connection: run.server.connections.get(hop.receiver), arrived: false };
        sent.push(each);
        if (loses(hop)) return [];
        run.time.after(delayMs, () => {
          each.arrived = run.server.connections.get(hop.receiver) === each.connection;
        });
        return [delayMs];
      },
    },
  });
  return { result: await run.run(), sent, heard: run.server.heard };
}

describe.each(['1', '3'])('churn with %s workers', (workers) => {
  it('counts what arrives, and calls nothing lost that was on its way to a client that left', async () => {
    const { result, sent, heard } = await runChurn({ workers });
    const arrived = sent.filter((each) => each.arrived).length;
    // Some were on their way when their receivers left.
    expect(sent.length - arrived).toBeGreaterThan(50);
    const { ledger, members, samples, disruptions } = result;
    expect(ledger).toMatchObject({
      ...{ expected: arrived, delivered: arrived, lost: 0, missed: 0, unexpected: 0 },
      ...{ late: 0, duplicated: 0, reordered: 0, anomalies: [] },
    });
    expect(samples).toEqual({ unit: 'broadcast', count: 400, incomplete: 0 });
    expect(members?.left).toBe(heard.filter((each) => each.endsWith(' leave')).length);
    expect(members?.left).toBeGreaterThan(20);
    expect(disruptions).toHaveLength(1);
    expect(disruptions[0]).toMatchObject({ clients: members?.left, missed: 0, lost: 0, replayed: 0 });
    expect(result.findings).toEqual([]);
    expect(result.invalid).toEqual([]);
    // Connecting and joining take 1 ms each.
    expect(result.series['rejoin']?.meanNs).toBeCloseTo(2e6, -4);
    expect(result.intervals.reduce((sum, { expected }) => sum + expected, 0)).toBe(arrived);
  });

  it('finds what the server loses while its receiver is a member', async () => {
    const loses = ({ receiver, stamp }: Hop) => receiver === 5 && (stamp?.seq ?? 0) % 10 === 3;
    const { result, sent } = await runChurn({ workers }, loses);
    // One after which nothing arrived may have been on its way.
    const certain = sent.filter(
      (each, place) =>
        loses(each.hop) &&
        sent.slice(place).some((later) => later.arrived && later.connection === each.connection),
    );
    expect(certain.length).toBeGreaterThan(10);
    expect(result.ledger).toMatchObject({ lost: certain.length, missed: 0 });
    expect(result.ledger.delivered).toBe(sent.filter(({ arrived }) => arrived).length);
    expect(result.samples.incomplete).toBe(certain.length);
  });
});

it('takes what arrives while a client leaves as delivered and not as replayed', async () => {
  // The server answers 20 ms later, and goes on sending until the connection is closed.
  const hooks: ClientHooks = {
    leave: async (connection) => void (await connection.call(EVENT.hello, 'bye')),
  };
  const { result, sent } = await runChurn({}, () => false, hooks);
  const arrived = sent.filter((each) => each.arrived).length;
  expect(result.ledger).toMatchObject({ expected: arrived, delivered: arrived, lost: 0, unexpected: 0 });
  expect(result.disruptions[0]).toMatchObject({ replayed: 0 });
  expect(result.samples.incomplete).toBe(0);
});

it('members are counted over the measured time', async () => {
  const { members } = (await runChurn({ clients: '31', rate: '5/s', duration: '12s' })).result;
  // Each of 30 receivers is away for 302 of 1,302 ms on average.
  expect(members?.mean).toBeGreaterThan(31 - 7 - 2);
  expect(members?.mean).toBeLessThan(31 - 7 + 2);
  expect(members?.max).toBe(31);
  expect(members?.min).toBeGreaterThan(10);
  // Those that are away at the end have not joined.
  expect(members?.joined).toBeLessThanOrEqual(members?.left ?? 0);
});

describe('the times of a random disruption', () => {
  const { plan, layout } = planFake(churn, {
    clients: '400',
    duration: '100s',
    meanStay: '4s',
    meanAway: '1s',
  });
  const [random] = randomDisruptionsOf(plan, layout);
  if (random === undefined) throw new Error('the plan has no random disruption');
  const timesOf = (client: number) => [...timesAtClient(random, client, plan)];

  it('have the given means, and are those of an exponential distribution', () => {
    const stays: number[] = [];
    const aways: number[] = [];
    for (const client of random.clients) {
      let joinedMs = 0;
      for (const { atMs, forMs } of timesOf(client)) {
        stays.push(atMs - joinedMs);
        aways.push(forMs ?? 0);
        joinedMs = atMs + (forMs ?? 0);
      }
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Stays that the end cuts off are missing. Of 8,000 values, the mean is within 5 % in all but one of 10,000 cases.
    expect(mean(stays) / 4000).toBeCloseTo(0.97, 1);
    expect(mean(aways) / 1000).toBeCloseTo(1, 1);
    // A share of 1 / e is longer than the mean.
    expect(aways.filter((ms) => ms > 1000).length / aways.length).toBeCloseTo(Math.exp(-1), 1);
  });

  it('are equal in each process, differ between clients, and do not touch the publisher', () => {
    expect(timesOf(5)).toEqual(timesOf(5));
    expect(timesOf(5)).not.toEqual(timesOf(6));
    expect(random.clients).not.toContain(0);
    expect(random.clients).toHaveLength(399);
    expect(occurrencesOf(plan, layout)).toEqual([]);
  });
});
