import { z } from 'zod';
import { countSchema, textSchema } from '../../result/bounded-schema.ts';
import { readSystemFile } from '../server/process-tree.ts';

/** Which clock a shard reads. */
export const hostClockSchema = z.object({
  /** Names the boot of the machine; null where it is unknown. Its processes read the same CLOCK_MONOTONIC. */
  boot: textSchema.nullable(),
  /** What CLOCK_MONOTONIC showed when the clock of the shard was 0, in decimal nanoseconds. */
  originNs: z.string().regex(/^\d{1,19}$/),
});

export type HostClock = z.infer<typeof hostClockSchema>;

/** How the clock of another shard compares with the own one, in nanoseconds. */
export const comparedSchema = z.object({
  /** Its reading minus the own one. */
  aheadNs: z.number().int().safe(),
  /** The maximum error of `aheadNs`. */
  boundNs: countSchema,
});

export type ClockComparison = z.infer<typeof comparedSchema>;

/**
 * Names the boot of this machine: `boot_id` of Linux. Null where there is none, and in a time namespace, whose
 * CLOCK_MONOTONIC is not that of the machine (time_namespaces(7)).
 */
export function readBoot(readFile: (path: string) => string | null = readSystemFile): string | null {
  const boot = readFile('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  // Kernels before 5.6 have no time namespaces, and no such file.
  const offsets = readFile('/proc/self/timens_offsets') ?? '';
  const [, seconds = '0', nanoseconds = '0'] = /^monotonic\s+(\S+)\s+(\S+)/m.exec(offsets) ?? [];
  return boot === '' || seconds !== '0' || nanoseconds !== '0' ? null : boot;
}

/**
 * How far the clock of another shard is ahead, in nanoseconds, where both read the CLOCK_MONOTONIC of one boot: exact, and
 * 0 unless their origins differ. Null for clocks of different or unknown machines.
 */
export function aheadOnSameBoot(own: HostClock, other: HostClock): number | null {
  if (own.boot === null || own.boot !== other.boot) return null;
  return Number(BigInt(own.originNs) - BigInt(other.originNs));
}
