import { z } from 'zod';
import { countSchema, listOf } from './bounded-schema.ts';

/** What one receiver got of one stream. */
const account = z.object({
  receiver: countSchema,
  sender: countSchema,
  stream: countSchema,
  expected: countSchema,
  delivered: countSchema,
  late: countSchema,
  lost: countSchema,
  missed: countSchema.default(0),
  duplicated: countSchema,
  reordered: countSchema,
  corrupted: countSchema.default(0),
});

/** What was expected of all messages, and what became of it. */
export const ledgerSchema = z.object({
  /**
   * Expected deliveries: messages that the server did not reject, times their receivers, which are the clients that had
   * joined before measuring began.
   */
  expected: countSchema,
  /** Distinct messages that arrived by the drain deadline; `late` and `reordered` are part of it. */
  delivered: countSchema,
  late: countSchema,
  lost: countSchema,
  /** Expected by clients of a generator process that ended or hung, so that their fate is unknown. */
  unknown: countSchema,
  /** Not delivered, by a server that may leave receivers out, as the target declares. They are not lost. */
  dropped: countSchema.default(0),
  /**
   * Not delivered to clients that were away: due then, or in flight at the cut. They are lost where the server said that it
   * had restored the session.
   */
  missed: countSchema.default(0),
  /** Additional copies of delivered messages. */
  duplicated: countSchema,
  reordered: countSchema,
  /**
   * Received with another length or content than was sent. Such a copy is not delivered: its message is lost, unless an
   * intact copy arrived too.
   */
  corrupted: countSchema.default(0),
  /** Received without being a message of this run to that client. */
  unexpected: countSchema,
  /** Receiver and stream pairs in which anything was late, lost, duplicated, reordered or corrupted, worst first. */
  anomalies: listOf(account),
  anomalyCount: countSchema,
});
