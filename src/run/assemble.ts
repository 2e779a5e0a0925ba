import { ReasonCounts } from '../measure/reason-counts.ts';
import type { WallOrigin } from '../measure/wall-clock.ts';
import { VERSION } from '../package.ts';
import { boundResult } from '../result/bound.ts';
import { withDropped } from '../result/dropped.ts';
import type { Finding } from '../result/findings.ts';
import { type RunResult, SCHEMA_VERSION, type StoredInterval } from '../result/run-result.ts';
import { MAX_DISRUPTION_OUTCOMES } from '../result/stored-absences.ts';
import type { StoredClock } from '../result/stored-clock.ts';
import { storeSeries } from '../result/stored-series.ts';
import { balanceAbsent, storeAbsent } from './absences/absent-result.ts';
import type { BalancedAbsences } from './absences/balance.ts';
import type { ServerSockets } from './absences/server-sockets.ts';
import type { Collector } from './collector.ts';
import { balanceLedger, countMessages, countSamples, remarksOf } from './deliveries.ts';
import type { LatencyWindows } from './latency-windows.ts';
import { linksOf } from './links.ts';
import { findLossPattern } from './losses.ts';
import type { RunParts } from './phases.ts';
import { balancePopulations } from './population-result.ts';
import type { TakenProfiles } from './profiles.ts';
import { receivingOf } from './receiving.ts';
import { testSchedule } from './sent-as-planned.ts';
import type { SampledProcess } from './server/telemetry.ts';
import { intervalsOfShard } from './shard-run.ts';
import { balanceSlowReaders } from './slow-reader-result.ts';
import { telemetryOf } from './stored-samples.ts';
import { judgeRun } from './validity/judge.ts';

/** The origin of the clock of a run, as a reading of CLOCK_MONOTONIC and in wall time. */
export interface RunClock {
  readonly originNs: bigint;
  readonly atStart: WallOrigin;
  readonly atEnd: WallOrigin;
}

/** Everything that a run has recorded when it is over, before it is judged and stored. */
export interface RunRecord
  extends Pick<RunParts, 'plan' | 'scenario' | 'membership' | 'collector' | 'restarts' | 'shard' | 'relay'> {
  readonly startedAt: Date;
  readonly clock: RunClock;
  readonly environment: RunResult['environment'];
  readonly workerPids: readonly number[];
  /** The server's processes; empty when nothing is known of them. */
  readonly servers: readonly SampledProcess[];
  /** Why the run ended before its plan did. */
  readonly abortReasons: readonly Finding[];
  readonly profiles: TakenProfiles;
  /** Null where they were not counted. */
  readonly serverSockets: ServerSockets | null;
  /** The last lines that the server printed. */
  readonly serverOutput: readonly string[];
  readonly notes: readonly Finding[];
  readonly warmup: RunResult['warmup'];
  readonly timing: RunResult['timing'];
}

/** Turns what a run recorded into the stored result, and judges it. A run whose members change has its own ledger. */
export function assembleResult(record: RunRecord, given?: RunResult['ledger']): RunResult {
  const { timeline, impossible } = record.collector;
  const absent = balanceAbsent(record);
  const ledger = given ?? balanceLedger({ ...record, absent });
  const intervals = timeline.stored(ledger.unknown > 0 ? ledger.lost : undefined);
  const { dependence } = record.collector;
  const gathered = gatherResult(record, ledger, intervals, absent);
  const series = dependence.withEffectiveSamples(gathered.series);
  const correlation = dependence.correlation(record.plan.headline);
  return judgeGathered({ ...gathered, series, correlation }, impossible.list());
}

/** Judges what {@link gatherResult} put together, and bounds it. `impossible`: values that no working clock gives. */
export function judgeGathered(result: RunResult, impossible: Parameters<typeof judgeRun>[1]): RunResult {
  return judgeRun(boundResult(withDropped(result)), impossible);
}

/** Puts together what a run has recorded until now. It changes nothing, and judges nothing. */
export function gatherResult(
  record: RunRecord,
  ledger: RunResult['ledger'],
  intervals: readonly StoredInterval[],
  absent: BalancedAbsences,
): RunResult {
  const { plan, scenario, membership, collector, abortReasons, timing, shard } = record;
  const { receiving, clocksDiffer } = receivingOf(
    collector.workers.map(({ sockets, telemetry }) => ({ sockets, telemetry: telemetry.items })),
  );
  const losses = findLossPattern(
    {
      membership,
      collector,
      absent,
      serverProcesses: record.servers.length,
      warmupMs: record.warmup.durationMs,
      measureMs: timing.measureMs,
    },
    // What a server may drop has no pattern that is its fault.
    plan.target.droppable ? { ...ledger, lost: 0 } : ledger,
  );
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'sockbench', version: VERSION },
    startedAt: record.startedAt.toISOString(),
    clock: storeClock(record),
    receiving,
    status: abortReasons.length === 0 ? 'complete' : 'partial',
    invalid: [...abortReasons, shard?.findLate() ?? null, clocksDiffer].filter((reason) => reason !== null),
    findings: [...record.profiles.findings, losses].filter((finding) => finding !== null),
    notes: [...record.notes, ...remarksOf(collector)],
    plan: withoutPasswords({ ...plan, profile: [...plan.profile], thresholds: [...plan.thresholds] }),
    environment: withoutPasswords(record.environment),
    warmup: record.warmup,
    timing,
    headline: plan.headline,
    ownSeries: { ...scenario.series },
    rate: rateOf(record),
    clients: {
      planned: shard?.clients.length ?? plan.clients,
      connected: membership.connected.length,
      failures: collector.failures.list(),
      dropped: collector.dropped.list(),
      closed: collector.closed.list(),
    },
    failed: collector.failed.list(),
    rejected: collector.rejected.list(),
    unexpected: collector.unexpected.list(),
    received: receivedOf(record),
    samples: countSamples(record),
    series: Object.fromEntries(
      [...collector.timeline.series].map(([name, histogram]) => [name, storeSeries(histogram)]),
    ),
    correlation: null,
    intervals: membership.crosses ? intervalsOfShard([...intervals]) : [...intervals],
    ledger,
    slowest: slowestStored(collector),
    ...storeAbsent(absent, record),
    restarts: record.restarts.slice(0, MAX_DISRUPTION_OUTCOMES),
    slowReaders: balanceSlowReaders({ ...record, absent }),
    populations: balancePopulations({ ...record, absent }, ledger),
    disconnects: collector.disconnects.stored(),
    cutAges: collector.disconnects.cutAges(),
    telemetry: telemetryOf(record),
    links: linksOf(record),
    profiles: record.profiles.profiles && [...record.profiles.profiles],
    traffic: collector.traffic(timing.measureMs),
    pushResolutionNs: collector.pushResolutionNs,
    snapshotCostMaxMs: collector.snapshotCostMaxMs,
    thresholds: [],
    floor: null,
    shard:
      shard?.store(
        record,
        intervals.map(({ expected }) => expected),
      ) ?? null,
    shards: null,
    checkpoint: null,
    schedule: testSchedule(
      plan.arrival,
      collector.workers.map((worker) => worker.schedule),
    ),
    steadiness: untested(collector.windows.measured, timing.measureMs),
    growth: null,
  };
}

/** What the clients of all workers received; null where none has reported it. */
function receivedOf({ collector, serverOutput }: RunRecord): RunResult['received'] {
  const reports = collector.workers.flatMap(({ received }) => received ?? []);
  if (reports.length === 0) return null;
  const [events, undecoded] = [new ReasonCounts(), new ReasonCounts()];
  for (const report of reports) {
    events.addAll(report.events);
    undecoded.addAll(report.undecoded);
  }
  const sum = (name: 'acknowledgements' | 'unreadable') =>
    reports.reduce((total, report) => total + report[name], 0);
  return {
    events: events.take(),
    acknowledgements: sum('acknowledgements'),
    unreadable: sum('unreadable'),
    undecoded: undecoded.take(),
    expected: [...new Set(reports.flatMap(({ expected }) => expected))],
    serverOutput: [...serverOutput],
  };
}

/** Milliseconds from the start of measuring; below 0 before it. */
function sinceMeasuring({ measureStartNs }: Collector, timeNs: number): number {
  return (timeNs - measureStartNs) / 1e6;
}

function slowestStored(collector: Collector): RunResult['slowest'] {
  return collector.broadcasts.slowest
    .list()
    .map(({ intendedNs, ...broadcast }) => ({ ...broadcast, atMs: sinceMeasuring(collector, intendedNs) }));
}

function storeClock({ clock: { originNs, atStart, atEnd }, collector }: RunRecord): StoredClock {
  const wall = ({ originWallNs, boundNs }: WallOrigin) => ({ originWallNs: String(originWallNs), boundNs });
  return {
    originMonotonicNs: String(originNs),
    measureStartNs: Math.max(0, Math.round(collector.measureStartNs)),
    atStart: wall(atStart),
    atEnd: wall(atEnd),
  };
}

/** Removes user names and passwords from URLs. */
function withoutPasswords<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll(/(:\/\/)[^/@\s"]+@/g, '$1***@')) as T;
}

/** The windows of the headline that ended in the measured time, before they are tested. */
function untested(windows: LatencyWindows, measureMs: number): RunResult['steadiness'] {
  const { windowMs } = windows;
  const figures = windows.first(Math.floor(measureMs / windowMs));
  return {
    ...{ verdict: 'cannot say', reason: 'not tested', windowMs, changes: [] },
    p50Ns: figures.map((window) => window?.p50Ns ?? null),
    p95Ns: figures.map((window) => window?.p95Ns ?? null),
  };
}

function rateOf(record: RunRecord): RunResult['rate'] {
  const { intended, sent } = countMessages(record);
  const seconds = record.timing.measureMs / 1000;
  return {
    intendedHz: seconds > 0 ? intended / seconds : 0,
    achievedHz: seconds > 0 ? sent / seconds : 0,
    intended,
    sent,
    unsent: record.collector.unsent.list(),
  };
}
