import { z } from 'zod';
import { countSchema, listOf, textSchema } from './bounded-schema.ts';
import { reasonSchema } from './stored-received.ts';

export { networkText } from '../plan/network.ts';

/** How the clients of a run were connected to its server. */
export const linksSchema = z.object({
  /** The clients by their link, in the order of the plan; those without one come last, as `direct`. */
  groups: listOf(
    z.object({
      link: textSchema,
      /** The properties of the link; empty for `direct`. */
      text: textSchema,
      clients: countSchema,
      /** The constant delay of one direction in nanoseconds: without jitter, bandwidth and stalls. */
      delayNs: z.number().nonnegative(),
    }),
  ),
  /** Connections that the links ended. */
  cuts: listOf(reasonSchema),
});

export type StoredLinks = z.infer<typeof linksSchema>;
