import { NO_RECONNECT } from '../../src/plan/reconnect.ts';
import { type ProcessTelemetry, type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { NOT_RECEIVING } from '../../src/result/stored-telemetry.ts';
import { NsHistogram } from '../../src/result/view.ts';
import { NO_SETTINGS_GIVEN } from '../support/plan.ts';

/** What a made-up run looks like; the rest follows from it and from `seed`. */
export interface FixtureOptions {
  readonly scenario: 'broadcast-latency' | 'room-fanout' | 'ack-roundtrip';
  readonly target: string;
  readonly protocol: 'socketio' | 'ws';
  readonly transport: 'websocket' | 'polling';
  readonly clients: number;
  readonly rateHz: number;
  readonly seconds: number;
  readonly workers: number;
  /** Median latency. */
  readonly medianNs: number;
  /** Deliveries lost in the last second. */
  readonly lost: number;
  readonly seed: number;
}

const DEFAULTS: FixtureOptions = {
  scenario: 'broadcast-latency',
  target: 'socketio',
  protocol: 'socketio',
  transport: 'websocket',
  clients: 20,
  rateHz: 100,
  seconds: 10,
  workers: 1,
  medianNs: 1.2e6,
  lost: 0,
  seed: 1,
};

/** Park and Miller's generator: the same numbers on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Latencies as servers have them: a hump and a long tail. */
function latencySource(options: FixtureOptions): () => number {
  const random = randomFrom(options.seed);
  return () => {
    const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    const tail = random() < 0.01 ? 6 : 1;
    return Math.round(options.medianNs * Math.exp(0.35 * normal) * tail);
  };
}

type Histograms = Map<string, NsHistogram>;

function record(histograms: Histograms, name: string, valueNs: number): void {
  const histogram = histograms.get(name) ?? new NsHistogram();
  histograms.set(name, histogram);
  histogram.record(valueNs);
}

function recordBroadcast(histograms: Histograms, latencies: readonly number[]): void {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  for (const latencyNs of latencies) {
    record(histograms, 'delivery', latencyNs);
    record(histograms, 'delivery_actual', Math.max(1, latencyNs - 20_000));
    record(histograms, 'receive_uncertainty', Math.round(latencyNs / 40));
  }
  record(histograms, 'fanout_first', at(0));
  record(histograms, 'fanout_median', at(0.5));
  record(histograms, 'fanout_last', at(1));
  record(histograms, 'fanout_skew', at(1) - at(0));
}

function recordRequest(histograms: Histograms, latencyNs: number): void {
  record(histograms, 'ack', latencyNs);
  record(histograms, 'ack_actual', Math.max(1, latencyNs - 20_000));
  record(histograms, 'receive_uncertainty', Math.round(latencyNs / 40));
}

/** The histograms of each second. */
function recordSeconds(options: FixtureOptions): Histograms[] {
  const nextNs = latencySource(options);
  const receivers = receiversOf(options);
  return Array.from({ length: options.seconds }, (_, second) => {
    const histograms: Histograms = new Map();
    const lost = second === options.seconds - 1 ? options.lost : 0;
    for (let message = 0; message < options.rateHz; message++) {
      record(histograms, 'send_lag', 1000 + message * 10);
      if (options.scenario === 'ack-roundtrip') {
        recordRequest(histograms, nextNs());
        continue;
      }
      const reached = receivers - (message < lost ? 1 : 0);
      recordBroadcast(histograms, Array.from({ length: reached }, nextNs));
    }
    return histograms;
  });
}

function receiversOf({ scenario, clients }: FixtureOptions): number {
  if (scenario === 'ack-roundtrip') return 1;
  return scenario === 'room-fanout' ? Math.ceil(clients / 10) : clients;
}

function storedSeries(seconds: readonly Histograms[], options: FixtureOptions): RunResult['series'] {
  const totals: Histograms = new Map();
  const nextNs = latencySource(options);
  for (let client = 0; client < options.clients; client++) record(totals, 'connect', 4 * nextNs());
  for (const histograms of seconds) {
    for (const [name, histogram] of histograms) {
      const total = totals.get(name) ?? new NsHistogram();
      totals.set(name, total);
      total.add(histogram);
    }
  }
  return Object.fromEntries(
    [...totals].map(([name, total]) => [
      name,
      {
        count: total.count,
        meanNs: total.meanNs,
        stdDeviationNs: total.stdDeviationNs,
        histogram: total.encode(),
        effectiveSamples: {},
      },
    ]),
  );
}

type Sample = RunResult['telemetry']['workers'][number]['samples'][number];

/** One sample a second from two seconds of warm-up to one of drain. */
function telemetryOf(role: string, pid: number, cpuMs: number, options: FixtureOptions): ProcessTelemetry {
  const random = randomFrom(options.seed + pid);
  const samples = Array.from({ length: options.seconds + 3 }, (_, index): Sample => {
    const busyMs = index === options.seconds + 2 ? 10 : cpuMs * (0.9 + 0.2 * random());
    return {
      atMs: (index - 1) * 1000,
      lengthMs: 1000,
      cpuMs: busyMs,
      loopUtilization: Math.min(1, busyMs / 1000 + (role.startsWith('server') ? 0 : 0.1)),
      pacingShare: role.startsWith('server') ? 0 : 0.1,
      runQueueWaitMs: 1,
      loopDelayP50Ns: 60_000,
      loopDelayP99Ns: Math.round(400_000 * (1 + random())),
      loopDelayMaxNs: Math.round(2e6 * (1 + random())),
      gcCount: 3,
      gcTotalMs: 4 * random(),
      gcMaxMs: 2,
      rssBytes: Math.round((80 + index * 1.5) * 1024 ** 2),
      heapUsedBytes: 30 * 1024 ** 2,
      heapAfterGcBytes: null,
      rssMeanBytes: null,
      bufferedBytes: 0,
      ...NOT_RECEIVING,
    };
  });
  return { role, pid, source: 'probe', rssBeforeBytes: null, samples };
}

/** 100 bytes for each message sent and received; a poll for every two deliveries, a quarter of them empty. */
function trafficOf(options: FixtureOptions): RunResult['traffic'] {
  const messages = options.rateHz * options.seconds;
  const deliveries = messages * receiversOf(options) - options.lost;
  const polls = options.transport === 'polling' ? Math.floor(deliveries / 2) : 0;
  return {
    sentBytes: 100 * messages + 300 * polls,
    receivedBytes: 100 * deliveries + 200 * polls,
    requests: polls === 0 ? 0 : polls + messages,
    polls,
    emptyPolls: Math.floor(polls / 4),
  };
}

function headlineOf({ scenario }: FixtureOptions): string {
  return scenario === 'ack-roundtrip' ? 'ack' : 'delivery';
}

function planOf(options: FixtureOptions): RunResult['plan'] {
  const { scenario, target, protocol, transport, clients, workers, rateHz, seconds } = options;
  const durationMs = seconds * 1000;
  const scenarioOptions: RunResult['plan']['scenarioOptions'] =
    scenario === 'ack-roundtrip' ? { direction: 'client' } : { publishers: 1, excludeSender: false };
  return {
    scenario,
    scenarioFile: null,
    headline: headlineOf(options),
    scenarioOptions,
    target: {
      name: target,
      protocol,
      url: null,
      exec: null,
      cwd: null,
      reference: null,
      file: null,
      namespace: null,
      pushes: null,
      messageFormat: null,
      droppable: false,
      allowRemote: null,
    },
    transport,
    settings: NO_SETTINGS_GIVEN,
    driver: 'official',
    populations: [],
    sourceAddresses: [],
    network: null,
    clients,
    workers,
    workersReason: null,
    pin: true,
    sockets: 'auto',
    cpuProfile: false,
    verify: false,
    profile: [{ durationMs, fromHz: rateHz, toHz: rateHz }],
    arrival: 'constant',
    seed: 1,
    senderCooldownMs: null,
    payloadBytes: 64,
    payload: null,
    payloadType: 'text',
    durationMs,
    warmupMs: 2000,
    warmupMaxMs: 10_000,
    drainMs: 5000,
    lateAfterMs: 1000,
    disruptions: [],
    reconnect: NO_RECONNECT,
    connectRateHz: 500,
    connectTimeoutMs: 10_000,
    thresholds: [],
  };
}

const ENVIRONMENT: RunResult['environment'] = {
  commandLine: ['run', 'broadcast-latency', '--target', 'socketio'],
  cpuModel: 'Example CPU @ 2.50GHz',
  cpuCount: 2,
  governor: null,
  platform: 'linux x64',
  kernel: '6.1.0',
  totalMemoryBytes: 8 * 1024 ** 3,
  cgroupCpuLimit: null,
  nodeVersion: 'v24.11.0',
  v8Version: '13.6.233.10-node.28',
  packages: { 'socket.io': '4.8.4', 'socket.io-client': '4.8.4', ws: '8.23.0' },
  commit: '0123456789abcdef0123456789abcdef01234567',
  dirty: false,
  stealRatio: 0.001,
  serverStealRatio: 0.001,
  throttledMs: 0,
  cpuPressureRatio: 0.12,
  affinity: { server: '0', workers: ['1'] },
};

/** A valid, complete run that passes the schema. */
export function makeResult(given: Partial<FixtureOptions> = {}): RunResult {
  const options = { ...DEFAULTS, ...given };
  const seconds = recordSeconds(options);
  const expectedEach = options.rateHz * receiversOf(options);
  const expected = expectedEach * options.seconds;
  const headline = headlineOf(options);
  const messages = options.rateHz * options.seconds;
  const result: RunResult = {
    schemaVersion: 3,
    tool: { name: 'sockbench', version: '0.1.0' },
    startedAt: '2026-03-04T05:06:07.891Z',
    receiving: { clock: 'process', sockets: 'driver', problem: null },
    clock: {
      originMonotonicNs: '123456789012345',
      measureStartNs: 4_000_000_000,
      atStart: { originWallNs: '1772600763891000000', boundNs: 200 },
      atEnd: { originWallNs: '1772600763891000100', boundNs: 200 },
    },
    status: 'complete',
    links: null,
    invalid: [],
    findings: [],
    notes: [],
    plan: planOf(options),
    environment: ENVIRONMENT,
    warmup: {
      durationMs: 3000,
      stable: true,
      endedBy: 'plan',
      windowMs: 1000,
      windowMediansNs: [1.3e6, 1.25e6, 1.26e6],
    },
    timing: {
      startMs: 350,
      connectMs: 420,
      warmupMs: 3000,
      measureMs: options.seconds * 1000,
      drainMs: 12,
      collectMs: 30,
    },
    headline,
    ownSeries: {},
    rate: {
      intendedHz: options.rateHz,
      achievedHz: options.rateHz,
      intended: messages,
      sent: messages,
      unsent: [],
    },
    clients: {
      planned: options.clients,
      connected: options.clients,
      failures: [],
      dropped: [],
      closed: [],
    },
    failed: [],
    rejected: [],
    unexpected: [],
    received: null,
    samples: {
      unit: headline === 'ack' ? 'request' : 'broadcast',
      count: messages,
      incomplete: options.lost,
    },
    series: storedSeries(seconds, options),
    intervals: seconds.map((histograms, second) => {
      const lost = second === options.seconds - 1 ? options.lost : 0;
      return {
        startMs: second * 1000,
        lengthMs: 1000,
        intended: options.rateHz,
        sent: options.rateHz,
        expected: expectedEach,
        delivered: expectedEach - lost,
        lost,
        missed: 0,
        series: Object.fromEntries([...histograms].map(([name, histogram]) => [name, histogram.encode()])),
      };
    }),
    ledger: {
      ...NO_DELIVERIES,
      expected,
      delivered: expected - options.lost,
      lost: options.lost,
      anomalies: [],
      anomalyCount: 0,
    },
    slowest: [],
    disconnects: [],
    cutAges: [],
    restarts: [],
    members: null,
    slowReaders: null,
    populations: [],
    checkpoint: null,
    schedule: null,
    steadiness: null,
    growth: null,
    disruptions: [],
    absences: [],
    absenceCount: 0,
    socketsAfter: null,
    telemetry: {
      servers: [telemetryOf('server', 100, 230, options)],
      workers: Array.from({ length: options.workers }, (_, i) =>
        telemetryOf(`generator ${i + 1}`, 101 + i, 180, options),
      ),
    },
    traffic: trafficOf(options),
    pushResolutionNs: null,
    snapshotCostMaxMs: 0.42,
    thresholds: [],
    profiles: null,
    floor: null,
    shard: null,
    correlation: null,
    shards: null,
  };
  return runResultSchema.parse(result);
}

/** A sample of which only the system's account is known. */
function seenFromOutside(sample: Sample): Sample {
  return {
    ...sample,
    loopUtilization: null,
    pacingShare: null,
    runQueueWaitMs: null,
    loopDelayP50Ns: null,
    loopDelayP99Ns: null,
    loopDelayMaxNs: null,
    gcCount: null,
    gcTotalMs: null,
    gcMaxMs: null,
    heapUsedBytes: null,
    bufferedBytes: null,
  };
}

/** A result whose server has several processes. */
function makeCluster(processes: number): RunResult {
  const options = { ...DEFAULTS, seconds: 4, seed: 11 };
  const result = makeResult(options);
  const servers = Array.from({ length: processes }, (_, i) =>
    telemetryOf(`server ${i + 1}`, 300 + i, 100 * (i + 1), options),
  );
  return { ...result, telemetry: { ...result.telemetry, servers } };
}

/** A result whose server was read from /proc. */
function makeForeign(): RunResult {
  const result = makeResult({ seconds: 4, seed: 12 });
  const servers = result.telemetry.servers.map((server) => ({
    ...server,
    source: 'proc' as const,
    rssBeforeBytes: null,
    samples: server.samples.map(seenFromOutside),
  }));
  return { ...result, telemetry: { ...result.telemetry, servers } };
}

/** Makes it when it is first asked for. */
function once(make: () => RunResult): () => RunResult {
  let made: RunResult | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** Named results for every case that reports must tell apart. */
export const results = {
  valid: once(() => makeResult()),
  polling: once(() => makeResult({ transport: 'polling', medianNs: 3.4e6, seed: 2 })),
  ws: once(() => makeResult({ target: 'ws', protocol: 'ws', medianNs: 0.4e6, seed: 3 })),
  ack: once(() => makeResult({ scenario: 'ack-roundtrip', medianNs: 0.6e6, seed: 4 })),
  fewSamples: once(() => makeResult({ rateHz: 10, seconds: 3, seed: 5 })),
  empty: once(() => ({ ...makeResult({ rateHz: 1, seconds: 1 }), ...NOTHING })),
  invalid: once(() => ({
    ...makeResult({ lost: 7, seed: 6 }),
    invalid: [
      { code: 'rate_not_held', message: 'sent 80.1/s of 100/s' },
      { code: 'send_lag', message: 'send lag p99 was 12 ms' },
    ],
  })),
  overloaded: once(() => ({
    ...makeResult({ lost: 40, medianNs: 90e6, seed: 7 }),
    findings: [
      { code: 'server_overloaded', message: 'latency grew from 5 ms to 900 ms' },
      { code: 'server_overloaded', message: '40 messages lost at the deadline' },
    ],
  })),
  partial: once(() => ({ ...makeResult({ seconds: 4, seed: 8 }), status: 'partial' })),
  thresholds: once(() => ({
    ...makeResult({ seconds: 1, seed: 10 }),
    thresholds: [
      { expression: 'lost==0', passed: true, actual: 0, lower: null, upper: null, detail: '0' },
      {
        expression: 'delivery.p50<1ms',
        passed: false,
        actual: 1.2,
        lower: null,
        upper: null,
        detail: '1.2 ms',
      },
      {
        expression: 'delivery.p99<50ms',
        passed: null,
        actual: null,
        lower: null,
        upper: null,
        detail: 'too few samples',
      },
    ],
  })),
  cluster: once(() => makeCluster(3)),
  foreign: once(makeForeign),
  hostile: once(() => {
    const result = makeResult({ seconds: 2, seed: 9, workers: 2 });
    const target = { ...result.plan.target, name: HOSTILE };
    return {
      ...result,
      plan: { ...result.plan, target },
      invalid: [{ code: 'server_died', message: `${HOSTILE} died` }],
      notes: [{ code: 'warmup_unstable', message: HOSTILE }],
      environment: { ...result.environment, commandLine: [HOSTILE], cpuModel: HOSTILE },
    };
  }),
} as const;

/** Text that breaks out of HTML, Markdown, CSV or a terminal when it is not escaped. */
export const HOSTILE =
  '</script><img src=x onerror="globalThis.hacked=1"><b>|`*"日本語 \u{1F600} a,b\n\u001b[31mred\u202e&amp;';

const NO_DELIVERIES = {
  expected: 0,
  delivered: 0,
  late: 0,
  lost: 0,
  missed: 0,
  dropped: 0,
  unknown: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
  unexpected: 0,
};

/** A run that ended before anything was sent. */
const NOTHING: Partial<RunResult> = {
  status: 'partial',
  invalid: [{ code: 'server_died', message: 'the server exited with code 1' }],
  series: {},
  intervals: [],
  samples: { unit: 'broadcast', count: 0, incomplete: 0 },
  rate: { intendedHz: 0, achievedHz: 0, intended: 0, sent: 0, unsent: [] },
  ledger: { ...NO_DELIVERIES, anomalies: [], anomalyCount: 0 },
  telemetry: { servers: [], workers: [] },
  traffic: { sentBytes: 0, receivedBytes: 0, requests: 0, polls: 0, emptyPolls: 0 },
};
