import { z } from 'zod';
import { countSchema, listOf, textSchema } from './bounded-schema.ts';

/** Something that occurred several times, and how often. */
export const reasonSchema = z.object({ reason: textSchema, count: countSchema });

/** What clients received in the whole run, whether it was expected or not. */
export const receivedSchema = z.object({
  /** Events by name. */
  events: listOf(reasonSchema),
  acknowledgements: countSchema,
  /** Messages in which the codec of the target found no event. */
  unreadable: countSchema,
  /** Why the codec could not decode some of these. */
  undecoded: listOf(reasonSchema).default([]),
  /** The events by which the messages and replies of the run arrive, as the target names them. */
  expected: listOf(textSchema),
  /** The last lines that the server printed; empty for a server that sockbench did not start. */
  serverOutput: listOf(textSchema),
});
