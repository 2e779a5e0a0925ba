import { z } from 'zod';
import { serverCountsSchema } from './counting-server.ts';

const count = z.number().int().min(0);

const usageSchema = z.object({
  /** Null when a signal ended it. */
  exitCode: z.number().int().nullable(),
  /** Whether it had to be stopped at its limit. */
  stopped: z.boolean(),
  durationMs: z.number(),
  /** User and system time of all its processes, from start to end. */
  cpuMs: z.number(),
  /** CPU time per request between a tenth and nine tenths of the requests; null for too little of it. */
  cpuPerRequestUs: z.number().nullable(),
  /** The most that all its processes had resident at once. */
  peakRssBytes: count,
});

const latencySchema = z.object({
  count,
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  maxMs: z.number(),
});

/** What a tool says of a run, in its own terms, read from its machine output. */
const toolReportSchema = z.object({
  /** Messages that the plan required; null where the tool has no such number. */
  intended: count.nullable(),
  sent: count.nullable(),
  /** Null when the tool reports no latency of a message. */
  latency: latencySchema.nullable(),
  /** Virtual users that came to their end; null where the tool has none. */
  completedUsers: count.nullable(),
  failedUsers: count.nullable(),
  /** 99th percentile of the time from arrival to end of a virtual user. */
  sessionP99Ms: z.number().nullable(),
  /** Its own errors with their numbers: reasons, or codes of findings. */
  errors: z.record(z.string(), count),
  /** Names of all metrics. */
  metrics: z.array(z.string()),
  /** The fields of a stored distribution. */
  distributionFields: z.array(z.string()),
  /** The latency of each period that it reports on its own. */
  periods: z.array(latencySchema),
  /** What sockbench's generator measured of itself; null for other tools. */
  generator: z
    .object({
      /** The longest delay of its event loop, and the longest time to hand over the figures of a second. */
      loopDelayMaxMs: z.number().nullable(),
      snapshotMaxMs: z.number(),
      /** The share of the time in which it waited actively for the next request. */
      pacingRatio: z.number().nullable(),
    })
    .nullable(),
});

/** One run of a tool beside what the server counted. */
const toolRunSchema = z.object({
  tool: z.string(),
  /** What distinguishes this run from others of the same tool in the experiment; empty for nothing. */
  variant: z.string(),
  /** Null when it left no report. */
  report: toolReportSchema.nullable(),
  server: serverCountsSchema,
  usage: usageSchema,
});

/** What the sending thread of Artillery measured of itself. */
const threadSchema = z.object({
  /** Longest delay of the event loop in each half second. */
  delaysMs: z.array(z.number()),
  /** Each aggregation of a period's metrics. */
  aggregationsMs: z.array(z.number()),
});

const runs = z.array(toolRunSchema);

export const crossCheckSchema = z.object({
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  commit: z.string().nullable(),
  machine: z.string(),
  versions: z.record(z.string(), z.string()),
  /** The load of each experiment. */
  loads: z.record(z.string(), z.record(z.string(), z.number())),
  /** Null when no k6 was on PATH. */
  k6: z.string().nullable(),
  experiments: z.object({
    workload: runs,
    closedLoop: runs,
    noAck: runs,
    responseStep: runs,
    neverAck: runs,
    stalls: runs,
    failed: runs,
    features: runs,
  }),
  thread: threadSchema,
  /** What a plugin of Artillery saw: periods, and the sketches in them. */
  plugin: z.object({ periods: count, sketches: count }),
});

export type ToolReport = z.infer<typeof toolReportSchema>;
export type ToolRun = z.infer<typeof toolRunSchema>;
export type CrossCheck = z.infer<typeof crossCheckSchema>;
