import { z } from 'zod';
import { SAMPLE_UNITS } from '../measure/series.ts';
import { planSchema } from '../plan/plan.ts';
import {
  countSchema,
  histogramSchema,
  listOf,
  numberSchema,
  recordOf,
  textSchema,
} from './bounded-schema.ts';
import { FINDING_CODES } from './findings.ts';
import { ABSENCE_FIELDS } from './stored-absences.ts';
import { clockSchema, receivingSchema } from './stored-clock.ts';
import { correlationSchema } from './stored-correlation.ts';
import { environmentSchema as environment } from './stored-environment.ts';
import { runFloorSchema } from './stored-floor.ts';
import { ledgerSchema } from './stored-ledger.ts';
import { linksSchema } from './stored-links.ts';
import { cutAgesSchema, disconnectsSchema, slowestSchema } from './stored-moments.ts';
import { populationsSchema } from './stored-populations.ts';
import { profileSchema } from './stored-profile.ts';
import { reasonSchema as reason, receivedSchema } from './stored-received.ts';
import { sentScheduleSchema } from './stored-schedule.ts';
import { mergedShardFields, shardSchema } from './stored-shard.ts';
import { checkpointSchema, growthSchema } from './stored-soak.ts';
import { steadinessSchema } from './stored-steadiness.ts';
import { MAX_INTERVALS, telemetrySchema } from './stored-telemetry.ts';

/**
 * The version of every stored document: result of a run, comparison and capacity search. A change that an older reader
 * cannot handle raises it. Times carry their unit in the key; histograms are HdrHistogram V2, compressed, base64, in
 * nanoseconds.
 */
export const SCHEMA_VERSION = 3;

/** A cause with a stable code and a sentence for people. */
export const findingSchema = z.object({
  code: z.enum(FINDING_CODES),
  message: textSchema,
  /** The highest quantile of latencies that is right in spite of it; missing where none is known to be. */
  soundUpTo: numberSchema.optional(),
});

const series = z.object({
  count: countSchema,
  meanNs: numberSchema,
  stdDeviationNs: numberSchema,
  histogram: histogramSchema,
  /**
   * By quantile (`p50`, `p90`, `p95`, `p99`, `p99.9`): the number of independent samples that would estimate it as precisely
   * as the samples of this run, which may be correlated, did. A quantile is missing where that is unknown.
   */
  effectiveSamples: recordOf(numberSchema.nonnegative(), 10).default({}),
});

/**
 * A part of the run, counted from the start of measuring: a second, or several in a long run. Intervals that start after
 * `measureMs` belong to the drain.
 */
const interval = z.object({
  startMs: numberSchema,
  lengthMs: numberSchema,
  /** Messages whose intended time lies in this interval, and their deliveries. */
  intended: countSchema,
  sent: countSchema,
  expected: countSchema,
  delivered: countSchema,
  lost: countSchema,
  /** Not delivered to clients that were away, without a promise of the server to replay them. */
  missed: countSchema.default(0),
  /** Values recorded in this interval, by the time of receipt: encoded histograms by series. */
  series: recordOf(histogramSchema),
});

/** Traffic of the clients of all generator processes in the measured time, without the drain. */
const traffic = z.object({
  /** Bytes on TCP, with framing and HTTP headers. With TLS: the bytes that TLS carries. */
  sentBytes: countSchema,
  receivedBytes: countSchema,
  /** HTTP requests that were started. */
  requests: countSchema,
  /** Answered requests for messages, and those of them that returned none. */
  polls: countSchema,
  emptyPolls: countSchema,
});

export const thresholdSchema = z.object({
  expression: textSchema,
  /** Null when it could not be judged; `detail` says why. */
  passed: z.boolean().nullable(),
  /**
   * The value of the metric of a single clause, in its unit; null for several clauses, and where nothing was judged.
   */
  actual: numberSchema.nullable(),
  /** The 95 % interval of a percentile, in its unit; null for other metrics, and where there is no such bound. */
  lower: numberSchema.nullable().default(null),
  upper: numberSchema.nullable().default(null),
  detail: textSchema,
});

/** One of the shards that a result was merged from. */
const mergedShard = z.object({
  ...mergedShardFields,
  startedAt: z.iso.datetime(),
  toolVersion: textSchema,
  environment,
  clock: clockSchema.nullable().default(null),
});

export const runResultSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  tool: z.object({ name: z.literal('sockbench'), version: textSchema }),
  startedAt: z.iso.datetime(),
  /** Null in a merge, whose shards have one each, and in results of older versions. */
  clock: clockSchema.nullable().default(null),
  receiving: receivingSchema,
  /** `partial`: the run ended before its plan did. */
  status: z.enum(['complete', 'partial']),
  /** Why the run is invalid; empty for a valid one. */
  invalid: listOf(findingSchema),
  /** Findings about the server that do not invalidate the run, such as an overload. */
  findings: listOf(findingSchema),
  /** Notes that do not affect validity. */
  notes: listOf(findingSchema),
  plan: planSchema,
  environment,
  warmup: z.object({
    durationMs: numberSchema,
    /** Whether latency showed no trend and no shift at its end; null when it was too short to test. */
    stable: z.boolean().nullable(),
    /** What ended it: the test, `--warmup-max`, or a plan that gives its length. Null in results of older versions. */
    endedBy: z.enum(['test', 'maximum', 'plan']).nullable().default(null),
    windowMs: numberSchema.positive().default(1000),
    /** Median of the headline series in each window of the warm-up, at most the last 600; null for an empty one. */
    windowMediansNs: listOf(numberSchema.nullable()),
  }),
  timing: z.object({
    startMs: numberSchema,
    connectMs: numberSchema,
    warmupMs: numberSchema,
    measureMs: numberSchema,
    drainMs: numberSchema,
    collectMs: numberSchema,
  }),
  headline: textSchema,
  /** Meanings of the scenario's own series, and of those of links, by name. */
  ownSeries: recordOf(textSchema),
  rate: z.object({
    intendedHz: numberSchema,
    achievedHz: numberSchema,
    intended: countSchema,
    sent: countSchema,
    unsent: listOf(reason),
  }),
  clients: z.object({
    planned: countSchema,
    connected: countSchema,
    failures: listOf(reason),
    dropped: listOf(reason),
    /** Close codes and reasons of connections that the scenario closed. */
    closed: listOf(reason),
  }),
  /** Messages and iterations that failed. */
  failed: listOf(reason),
  /** Messages and iterations that the server rejected, by its reason: they are neither lost nor failed. */
  rejected: listOf(reason).default([]),
  /** Why received messages were unexpected. */
  unexpected: listOf(reason).default([]),
  /** What clients received in the whole run, whether it was expected or not; null in a merge. */
  received: receivedSchema.nullable().default(null),
  /**
   * The independent samples of the headline: broadcasts that reached a receiver for `delivery`, requests for `ack` and
   * `reply`, iterations for `iteration`, pushes for `push_skew`; `incomplete` are those that did not
   * reach every receiver or were not answered in full.
   */
  samples: z.object({ unit: z.enum(SAMPLE_UNITS), count: countSchema, incomplete: countSchema }),
  series: recordOf(series),
  /**
   * How successive samples of the headline are correlated by rank, in the order in which they were due; null where that is
   * unknown.
   */
  correlation: correlationSchema.nullable().default(null),
  intervals: listOf(interval, 2 * MAX_INTERVALS),
  ledger: ledgerSchema,
  /** The broadcasts that took the longest until their last receiver had them, the slowest first. */
  slowest: slowestSchema.default([]),
  ...ABSENCE_FIELDS,
  /** What the populations of the plan did and got, in its order; empty where all clients are alike. */
  populations: populationsSchema,
  /** When clients were disconnected by the server. */
  disconnects: disconnectsSchema.default([]),
  /** At which age they were, by reason. */
  cutAges: cutAgesSchema.default([]),
  telemetry: telemetrySchema,
  /** The links of --network; null where clients connected directly. */
  links: linksSchema.nullable().default(null),
  /** CPU profiles of the server's processes; null for a run without --profile. */
  profiles: listOf(profileSchema).nullable().default(null),
  traffic,
  /**
   * The smallest step of the times that the server says it sent pushes at, which is that of `push_latency`; null where
   * that is not recorded.
   */
  pushResolutionNs: numberSchema.nullable().default(null),
  /** The longest time that any worker took to hand over the figures of one second. */
  snapshotCostMaxMs: numberSchema,
  thresholds: listOf(thresholdSchema),
  /** Latency of the null server under the same plan, on the same machine; null where no calibration fits. */
  floor: runFloorSchema.nullable().default(null),
  /** Set in the result of one shard. Its ledger counts what its own clients got; only a merge has the whole. */
  shard: shardSchema.nullable().default(null),
  /** The shards that this result was merged from, by index; null for the result of one run. */
  shards: listOf(mergedShard).nullable().default(null),
  /** Set while the run was measuring: the run was killed, or still goes on. Null in the result of a run that ended. */
  checkpoint: checkpointSchema.nullable().default(null),
  /** Whether messages were sent when they were planned; null without any, and in a merge. */
  schedule: sentScheduleSchema.nullable().default(null),
  /** Whether the headline drifts within the measured time; null in one of several shards. */
  steadiness: steadinessSchema.nullable().default(null),
  /** Whether memory, latency and losses grow; null in a short run. */
  growth: growthSchema.nullable().default(null),
});

export type RunResult = z.infer<typeof runResultSchema>;
export type { Finding } from './findings.ts';
export type { ProcessTelemetry } from './stored-telemetry.ts';
export { MAX_INTERVALS } from './stored-telemetry.ts';
export type MergedShard = z.infer<typeof mergedShard>;
export type StoredInterval = z.infer<typeof interval>;
export type ThresholdOutcome = z.infer<typeof thresholdSchema>;
