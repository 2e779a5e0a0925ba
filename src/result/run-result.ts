import { z } from 'zod';
import { SAMPLE_UNITS } from '../measure/series.ts';
import { planSchema } from '../plan/plan.ts';
import { FINDING_CODES } from './findings.ts';

/**
 * The version of every stored document: result of a run, comparison and capacity search. A change that an older reader
 * cannot handle raises it. Times carry their unit in the key; histograms are HdrHistogram V2, compressed, base64, in
 * nanoseconds.
 */
export const SCHEMA_VERSION = 3;

const count = z.number().int().nonnegative();
const finite = z.number();

/** A cause with a stable code and a sentence for people. */
export const findingSchema = z.object({ code: z.enum(FINDING_CODES), message: z.string() });

const reason = z.object({ reason: z.string(), count });

const environment = z.object({
  /** Arguments of the command line, as given. They may hold a secret, such as a token in a URL. */
  commandLine: z.array(z.string()),
  cpuModel: z.string(),
  cpuCount: count,
  governor: z.string().nullable(),
  platform: z.string(),
  kernel: z.string(),
  totalMemoryBytes: count,
  /** The CPU limit of the control group, in CPUs; null for none. */
  cgroupCpuLimit: finite.nullable(),
  nodeVersion: z.string(),
  v8Version: z.string(),
  packages: z.record(z.string(), z.string()),
  /** The commit of the project in the working directory; null outside a git checkout. */
  commit: z.string().nullable(),
  dirty: z.boolean().nullable(),
  /** During the run; null where the system does not report it. */
  stealRatio: finite.nullable(),
  throttledMs: finite.nullable(),
  cpuPressureRatio: finite.nullable(),
  /** The CPUs that each process was bound to; null where it was not bound. */
  affinity: z.object({ server: z.string().nullable(), workers: z.array(z.string().nullable()) }),
});

const series = z.object({
  count,
  meanNs: finite,
  stdDeviationNs: finite,
  histogram: z.string(),
});

/**
 * A part of the run, counted from the start of measuring: a second, or several in a long run. Intervals that start after
 * `measureMs` belong to the drain.
 */
const interval = z.object({
  startMs: finite,
  lengthMs: finite,
  /** Messages whose intended time lies in this interval, and their deliveries. */
  intended: count,
  sent: count,
  expected: count,
  delivered: count,
  lost: count,
  /** Values recorded in this interval, by the time of receipt: encoded histograms by series. */
  series: z.record(z.string(), z.string()),
});

const account = z.object({
  receiver: count,
  sender: count,
  stream: count,
  expected: count,
  delivered: count,
  late: count,
  lost: count,
  duplicated: count,
  reordered: count,
});

const ledger = z.object({
  /** Expected deliveries: messages times their receivers, which are the clients that had joined before measuring began. */
  expected: count,
  /** Distinct messages that arrived by the drain deadline; `late` and `reordered` are part of it. */
  delivered: count,
  late: count,
  lost: count,
  /** Expected by clients of a generator process that died, so that their fate is unknown. */
  unknown: count,
  /** Additional copies of delivered messages. */
  duplicated: count,
  reordered: count,
  /** Received by a client that did not expect it, or without a stamp. */
  unexpected: count,
  /** Receiver and stream pairs in which anything was late, lost, duplicated or reordered, worst first. */
  anomalies: z.array(account),
  anomalyCount: count,
});

/** A value is null where only the process itself could have reported it. */
const telemetrySample = z.object({
  /** End of the sample, from the start of measuring. */
  atMs: finite,
  lengthMs: finite,
  cpuMs: finite,
  loopUtilization: finite.nullable(),
  pacingShare: finite.nullable(),
  loopDelayP50Ns: finite.nullable(),
  loopDelayP99Ns: finite.nullable(),
  loopDelayMaxNs: finite.nullable(),
  gcCount: count.nullable(),
  gcTotalMs: finite.nullable(),
  gcMaxMs: finite.nullable(),
  rssBytes: count,
  heapUsedBytes: count.nullable(),
  bufferedBytes: count.nullable(),
});

const processTelemetry = z.object({
  role: z.string(),
  pid: z.number().int(),
  /** `probe`: reported by the process. `proc`: the system's account of it and of all its children, as one. */
  source: z.enum(['probe', 'proc']),
  /** From the warm-up to the end of the drain, about one per second; fewer in a long run. */
  samples: z.array(telemetrySample),
});

/** Traffic of the clients of all generator processes in the measured time, without the drain. */
const traffic = z.object({
  /** Bytes on TCP, with framing and HTTP headers. With TLS: the bytes that TLS carries. */
  sentBytes: count,
  receivedBytes: count,
  /** HTTP requests that were started. */
  requests: count,
  /** Answered requests for messages, and those of them that returned none. */
  polls: count,
  emptyPolls: count,
});

export const thresholdSchema = z.object({
  expression: z.string(),
  /** Null when it could not be judged; `detail` says why. */
  passed: z.boolean().nullable(),
  /**
   * The value of the metric of a single clause, in its unit; null for several clauses, and where nothing was judged.
   */
  actual: finite.nullable(),
  detail: z.string(),
});

export const runResultSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  tool: z.object({ name: z.literal('sockbench'), version: z.string() }),
  startedAt: z.iso.datetime(),
  /** `partial`: the run ended before its plan did. */
  status: z.enum(['complete', 'partial']),
  /** Why the run is invalid; empty for a valid one. */
  invalid: z.array(findingSchema),
  /** Findings about the server that do not invalidate the run, such as an overload. */
  findings: z.array(findingSchema),
  /** Notes that do not affect validity. */
  notes: z.array(findingSchema),
  plan: planSchema,
  environment,
  warmup: z.object({
    durationMs: finite,
    /** Whether three seconds in a row agreed; null when it was too short to tell. */
    stable: z.boolean().nullable(),
    /** Median of the headline series in each second of the warm-up; null for an empty one. */
    windowMediansNs: z.array(finite.nullable()),
  }),
  timing: z.object({
    startMs: finite,
    connectMs: finite,
    warmupMs: finite,
    measureMs: finite,
    drainMs: finite,
    collectMs: finite,
  }),
  headline: z.string(),
  /** Meanings of the scenario's own series, by name. */
  ownSeries: z.record(z.string(), z.string()),
  rate: z.object({
    intendedHz: finite,
    achievedHz: finite,
    intended: count,
    sent: count,
    unsent: z.array(reason),
  }),
  clients: z.object({
    planned: count,
    connected: count,
    failures: z.array(reason),
    dropped: z.array(reason),
    /** Close codes and reasons of connections that the scenario closed. */
    closed: z.array(reason),
  }),
  /** Messages that the server refused, and iterations that failed. */
  failed: z.array(reason),
  /**
   * The independent samples of the headline: broadcasts that reached a receiver for `delivery`, requests for `ack` and
   * `reply`, iterations for `iteration`, pushes for `push_skew`; `incomplete` are those that did not
   * reach every receiver or were not answered in full.
   */
  samples: z.object({ unit: z.enum(SAMPLE_UNITS), count, incomplete: count }),
  series: z.record(z.string(), series),
  intervals: z.array(interval),
  ledger,
  /** Every serving process: several of a cluster, none of a server whose processes could not be seen. */
  telemetry: z.object({ servers: z.array(processTelemetry), workers: z.array(processTelemetry) }),
  traffic,
  /** The longest time that any worker took to hand over the figures of one second. */
  snapshotCostMaxMs: finite,
  thresholds: z.array(thresholdSchema),
});

export type RunResult = z.infer<typeof runResultSchema>;
export type { Finding } from './findings.ts';
export type ProcessTelemetry = z.infer<typeof processTelemetry>;
export type StoredInterval = z.infer<typeof interval>;
export type ThresholdOutcome = z.infer<typeof thresholdSchema>;
