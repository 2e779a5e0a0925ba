import { defineScenario, type Operation } from '../../src/contract/scenario.ts';
import type { SparseCounts } from '../../src/measure/histogram.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { assembleResult } from '../../src/run/assemble.ts';
import { Collector } from '../../src/run/collector.ts';
import { readEnvironment } from '../../src/run/environment.ts';
import { Membership } from '../../src/run/membership.ts';
import { NO_PROFILES } from '../../src/run/profiles.ts';
import { madeSnapshot, NO_TOTALS, telemetryAt } from '../run/made-snapshot.ts';
import { planOn, targetWith } from './plan.ts';
import { MADE_CLOCK } from './virtual-time.ts';

const EVERYONE = [0, 1, 2];
const PUBLISH: Operation = { kind: 'publish', scope: 'everyone', room: null };
const LAYOUT = {
  rooms: EVERYONE.map(() => []),
  streams: EVERYONE.map((sender) => ({ sender, operation: PUBLISH, receivers: EVERYONE })),
};
const SCENARIO = defineScenario({
  name: 'made-up',
  summary: '',
  headline: 'delivery',
  options: {},
  layout: () => LAYOUT,
});
const START_NS = 10e9;
const BUCKETS = 99;
const NAMES = [
  ...['delivery', 'delivery_actual', 'send_lag', 'receive_uncertainty'],
  ...['fanout_first', 'fanout_median', 'fanout_last', 'fanout_skew'],
];

/** Values over five magnitudes, other ones in every minute. */
function valuesOf(minute: number): SparseCounts {
  const valueNs = (i: number) => Math.round(1e4 * 10 ** ((5 * (i + (minute % 97) / 97)) / BUCKETS));
  return {
    valuesNs: Float64Array.from({ length: BUCKETS }, (_, i) => valueNs(i)),
    counts: new Float64Array(BUCKETS).fill(1 + (minute % 3)),
  };
}

/** A run of many hours as the collector and the assembly leave it: telemetry of every second, load once a minute. */
export function makeLongRun(hours: number, workers: number): RunResult {
  const seconds = hours * 3600;
  const given = { clients: '3', duration: '10s' };
  const plan = { ...planOn(targetWith(), SCENARIO, given), durationMs: seconds * 1000, workers };
  const spread = Array.from({ length: workers }, (_, worker) => (worker === 0 ? EVERYONE : []));
  const membership = new Membership(LAYOUT, spread);
  const { headline } = plan;
  const times = { quietNs: 60e9, durationMs: seconds * 1000, drainMs: 5000 };
  const collector = new Collector({ membership, ...times, headline });
  const members = EVERYONE.map((client) => ({ client, node: null }));
  collector.onMessage(0, { type: 'connected', members, failures: [] });
  collector.measureFrom(START_NS);
  let delivered = 0;
  for (let minute = 0; minute < hours * 60; minute++) {
    const startNs = START_NS + minute * 60e9;
    const values = valuesOf(minute);
    const count = BUCKETS * (values.counts[0] ?? 0);
    delivered += count;
    const messages = { intended: count / 3, sent: count / 3, expected: count, delivered: count };
    const load = {
      recorded: { series: Object.fromEntries(NAMES.map((name) => [name, values])), impossible: {} },
      bySecond: [{ second: minute * 60, ...messages }],
      totals: { ...NO_TOTALS, delivered },
    };
    const telemetry = Array.from({ length: 60 }, (_, second) => telemetryAt(startNs + (second + 1) * 1e9));
    for (let worker = 0; worker < workers; worker++) {
      const snapshot = madeSnapshot(startNs, { ...(worker === 0 ? load : {}), telemetry });
      collector.onMessage(worker, { type: 'snapshot', snapshot });
    }
  }
  collector.onMessage(0, {
    type: 'sent',
    streams: [{ stream: 0, sent: delivered / 3, rejected: 0 }],
    unsent: [],
    schedule: null,
  });
  collector.finish();
  return assembleResult({
    plan,
    scenario: SCENARIO,
    membership,
    shard: null,
    relay: null,
    restarts: [],
    serverSockets: null,
    startedAt: new Date('2026-03-04T05:06:07.891Z'),
    clock: MADE_CLOCK,
    environment: readEnvironment(
      [],
      { server: null, workers: spread.map(() => null) },
      { stealRatio: null, serverStealRatio: null, throttledMs: null, cpuPressureRatio: null },
      process.cwd(),
    ),
    collector,
    workerPids: spread.map((_, worker) => worker + 1),
    servers: [
      { source: 'probe', rssBeforeBytes: null, pid: 7, samples: collector.workers[0]?.telemetry.items ?? [] },
    ],
    abortReasons: [],
    profiles: NO_PROFILES,
    serverOutput: [],
    notes: [],
    warmup: { durationMs: 0, stable: null, endedBy: null, windowMs: 1000, windowMediansNs: [] },
    timing: { startMs: 0, connectMs: 0, warmupMs: 0, measureMs: seconds * 1000, drainMs: 0, collectMs: 0 },
  });
}
