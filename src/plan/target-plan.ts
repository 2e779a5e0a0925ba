import { z } from 'zod';
import type { ServerSettings } from '../contract/server.ts';
import { PROTOCOLS } from '../contract/target.ts';

/** A reference server: its program and its settings. */
const referenceSchema = z
  .object({
    runtime: z.enum(['node', 'bun']),
    /** Absolute path of the program that runs it; null for the Node.js that runs sockbench, or the installed Bun. */
    program: z.string().nullable(),
    /** Version of that program: v24.1.0 of Node.js, 1.3.0 of Bun; null when it was not asked. */
    version: z.string().nullable(),
    settings: z.record(
      z.string(),
      z.union([
        z.string(),
        z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER),
        z.boolean(),
        z.null(),
      ]),
    ) as unknown as z.ZodType<ServerSettings>,
    /** Whether a client can ask which process serves it. */
    hasNodes: z.boolean(),
  })
  .readonly();

/** The server under test. */
export const targetPlanSchema = z
  .object({
    /** Name of the reference server, the name in the target file, or the URL. */
    name: z.string(),
    protocol: z.enum(PROTOCOLS),
    /** Null for a reference server, which takes a free port. */
    url: z.string().nullable(),
    /** The command that starts the server; null for a reference server and for one that already runs. */
    exec: z.string().nullable(),
    /** Absolute path of the folder in which `exec` runs; null for the working directory. */
    cwd: z.string().nullable(),
    /** Null for a server of the user. */
    reference: referenceSchema.nullable(),
    /** Absolute path of the target file; null when the server uses the events of the reference servers. */
    file: z.string().nullable(),
    /** Socket.IO namespace that the clients enter; null for the main one. */
    namespace: z.string().nullable(),
    /**
     * What is known of pushes: whether each goes to one client only, and by which clock the server says when it sent
     * them, that of this host or of another; null where the target declares none.
     */
    pushes: z
      .object({ areOwn: z.boolean(), sentAt: z.enum(['none', 'here', 'elsewhere']) })
      .readonly()
      .nullable()
      .default(null),
    /**
     * What reads and writes messages: the name of a preset, or `own codec` or `own parser` of the target file; null for the
     * usual.
     */
    messageFormat: z.string().nullable().default(null),
    /** Whether the target declares that its server may leave receivers of a message out. */
    droppable: z.boolean().default(false),
    /** The remote host on which load is permitted; null when none is. */
    allowRemote: z.string().nullable().default(null),
  })
  .readonly();

export type TargetPlan = z.infer<typeof targetPlanSchema>;
export type ReferencePlan = z.infer<typeof referenceSchema>;
