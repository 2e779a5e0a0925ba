import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { directMessages } from '../../scenarios/direct-messages.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { populationsOfClients } from '../../src/plan/population-plan.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import type { Hop } from '../support/fake-server.ts';

const COUNTS = ['expected', 'delivered', 'lost', 'late', 'missed', 'duplicated', 'reordered'] as const;

/** The sum over all populations. */
function sumOf(result: RunResult, name: (typeof COUNTS)[number]): number {
  return result.populations.reduce(
    (sum, { deliveries }) => sum + (deliveries?.[name] ?? expect.unreachable()),
    0,
  );
}

function countOf(result: RunResult, series: string): number {
  return viewResult(result).histogram(series)?.count ?? 0;
}

/** Loses, repeats and delays some messages. */
function faulty({ stamp, receiver }: Hop): readonly number[] {
  if (stamp?.measured !== true) return [1];
  const drawn =
    Math.imul(stamp.stream * 7919 + stamp.seq * 104_729 + receiver * 1_299_709, 0x9e3779b1) >>> 24;
  return drawn < 16 ? [] : drawn < 32 ? [1, 2] : drawn < 40 ? [1200] : drawn < 48 ? [90] : [1];
}

const SCENARIOS: ReadonlyArray<readonly [Scenario, GivenOptions]> = [
  [broadcastLatency, {}],
  [broadcastLatency, { excludeSender: 'true' }],
  [roomFanout, { rooms: '2' }],
  [ackRoundtrip, {}],
  [directMessages, { distance: '3' }],
];

describe('a run with populations', () => {
  it('has a ledger for each that adds up to that of the run, also if the server loses messages', async () => {
    const drawn = fc.record({
      scenario: fc.constantFrom(...SCENARIOS),
      shares: fc.array(fc.integer({ min: 10, max: 30 }), { minLength: 1, maxLength: 3 }),
      publishers: fc.integer({ min: 1, max: 2 }),
      hasRates: fc.boolean(),
      workers: fc.constantFrom('1', '2'),
      arrival: fc.constantFrom('constant', 'poisson'),
      seed: fc.integer({ min: 0, max: 1000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        drawn,
        async ({ scenario: [scenario, own], shares, publishers, hasRates, ...rest }) => {
          const population = shares
            .map((share, index) => {
              const rate = hasRates ? `rate=${10 * (index + 1)}/s` : '';
              return `p${index}: clients=${share}% publishers=${publishers} ${rate}`;
            })
            .join('; ');
          const options = { ...own, ...rest, seed: String(rest.seed), population };
          const load = { clients: '20', duration: '1s', drain: '2s', ...(hasRates ? {} : { rate: '30/s' }) };
          const result = await new FakeRun({
            planned: planFake(scenario, { ...load, ...options }),
            behavior: { network: faulty },
          }).run();
          for (const name of COUNTS) expect([name, sumOf(result, name)]).toEqual([name, result.ledger[name]]);
          expect(result.populations.at(-1)?.name).toBe('rest');
          const sum = (name: 'clients' | 'connected' | 'sent') =>
            result.populations.reduce((total, each) => total + each[name], 0);
          expect([sum('clients'), sum('connected'), sum('sent')]).toEqual([20, 20, result.rate.sent]);
          const { headline } = result;
          for (const series of [headline, `${headline}_actual`, 'connect']) {
            const ofAll = result.populations.map(({ name }) => countOf(result, `${series}{${name}}`));
            expect(ofAll.reduce((total, count) => total + count, 0)).toBe(countOf(result, series));
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  it('has latencies, losses and clients of each, by who received', async () => {
    const planned = planFake(broadcastLatency, {
      ...{ clients: '10', rate: '50/s', duration: '2s', drain: '1s' },
      population: 'mobile: clients=20%; desktop: publishers=2',
    });
    const populationOf = populationsOfClients(planned.plan);
    const mobile = [...populationOf.keys()].filter((client) => populationOf[client] === 0);
    const result = await new FakeRun({
      planned,
      behavior: {
        // One of the two mobile clients loses all, the other gets everything late.
        network: ({ receiver, stamp }) =>
          stamp?.measured !== true ? [1] : receiver === mobile[0] ? [] : receiver === mobile[1] ? [80] : [5],
      },
    }).run();
    const ms = (series: string) => Math.round((viewResult(result).quantileNs(series, 0.5) ?? 0) / 1e6);
    expect([ms('delivery{mobile}'), ms('delivery{desktop}')]).toEqual([80, 5]);
    expect(result.populations).toEqual([
      {
        ...{ name: 'mobile', clients: 2, connected: 2, dropped: 0, publishers: 0, sent: 0 },
        deliveries: { ...NOTHING_WRONG, expected: 200, delivered: 100, lost: 100 },
      },
      {
        ...{ name: 'desktop', clients: 8, connected: 8, dropped: 0, publishers: 2, sent: 100 },
        deliveries: { ...NOTHING_WRONG, expected: 800, delivered: 800 },
      },
    ]);
  });

  it('sends at the rate and in the size of each population', async () => {
    const sizes = new Map<number, Set<number>>();
    const planned = planFake(broadcastLatency, {
      ...{ clients: '10', duration: '2s' },
      population:
        'small: clients=4 publishers=1 rate=30/s payload=64B; large: clients=4 publishers=2 rate=10/s payload=1KiB',
    });
    const populationOf = populationsOfClients(planned.plan);
    const result = await new FakeRun({
      planned,
      behavior: {
        changes: (payload, { stamp }) => {
          const sender = planned.layout.streams[stamp?.stream ?? -1]?.sender ?? -1;
          const population = populationOf[sender] ?? -1;
          sizes.set(population, (sizes.get(population) ?? new Set()).add(String(payload).length));
          return payload;
        },
      },
    }).run();
    expect(result.populations.map(({ name, sent }) => [name, sent])).toEqual([
      ['small', 60],
      ['large', 20],
      ['rest', 0],
    ]);
    expect(result.rate).toMatchObject({ intended: 80, sent: 80, intendedHz: 40 });
    expect(sizes).toEqual(
      new Map([
        [0, new Set([64])],
        [1, new Set([1024])],
      ]),
    );
    expect(result.ledger).toMatchObject({ lost: 0, corrupted: 0, unexpected: 0 });
  });

  it('has no deliveries by population where a generator process was lost', async () => {
    const run: FakeRun = new FakeRun({
      planned: planFake(broadcastLatency, {
        ...{ clients: '8', workers: '2', rate: '20/s', duration: '2s', population: 'a: clients=50%' },
      }),
    });
    run.during('measure', 1000, () => run.workers[1]?.kill());
    const result = await run.run();
    expect(result.ledger.unknown).toBeGreaterThan(0);
    expect(result.populations.map(({ name, deliveries }) => [name, deliveries])).toEqual([
      ['a', null],
      ['rest', null],
    ]);
  });
});

const NOTHING_WRONG = { late: 0, lost: 0, missed: 0, dropped: 0, duplicated: 0, reordered: 0, corrupted: 0 };
