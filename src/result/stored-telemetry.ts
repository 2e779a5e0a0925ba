import { z } from 'zod';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';

/** A document holds at most this many intervals of the measured time, and as many of the drain. */
export const MAX_INTERVALS = 600;

/** Servers, or generator processes, of a document: those of all shards in a merge. */
const MAX_PROCESSES = 4000;

/** A value is null where only the process itself could have reported it. */
const telemetrySample = z.object({
  /** End of the sample, from the start of measuring. */
  atMs: numberSchema,
  lengthMs: numberSchema,
  cpuMs: numberSchema,
  loopUtilization: numberSchema.nullable(),
  pacingShare: numberSchema.nullable(),
  /** How long the main thread waited for a CPU; null where the system does not report it. */
  runQueueWaitMs: numberSchema.nullable().default(null),
  loopDelayP50Ns: numberSchema.nullable(),
  loopDelayP99Ns: numberSchema.nullable(),
  loopDelayMaxNs: numberSchema.nullable(),
  gcCount: countSchema.nullable(),
  gcTotalMs: numberSchema.nullable(),
  gcMaxMs: numberSchema.nullable(),
  /** The largest reading; of a sample that was merged, the mean of its readings too. */
  rssBytes: countSchema,
  rssMeanBytes: numberSchema.nullable().default(null),
  heapUsedBytes: countSchema.nullable(),
  /** The smallest heap after a full garbage collection; null without one. */
  heapAfterGcBytes: countSchema.nullable().default(null),
  bufferedBytes: countSchema.nullable(),
  /** Of generator processes: messages, those timed by the kernel, and those that share a time with a later one. */
  receivedCount: countSchema.nullable().default(null),
  stampedCount: countSchema.nullable().default(null),
  sharedCount: countSchema.nullable().default(null),
  /** The longest time between the arrival of a message and the end of handling it. */
  receiveWaitMaxNs: numberSchema.nullable().default(null),
  /** The fullest receive buffer of a connection when it was read late, as a share of its limit. */
  receiveBufferMaxRatio: numberSchema.nullable().default(null),
  /** Sends that the kernel did not take at once. */
  queuedSendCount: countSchema.nullable().default(null),
});

/** The figures of a process that receives nothing, or does not say how. */
export const NOT_RECEIVING = {
  receivedCount: null,
  stampedCount: null,
  sharedCount: null,
  receiveWaitMaxNs: null,
  receiveBufferMaxRatio: null,
  queuedSendCount: null,
} as const;

/** The telemetry of one process. */
const processTelemetry = z.object({
  role: textSchema,
  pid: z.number().int(),
  /** `probe`: reported by the process. `proc`: the system's account of it and of all its children, as one. */
  source: z.enum(['probe', 'proc']),
  /** Resident memory before the clients connected; null where it is unknown. */
  rssBeforeBytes: countSchema.nullable().default(null),
  /** From the warm-up to the end of the drain, about one per second; fewer in a long run. */
  samples: listOf(telemetrySample, 3 * MAX_INTERVALS),
});

/** Every serving process: several of a cluster, none of a server whose processes could not be seen. */
export const telemetrySchema = z.object({
  servers: listOf(processTelemetry, MAX_PROCESSES),
  workers: listOf(processTelemetry, MAX_PROCESSES),
});

export type ProcessTelemetry = z.infer<typeof processTelemetry>;
