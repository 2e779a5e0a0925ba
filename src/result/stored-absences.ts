import { z } from 'zod';
import { countSchema, listOf, numberSchema, textSchema } from './bounded-schema.ts';
import { reasonSchema } from './stored-received.ts';

/** How many absences a result lists: those of a storm of 1,000 clients, with their times. */
export const MAX_ABSENCES = 1000;
/** A disruption that is repeated more often is one entry for all repetitions. */
export const MAX_DISRUPTION_OUTCOMES = 200;

const nullableTime = numberSchema.nullable();

/** A time in which a client could receive nothing. Times are in milliseconds from the start of measuring. */
const absence = z.object({
  client: countSchema,
  /** Number of the disruption in the plan; null where the server or the network ended the connection. */
  disruption: countSchema.nullable(),
  repetition: countSchema,
  /** How the connection ended. */
  reason: textSchema,
  fromMs: numberSchema,
  attempts: countSchema,
  /** Why the last attempt failed; null where none did, or a later one succeeded. */
  failure: textSchema.nullable().default(null),
  /** When the last attempt to come back began, and when its connection was open. */
  triedMs: nullableTime,
  connectedMs: nullableTime,
  /** When the client was in its rooms again; null if it never was. */
  backMs: nullableTime,
  /** When it received the first message that was due after that. */
  receivingMs: nullableTime,
  /** Whether the server restored the session; null where the protocol or the server has no recovery. */
  recovered: z.boolean().nullable(),
  replayed: countSchema,
  firstReplayedMs: nullableTime,
  lastReplayedMs: nullableTime,
  early: countSchema,
  missed: countSchema,
  lost: countSchema,
  duplicated: countSchema,
  reordered: countSchema,
});

/** Times of several clients, in milliseconds; null where no client has one. */
const backTimes = z.object({ p50Ms: nullableTime, p95Ms: nullableTime, lastMs: nullableTime });

/** What one disruption did to its clients, or what the server or the network did without one. */
const outcome = z.object({
  disruption: countSchema.nullable(),
  /** How often it had happened before; null for all repetitions together. */
  repetition: countSchema.nullable(),
  /** The disruption as --disrupt reads it; null where there was none. */
  text: textSchema.nullable(),
  /** When the first client lost its connection, from the start of measuring. */
  atMs: numberSchema,
  /** Absences, and those of them that ended. */
  clients: countSchema,
  back: countSchema,
  /** Absences of a random disruption whose time offline was not over at the end of the run. */
  untried: countSchema.default(0),
  /** How connections ended. */
  reasons: listOf(reasonSchema),
  /** Why the last attempts of those that did not end have failed. */
  failures: listOf(reasonSchema).default([]),
  /** When the last client was back; null if none was. */
  lastBackMs: nullableTime.default(null),
  /** Connections per second that were opened again: in the busiest second, and on average from the first to the last. */
  openedPeakHz: nullableTime.default(null),
  openedMeanHz: nullableTime.default(null),
  /** From the end of a connection until the client was in its rooms again. */
  away: backTimes,
  /** The parts of it: until the attempt that succeeded, until its connection was open, until the rooms were joined. */
  offline: backTimes,
  connecting: backTimes,
  joining: backTimes,
  /** From the end of a connection until the first new message. */
  receiving: backTimes,
  attempts: countSchema,
  maxAttempts: countSchema,
  /** Sessions that the server restored, and new ones where it could have. */
  recovered: countSchema,
  newSessions: countSchema,
  /** Messages that were due before the attempt that succeeded, and arrived after the cut. */
  replayed: countSchema,
  /** From the end of a connection until the first, and the last, replayed message. */
  firstReplayed: backTimes,
  lastReplayed: backTimes,
  /** Messages that were due while clients connected and joined, and arrived. */
  early: countSchema,
  /** Messages that were due in the meantime, and did not arrive: `lost` where the server restored the session. */
  missed: countSchema,
  lost: countSchema,
  /** Duplicates, and messages out of order, from then until the next absence of the same client. */
  duplicated: countSchema,
  reordered: countSchema,
});

/** What became of the deliveries of one group of clients, over the whole run. */
const deliveriesOfGroup = z.object({
  clients: countSchema,
  expected: countSchema,
  delivered: countSchema,
  missed: countSchema,
  lost: countSchema,
});

/** Clients that the plan kept from reading, and all other receivers. */
const slowReadersSchema = z.object({
  /** When the first one was, from the start of measuring. */
  fromMs: numberSchema,
  slow: deliveriesOfGroup,
  others: deliveriesOfGroup,
});

export type StoredSlowReaders = z.infer<typeof slowReadersSchema>;

/** Adds up two shards, whose messages do not go to one another. Null for none so far. */
export function sumSlowReaders(
  a: StoredSlowReaders | null,
  b: StoredSlowReaders | null,
): StoredSlowReaders | null {
  if (a === null || b === null) return a ?? b;
  return {
    fromMs: Math.min(a.fromMs, b.fromMs),
    slow: sumGroups(a.slow, b.slow),
    others: sumGroups(a.others, b.others),
  };
}

function sumGroups(a: StoredSlowReaders['slow'], b: StoredSlowReaders['slow']): StoredSlowReaders['slow'] {
  return {
    clients: a.clients + b.clients,
    expected: a.expected + b.expected,
    delivered: a.delivered + b.delivered,
    missed: a.missed + b.missed,
    lost: a.lost + b.lost,
  };
}

/** Connections that the server had after the drain, and clients that had one then. */
const sockets = z.object({ server: countSchema, clients: countSchema });

/** A restart of the server, or of one of its processes, by the plan. Times are from the start of measuring. */
const restart = z.object({
  disruption: countSchema,
  repetition: countSchema,
  /** Number of the process, from 0; null for the server as a whole. */
  process: countSchema.nullable(),
  /** When it was signalled. */
  atMs: numberSchema,
  /** When it served again; null if it did not. */
  upMs: nullableTime,
});

export type StoredRestart = z.infer<typeof restart>;

/** Clients that were connected and in their rooms in the measured time, and how often one left and joined then. */
const members = z.object({
  mean: numberSchema,
  min: countSchema,
  max: countSchema,
  left: countSchema,
  joined: countSchema,
});

/** What a result holds of clients that were away. */
export const ABSENCE_FIELDS = {
  /** What each disruption did to the clients, and what the server or the network did without one. */
  disruptions: listOf(outcome, MAX_DISRUPTION_OUTCOMES + 100).default([]),
  /** Times in which clients could receive nothing; of more than are kept, the longest. */
  absences: listOf(absence, MAX_ABSENCES).default([]),
  /** All absences, also those that are not kept. */
  absenceCount: countSchema.default(0),
  /** Restarts of the server by the plan, in their order. */
  restarts: listOf(restart, MAX_DISRUPTION_OUTCOMES).default([]),
  /** Null where no client may be away, and in a merge. */
  members: members.nullable().default(null),
  /** Null where the plan kept no client from reading. */
  slowReaders: slowReadersSchema.nullable().default(null),
  /** Null where they are unknown, or no client may come back. */
  socketsAfter: sockets.nullable().default(null),
};

export type StoredAbsence = z.infer<typeof absence>;
export type DisruptionOutcome = z.infer<typeof outcome>;
export type StoredSockets = z.infer<typeof sockets>;
export type StoredSpread = z.infer<typeof backTimes>;
