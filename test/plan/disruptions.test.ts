import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { recovery } from '../../scenarios/recovery.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import { cutsConnections, isOfClients, parseDisruptions } from '../../src/plan/disruptions.ts';
import { occurrencesOf } from '../../src/plan/disturbed-clients.ts';
import { planSchema } from '../../src/plan/plan.ts';
import { disruptionText } from '../../src/result/disruption-text.ts';
import { planFake } from '../support/fake-run.ts';
import { thrownBy } from '../thrown.ts';

/** The clients and times of a run of 11 clients, of which the first publishes. */
function happening(disrupt: string, given: Record<string, string> = {}) {
  const { plan, layout } = planFake(broadcastLatency, { clients: '11', duration: '10s', disrupt, ...given });
  return occurrencesOf(plan, layout).map(({ index, repetition, atMs, clients }) => ({
    ...{ index, repetition, atMs, clients },
  }));
}

describe('--disrupt', () => {
  it.each([
    'reset at=5s',
    'close at=0ms every=2s clients=3',
    'fin at=1s clients=50% group=2/3 for=2s offset=off',
    'leave at=1s',
    'leave at=0ms every=2s arrival=poisson for=5s',
    'silence at=1s for=500ms',
    'half-open at=1s pings=off',
    'slow at=1s pings=off read=10KiB/s',
    'restart at=1s for=2s signal=SIGKILL',
    'rolling-restart at=1s every=3s for=1s',
  ])('is stored and shown as it was given: %s', (text) => {
    const { plan } = planFake(broadcastLatency, { disrupt: `${text}, reset at=90%` });
    expect(plan.disruptions.map(disruptionText)).toEqual([text, 'reset at=9s']);
    expect(planSchema.parse(structuredClone(plan))).toEqual(plan);
  });

  it.each([
    ['rest at=5s', '"rest" is not a disruption; they are close, fin'],
    ['reset', '"reset" has no time'],
    ['reset at=5', '"5" has no unit'],
    ['reset at=10s', 'at=10s is not within the measured 10s'],
    ['reset at=100%', 'at=100% is not within the measured 10s'],
    ['reset at=101%', '"101%" is not a share'],
    ['reset 5s', '"5s" after reset is not a key with a value'],
    ['reset at=5s at=6s', 'at is given twice'],
    ['reset at=5s signal=SIGTERM', '"signal" is not a key of reset; those of reset are at, every'],
    ['restart at=5s clients=5', '"clients" is not a key of restart'],
    ['restart at=5s signal=SIGINT', 'signal=SIGINT is neither SIGTERM nor SIGKILL'],
    ['reset at=5s clients=0%', 'clients=0% is neither'],
    ['reset at=5s clients=half', 'clients=half is neither'],
    ['reset at=5s group=4/3', 'group=4/3 is not a group'],
    ['reset at=5s every=1s for=1s', 'happens again every 1s, before it has ended'],
    ['reset at=5s arrival=poisson', 'is random, but has no mean time'],
    ['reset at=5s every=1s arrival=often', 'arrival=often is neither constant nor poisson'],
    ['slow at=5s arrival=poisson', '"arrival" is not a key of slow'],
    ['silence at=5s every=1s', 'happens again, but does not end'],
    ['silence at=5s for=0s', 'for=0s is not above 0'],
    ['half-open at=5s pings=no', 'pings=no is neither on nor off'],
    ['slow at=5s', '"slow at=5s" has no rate'],
    ['slow at=5s read=10KiB', 'read=10KiB: "10KiB" is not a size per time'],
    ['slow at=5s read=10KB/s', 'read=10KB/s: "10KB" is not a size'],
    ['', 'the list is empty'],
    [' , ', 'the list is empty'],
    ['reset at=5s clients=500', 'clients=500 is more than the 3 that may be disturbed'],
    ['reset at=5s group=3/5 clients=3', 'clients=3 is more than the 1 that may be disturbed in group 3/5'],
    ['reset at=5s group=10/10', 'clients=1 is more than the 0 that may be disturbed in group 10/10'],
    ['silence at=50% for=6s', 'silence at=50% for=6s does not end within the measured 10s'],
  ])('refuses %s', (disrupt, message) => {
    const error = thrownBy(() => planFake(broadcastLatency, { disrupt }));
    expect(error.message).toMatch(/^--disrupt: /);
    expect(error.message).toContain(message);
  });

  it('does not name the option where the scenario disturbs by itself, and says how long it takes', () => {
    const error = thrownBy(() => planFake(recovery, { duration: '5s', clients: '8' }));
    expect(error.message).toBe('recovery: reset at=6s is not within the measured 5s');
    expect(error.hint).toContain('a --duration of 9s or more');
    expect(planFake(recovery, { duration: '9s', clients: '8' }).plan.disruptions).toHaveLength(8);
  });

  it('knows which disruptions end connections, and which happen to clients', () => {
    const kinds = (keep: (each: ReturnType<typeof parseDisruptions>[number]) => boolean) =>
      parseDisruptions('close at=1s, silence at=1s, slow at=1s read=0B/s, restart at=1s')
        .filter(keep)
        .map(({ kind }) => kind);
    expect(kinds(cutsConnections)).toEqual(['close', 'restart']);
    expect(kinds((each) => isOfClients({ ...each, atMs: 0 }))).toEqual(['close', 'silence', 'slow']);
  });
});

describe('the clients of a disruption', () => {
  it('are the same for the same seed, others for another, and none of them sends', () => {
    const [first, again] = [happening('reset at=5s clients=50%'), happening('reset at=5s clients=50%')];
    expect(first).toEqual(again);
    expect(first).toMatchObject([{ atMs: 5000, clients: expect.toSatisfy(({ length }) => length === 5) }]);
    expect(first[0]?.clients).not.toContain(0);
    expect(happening('reset at=5s clients=50%', { seed: '2' })).not.toEqual(first);
  });

  it('are all clients where each one sends, and where the server is restarted', () => {
    const all = Array.from({ length: 11 }, (_, client) => client);
    expect(happening('reset at=5s', { publishers: '11' })[0]?.clients).toEqual(all);
    expect(happening('restart at=5s')[0]?.clients).toEqual(all);
  });

  it('take turns where it happens again, so that each is disturbed as often as the others', () => {
    const times = happening('reset at=5s every=1s clients=2');
    expect(times.map(({ atMs, repetition }) => [atMs, repetition])).toEqual(
      [0, 1, 2, 3, 4].map((repetition) => [5000 + repetition * 1000, repetition]),
    );
    expect(times.flatMap(({ clients }) => clients).toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('belong to the same groups in all disruptions', () => {
    const [first, second, third] = happening(
      'reset at=1s group=1/2, close at=2s group=2/2, fin at=3s group=1/2',
    );
    expect(third?.clients).toEqual(first?.clients);
    expect([...(first?.clients ?? []), ...(second?.clients ?? [])].toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('are in the order of time, whatever the order of the list', () => {
    const times = happening('reset at=5s every=3s, close at=6s');
    expect(times.map(({ atMs, index }) => [atMs, index])).toEqual([
      [5000, 0],
      [6000, 1],
      [8000, 0],
    ]);
  });

  it('come from the layout of a run with rooms too', () => {
    const { plan, layout } = planFake(roomFanout, { clients: '8', rooms: '2', disrupt: 'reset at=50%' });
    expect(occurrencesOf(plan, layout)).toMatchObject([{ atMs: 5000, clients: [1, 2, 3, 5, 6, 7] }]);
  });
});
