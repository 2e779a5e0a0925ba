import { isObserving, type Layout } from '../contract/scenario.ts';
import { routeOf } from '../generator/route.ts';
import { NsHistogram } from '../measure/histogram.ts';
import { seriesNamed } from '../measure/series.ts';
import type { OutsideSample, TelemetrySample } from '../measure/telemetry.ts';
import { VERSION } from '../package.ts';
import { type ProcessTelemetry, type RunResult, SCHEMA_VERSION } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { listCounted } from '../text.ts';
import { formatCount } from '../units.ts';
import { disturbanceBetween, readEnvironment } from './environment.ts';
import type { RunRecord } from './record.ts';
import { findOverload } from './validity/overload.ts';
import { isGeneratorLimited, judgeValidity, noteUncertainty } from './validity/rules.ts';

/** Rows of the ledger that are kept when something is amiss; the totals count all of them. */
const KEPT_ROWS = 200;

/** Users and passwords in URLs are nobody's business who reads a result. */
function withoutPasswords<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll(/(:\/\/)[^/@\s"]+@/g, '$1***@')) as T;
}

/** Turns what a run recorded into the stored result, and judges it. */
export function assembleResult(record: RunRecord): RunResult {
  const { plan, scenario, collector, timing } = record;
  const { timeline } = collector;
  const counts = countMessages(record);
  const measureMs = timing.measureMs;
  const seconds = measureMs / 1000;
  const result: RunResult = {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'sockbench', version: VERSION },
    startedAt: record.startedAt.toISOString(),
    status: record.abortReasons.length === 0 ? 'complete' : 'partial',
    invalid: [...record.abortReasons],
    findings: [],
    notes: [...record.notes],
    plan: withoutPasswords({ ...plan, profile: [...plan.profile], thresholds: [...plan.thresholds] }),
    environment: readEnvironment(
      withoutPasswords(record.commandLine),
      record.affinity,
      disturbanceBetween(record.counters.before, record.counters.after),
      plan.target.cwd ?? process.cwd(),
    ),
    warmup: record.warmup,
    timing,
    headline: plan.headline,
    ownSeries: { ...scenario.series },
    rate: {
      intendedHz: seconds > 0 ? counts.intended / seconds : 0,
      achievedHz: seconds > 0 ? counts.sent / seconds : 0,
      intended: counts.intended,
      sent: counts.sent,
      unsent: collector.unsent.take(),
    },
    clients: {
      planned: plan.clients,
      connected: record.membership.connected.length,
      failures: collector.failures.take(),
      dropped: collector.dropped.take(),
      closed: collector.closed.take(),
    },
    failed: collector.failed.take(),
    samples: countSamples(record),
    series: Object.fromEntries(
      [...timeline.series].map(([name, histogram]) => [name, storeSeries(histogram)]),
    ),
    intervals: timeline.stored(),
    ledger: balanceLedger(record),
    telemetry: {
      servers: record.servers.map(({ samples, ...process }, index) => ({
        role: serverRole(record.servers, index),
        ...process,
        samples: storeSamples(samples, record),
      })),
      workers: collector.workers.map(({ telemetry }, worker) => ({
        role: `generator ${worker + 1}`,
        pid: record.workerPids[worker] ?? -1,
        source: 'probe',
        samples: storeSamples(telemetry, record),
      })),
    },
    traffic: collector.traffic(measureMs),
    snapshotCostMaxMs: collector.snapshotCostMaxMs,
    thresholds: [],
  };
  judge(result, collector.impossible.take());
  return result;
}

/** Messages of the schedule; where clients only listen, the server's pushes, which keep no schedule of ours. */
function countMessages({ collector, membership }: RunRecord): { intended: number; sent: number } {
  if (!isObserving(membership.layout)) return collector.timeline.counts();
  const { pushes } = collector.pushes.counts;
  return { intended: pushes, sent: pushes };
}

/** A broadcast that reached nobody was never seen by a receiver: the senders know of it. */
function countSamples({ plan, collector, membership }: RunRecord): RunResult['samples'] {
  const { series } = collector.timeline;
  const { headline } = plan;
  const { sampleUnit: unit = 'sample', sampledBy = null } = seriesNamed(headline) ?? {};
  if (isObserving(membership.layout)) {
    const { pushes, complete } = collector.pushes.counts;
    return { unit, count: pushes, incomplete: pushes - complete };
  }
  if (sampledBy === null) return { unit, count: series.get(headline)?.count ?? 0, incomplete: 0 };
  const reached = series.get(sampledBy)?.count ?? 0;
  const sent = sentOfHeadline(headline, membership.layout, collector);
  const inconclusive = Math.max(0, sent - reached);
  return { unit, count: reached, incomplete: collector.incompleteBroadcasts + inconclusive };
}

/**
 * Messages whose deliveries or replies are the headline. Steps publish as often as they like, and other streams may
 * do something else; where neither is so the seconds tell, which a worker that died has told of too.
 */
function sentOfHeadline(headline: string, { streams }: Layout, collector: RunRecord['collector']): number {
  const isHeadline = streams.map((stream) => routeOf(stream, headline).series === headline);
  const hasSteps = streams.some(({ operation }) => operation.kind === 'steps');
  if (!hasSteps && !isHeadline.includes(false)) return collector.timeline.counts().sent;
  return collector
    .sent()
    .reduce((sum, { stream, sent }) => sum + (isHeadline[stream] === true ? sent : 0), 0);
}

function judge(result: RunResult, impossible: ReadonlyArray<{ reason: string; count: number }>): void {
  for (const { reason, count } of impossible) {
    const what = reason in result.ownSeries ? 'negative or no numbers' : 'zero or negative';
    result.invalid.push({ code: 'clock', message: `${count} values of ${reason} were ${what}` });
  }
  const view = viewResult(result);
  result.invalid.push(...judgeValidity(view));
  // Where the generator was the limit, neither queues nor losses can be laid at the server's door.
  const isServersDoing = !isGeneratorLimited(result.invalid);
  const overload = isServersDoing ? findOverload(view) : null;
  if (overload !== null) {
    result.findings.push(overload);
    // Too little arrived because the server was overloaded: that is the finding, and no fault of the run.
    result.invalid = result.invalid.filter(({ code }) => code !== 'too_few_samples');
  }
  const faults = isServersDoing && overload === null ? deliveryFaults(result.ledger) : [];
  if (faults.length > 0) {
    result.findings.push({ code: 'imperfect_delivery', message: faults.join(', ') });
  }
  if (result.failed.length > 0) {
    result.findings.push({ code: 'failed', message: listCounted(result.failed) });
  }
  if (result.ledger.unexpected > 0) {
    result.findings.push({
      code: 'unexpected_deliveries',
      message: `${result.ledger.unexpected} messages reached clients to whom they were not owed`,
    });
  }
  const uncertainty = noteUncertainty(view);
  if (uncertainty !== null) result.notes.push(uncertainty);
  if (result.warmup.stable === false) {
    result.notes.push({
      code: 'warmup_unstable',
      message: 'the warm-up never settled: no three seconds in a row agreed within 5 % on the median',
    });
  }
}

/** What a run that is otherwise sound must not be silent about. */
function deliveryFaults({ expected, lost, duplicated, reordered }: RunResult['ledger']): string[] {
  const of = ` of ${formatCount(expected)} messages`;
  return [
    lost > 0 ? `${formatCount(lost)}${of} lost` : '',
    duplicated > 0 ? `${formatCount(duplicated)} further copies` : '',
    reordered > 0 ? `${formatCount(reordered)} out of order` : '',
  ].filter((fault) => fault !== '');
}

function storeSeries(histogram: NsHistogram): RunResult['series'][string] {
  const encoded = histogram.encode();
  // Taken from what was stored, so that every reader of the file finds the same figures.
  const stored = NsHistogram.decode(encoded);
  return {
    count: stored.count,
    meanNs: stored.meanNs,
    stdDeviationNs: stored.stdDeviationNs,
    histogram: encoded,
  };
}

function serverRole(servers: RunRecord['servers'], index: number): string {
  if (servers.length === 1) return 'server';
  return servers[index]?.source === 'proc' ? 'server, not probed' : `server ${index + 1}`;
}

/** What a process is not asked itself, nobody knows. */
const UNSEEN = {
  loopUtilization: null,
  pacingShare: null,
  loopDelayP50Ns: null,
  loopDelayP99Ns: null,
  loopDelayMaxNs: null,
  gcCount: null,
  gcTotalMs: null,
  gcMaxMs: null,
  heapUsedBytes: null,
  bufferedBytes: null,
} as const;

function storeSamples(
  samples: ReadonlyArray<OutsideSample | TelemetrySample>,
  { measureStartNs }: RunRecord,
): ProcessTelemetry['samples'] {
  return samples.map(({ atNs, ...sample }) => ({
    ...UNSEEN,
    ...sample,
    atMs: (atNs - measureStartNs) / 1e6,
  }));
}

/** Sets what was owed, by membership, against what every receiver got. */
function balanceLedger(record: RunRecord): RunResult['ledger'] {
  const { collector, membership, deadWorkers } = record;
  if (isObserving(membership.layout)) return balancePushes(record);
  const totals = collector.totals();
  const expected = membership.expected(collector.sent());
  // A sender's worker that died never told its total: what is known to have been owed is the least.
  const expectedTotal = Math.max(expected.total, collector.timeline.counts().expected, totals.delivered);
  const deliveredToSilent = deadWorkers.reduce(
    (sum, worker) => sum + (collector.workers[worker]?.totals.delivered ?? 0),
    0,
  );
  // When the worker of a sender died, nobody can tell what its last messages were owed to whom.
  const senderDied = deadWorkers.some((worker) => membership.hasSender(worker));
  const inDoubt = senderDied ? expectedTotal - totals.delivered : expected.silent - deliveredToSilent;
  const unknown = Math.max(0, inDoubt);
  const anomalies = anomalousAccounts(record);
  return {
    expected: expectedTotal,
    delivered: totals.delivered,
    late: totals.late,
    lost: Math.max(0, expectedTotal - totals.delivered - unknown),
    unknown,
    duplicated: totals.duplicated,
    reordered: totals.reordered,
    unexpected: totals.unexpected,
    anomalies: anomalies.slice(0, KEPT_ROWS),
    anomalyCount: anomalies.length,
  };
}

function balancePushes({ collector }: RunRecord): RunResult['ledger'] {
  const { expected, ledger } = collector.pushes;
  const lost = Math.max(0, expected - ledger.delivered);
  return { expected, ...ledger, lost, unknown: 0, anomalies: [], anomalyCount: 0 };
}

function anomalousAccounts({ collector, membership }: RunRecord): RunResult['ledger']['anomalies'] {
  const sentOf = new Map(collector.sent().map(({ stream, sent }) => [stream, sent]));
  return collector.workers
    .flatMap(({ rows }) => rows)
    .map((row) => {
      const expected = (sentOf.get(row.stream) ?? 0) * membership.copies(row.stream);
      const sender = membership.layout.streams[row.stream]?.sender ?? 0;
      return { ...row, sender, expected, lost: Math.max(0, expected - row.delivered) };
    })
    .filter((row) => row.lost + row.late + row.duplicated + row.reordered > 0)
    .sort((a, b) => b.lost - a.lost || b.duplicated - a.duplicated || b.late - a.late);
}
