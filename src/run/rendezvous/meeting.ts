/** What the kinds of rendezvous have in common. */
import { createHash } from 'node:crypto';
import { EXIT, fail } from '../../errors.ts';
import type { Clock } from '../../measure/clock.ts';
import type { Timers } from '../../measure/timers.ts';
import type { Shard } from '../../plan/shard.ts';
import { list } from '../../text.ts';
import { formatDurationMs } from '../../units.ts';
import type { HostClock } from './host-clock.ts';
import type { Meeting, OtherShard } from './rendezvous.ts';

/** A shard on its host, as a rendezvous needs it. */
export interface Participant {
  readonly shard: Shard;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hostname: string;
  readonly hostClock: HostClock;
  /** The time on the wall, in milliseconds since 1970. */
  readonly wallMs: () => number;
  /** A text of 32 hexadecimal digits, different at each call. */
  readonly newNonce: () => string;
}

/** Time for a command to reach every worker before the time that it names, in milliseconds. */
const COMMAND_LEAD_MS = 150;

/** When this shard starts, given the agreed time on its own clock. A shard that is late starts as soon as it can. */
export function startFrom(agreedNs: number, nowNs: number): Pick<Meeting, 'startNs' | 'lateMs'> {
  const earliestNs = nowNs + COMMAND_LEAD_MS * 1e6;
  return {
    startNs: Math.round(Math.max(agreedNs, earliestNs)),
    lateMs: Math.max(0, earliestNs - agreedNs) / 1e6,
  };
}

/** Names a meeting by what only its shards know in common. */
export function nameMeeting(parts: readonly string[]): Pick<Meeting, 'id' | 'key'> {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return { id: digest.toString('hex', 0, 16), key: digest.readUInt32BE(16) };
}

/** The shards of a run but for `index`, ascending. */
export function otherIndices({ index, count }: Shard): number[] {
  return Array.from({ length: count }, (_, before) => before + 1).filter((each) => each !== index);
}

/** Another shard whose clock is not known. */
export function unknownClock(index: number, host: string | null, problem: string): OtherShard {
  return { index, host, aheadNs: null, boundNs: null, problem };
}

/** Waits for `ms`, or until `signal` is aborted. */
export async function pauseFor(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const over = Promise.withResolvers<void>();
  const onAbort = () => over.resolve();
  const cancel = timers.after(Math.max(0, ms), over.resolve);
  signal.addEventListener('abort', onAbort, { once: true });
  await over.promise;
  cancel();
  signal.removeEventListener('abort', onAbort);
}

/** A signal that nothing aborts. */
export const NO_ABORT: AbortSignal = new AbortController().signal;

/** Throws INTERRUPTED when `signal` is aborted. */
export function requireWaiting(signal: AbortSignal): void {
  if (signal.aborted) {
    fail(
      'INTERRUPTED',
      'stopped while it waited for the other shards: nothing was measured',
      '',
      EXIT.invalid,
    );
  }
}

/** Names some shards of a run: `shard 2 of 4`, `shards 2, 3 and 4 of 4`. At most ten are named one by one. */
export function shardsText(indices: readonly number[], count: number): string {
  const named = indices.slice(0, 10).map(String);
  const more = indices.length - named.length;
  const all = more === 0 ? named : [...named, `${more} others`];
  return `${indices.length === 1 ? 'shard' : 'shards'} ${list(all)} of ${count}`;
}

/** Throws SHARDS_MISSING: the others did not come within the limit. `remarks` are further sentences. */
export function failMissing(
  missing: readonly number[],
  { shard, timeoutMs }: Pick<Participant, 'shard' | 'timeoutMs'>,
  place: string,
  remarks: readonly string[],
): never {
  const { count } = shard;
  const within = `within ${formatDurationMs(timeoutMs)}`;
  const what =
    missing.length === 0
      ? `all ${count} shards announced themselves at ${place}, but the run did not start ${within}`
      : `${shardsText(missing, count)} did not announce ${missing.length === 1 ? 'itself' : 'themselves'} at ${place} ${within}`;
  return fail(
    'SHARDS_MISSING',
    [what, ...remarks].join('; '),
    `Check that all ${count} shards were started, with the same plan and the same rendezvous, and see what they report. --rendezvous-timeout sets the limit.`,
    EXIT.invalid,
  );
}
