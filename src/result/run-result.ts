import { z } from 'zod';
import { SAMPLE_UNITS } from '../measure/series.ts';
import { planSchema } from '../plan/plan.ts';
import { FINDING_CODES } from './findings.ts';

/**
 * The stored result of one run: everything that a report, a threshold or a comparison needs. Times carry
 * their unit in the key; histograms are HdrHistogram V2 compressed base64 in nanoseconds. A change that an
 * older reader cannot bear raises the version.
 */
export const SCHEMA_VERSION = 3;

const count = z.number().int().nonnegative();
const finite = z.number();

/** A cause with a stable code and a sentence for people. */
export const findingSchema = z.object({ code: z.enum(FINDING_CODES), message: z.string() });

const reason = z.object({ reason: z.string(), count });

const environment = z.object({
  /** Arguments of the command line, as given: look before you publish a result whose URL holds a token. */
  commandLine: z.array(z.string()),
  cpuModel: z.string(),
  cpuCount: count,
  governor: z.string().nullable(),
  platform: z.string(),
  kernel: z.string(),
  totalMemoryBytes: count,
  /** CPUs' worth that the control group allows; null for no limit. */
  cgroupCpuLimit: finite.nullable(),
  nodeVersion: z.string(),
  v8Version: z.string(),
  packages: z.record(z.string(), z.string()),
  /** Of the project in the working directory; null outside a git checkout. */
  commit: z.string().nullable(),
  dirty: z.boolean().nullable(),
  /** During the run; null where the system does not tell. */
  stealRatio: finite.nullable(),
  throttledMs: finite.nullable(),
  cpuPressureRatio: finite.nullable(),
  /** What each process was bound to; null where it was not. */
  affinity: z.object({ server: z.string().nullable(), workers: z.array(z.string().nullable()) }),
});

const series = z.object({
  count,
  meanNs: finite,
  stdDeviationNs: finite,
  histogram: z.string(),
});

/** One second of the run, counted from the start of measuring; seconds after `durationMs` are the drain. */
const interval = z.object({
  startMs: finite,
  lengthMs: finite,
  /** Messages whose intended time lies in this second, and what became of them. */
  intended: count,
  sent: count,
  expected: count,
  delivered: count,
  lost: count,
  /** Values recorded in this second, by the time of receiving: encoded histograms by series. */
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
  /** Messages x their receivers: those who had connected and joined before measuring began, dropped since or not. */
  expected: count,
  /** Distinct messages that arrived by the drain deadline; `late` and `reordered` are part of it. */
  delivered: count,
  late: count,
  lost: count,
  /** Owed to clients of a generator process that died: nobody knows. */
  unknown: count,
  /** Further copies of delivered messages. */
  duplicated: count,
  reordered: count,
  /** Received by a client that was not owed it, or without a stamp. */
  unexpected: count,
  /** Receiver and stream pairs in which anything was late, lost, duplicated or reordered, worst first. */
  anomalies: z.array(account),
  anomalyCount: count,
});

/** Null for what only the process itself could have told. */
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
  /** Read inside the process; or by the system's account of it and of all that it started, as one. */
  source: z.enum(['probe', 'proc']),
  /** About one a second, from the warm-up to the end of the drain. */
  samples: z.array(telemetrySample),
});

/** What the clients of all generator processes did on the wire in the measured time, drain left out. */
const traffic = z.object({
  /** Over TCP and below everything else: framing and HTTP headers are in it. With TLS what TLS carries. */
  sentBytes: count,
  receivedBytes: count,
  /** HTTP requests begun. */
  requests: count,
  /** Answered requests that asked for messages, and those of them that brought none. */
  polls: count,
  emptyPolls: count,
});

export const thresholdSchema = z.object({
  expression: z.string(),
  /** Null when it could not be judged; `detail` says why. */
  passed: z.boolean().nullable(),
  /**
   * Of a single comparison the left side, or the right one when only that has a metric, in its unit; null for a
   * combination, and where nothing was judged.
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
  /** Reasons to disbelieve the run; empty for a valid one. */
  invalid: z.array(findingSchema),
  /** What a valid run says of the server beyond its numbers, such as that it was overloaded. */
  findings: z.array(findingSchema),
  /** What is worth knowing but spoils nothing. */
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
    /** How connections ended that were closed as an operation: code and reason. */
    closed: z.array(reason),
  }),
  /** Messages that the server refused, and visits that failed. */
  failed: z.array(reason),
  /**
   * Independent samples of the headline: broadcasts that reached someone for `delivery`, requests for `ack` and
   * `reply`, visits for `iteration`, pushes for `push_skew`; and those that did not reach everyone or were not
   * answered in full.
   */
  samples: z.object({ unit: z.enum(SAMPLE_UNITS), count, incomplete: count }),
  series: z.record(z.string(), series),
  intervals: z.array(interval),
  ledger,
  /** Of every process that serves: several of a cluster, none of a server that could not be looked into. */
  telemetry: z.object({ servers: z.array(processTelemetry), workers: z.array(processTelemetry) }),
  traffic,
  /** Longest time that any worker took to hand over one second's figures. */
  snapshotCostMaxMs: finite,
  thresholds: z.array(thresholdSchema),
});

export type RunResult = z.infer<typeof runResultSchema>;
export type { Finding } from './findings.ts';
export type ProcessTelemetry = z.infer<typeof processTelemetry>;
export type StoredInterval = z.infer<typeof interval>;
export type ThresholdOutcome = z.infer<typeof thresholdSchema>;
