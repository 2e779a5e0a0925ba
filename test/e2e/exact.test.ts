import { describe, expect, test } from 'vitest';
import { runScenario, SHORT } from '../support/sockbench.ts';

describe('every scenario over every transport accounts for every message', () => {
  const TARGETS = [
    ['--target', 'ws'],
    ['--target', 'socketio'],
    ['--target', 'socketio', '--transport', 'polling'],
  ];
  const SCENARIOS = [
    ['broadcast-latency', '--publishers', '3', '--exclude-sender'],
    ['room-fanout', '--rooms', '3', '--members', '5'],
    ['room-fanout', '--rooms', '3', '--publishers', '2', '--exclude-sender', '--payload-type', 'binary'],
    ['ack-roundtrip', '--direction', 'client'],
    ['ack-roundtrip', '--direction', 'server', '--payload', '1KiB'],
  ];
  const cases = SCENARIOS.flatMap((scenario) => TARGETS.map((target) => [...scenario, ...target]));

  test.each(cases.map((args) => [args.join(' '), args] as const))(
    '%s',
    async (_, [scenario = '', ...args]) => {
      const load = [
        '--clients',
        '12',
        '--rate',
        '90/s',
        '--arrival',
        'poisson',
        '--duration',
        '2s',
        ...SHORT,
      ];
      const { result } = await runScenario(scenario, ...args, ...load);
      const { ledger, rate, series } = result;
      expect(rate.sent).toBe(rate.intended);
      expect(ledger.expected).toBeGreaterThan(rate.sent - 1);
      expect(ledger).toMatchObject({
        delivered: ledger.expected,
        lost: 0,
        duplicated: 0,
        reordered: 0,
        unexpected: 0,
        unknown: 0,
      });
      expect(series[result.headline]?.count).toBe(ledger.expected);
      expect(series[`${result.headline}_actual`]?.count).toBe(ledger.expected);
      expect(series['send_lag']?.count).toBe(rate.sent);
      expect(series['connect']?.count).toBe(12);
      expect(result.samples).toEqual({
        unit: scenario === 'ack-roundtrip' ? 'request' : 'broadcast',
        count: rate.sent,
        incomplete: 0,
      });
      if (result.headline === 'delivery') {
        for (const name of ['fanout_first', 'fanout_median', 'fanout_last', 'fanout_skew']) {
          expect(series[name]?.count).toBe(rate.sent);
        }
      }
      if (args.includes('server')) expect(series['ack_server']?.count).toBe(rate.sent);
      expect(result.telemetry.servers.map(({ role, source }) => ({ role, source }))).toEqual([
        { role: 'server', source: 'probe' },
      ]);
      expect(result.telemetry.servers[0]?.samples.length).toBeGreaterThan(1);
    },
  );

  test('with receivers spread over three workers, as with one', async () => {
    const load = ['--clients', '30', '--rate', '100/s', '--duration', '3s', '--workers', '3', ...SHORT];
    const { result } = await runScenario('broadcast-latency', '--target', 'ws', ...load);
    expect(result.ledger).toMatchObject({ expected: 9000, delivered: 9000, lost: 0, unexpected: 0 });
    expect(result.series['fanout_last']?.count).toBe(300);
    expect(result.samples).toEqual({ unit: 'broadcast', count: 300, incomplete: 0 });
    expect(result.telemetry.workers).toHaveLength(3);
    const { affinity } = result.environment;
    if (affinity.server !== null) expect(affinity.workers).not.toContain(affinity.server);
  });

  test('a profile of stages and ramps is followed second by second', async () => {
    const load = ['--clients', '5', '--rate', '2s@50/s,2s@50..150/s', ...SHORT];
    const { result } = await runScenario('broadcast-latency', '--target', 'ws', ...load);
    expect(result.rate).toMatchObject({ intended: 300, sent: 300 });
    expect(result.intervals.slice(0, 4).map(({ sent }) => sent)).toEqual([50, 50, 75, 125]);
  });
});
