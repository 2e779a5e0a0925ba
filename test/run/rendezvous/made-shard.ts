import type { Clock } from '../../../src/measure/clock.ts';
import type { Timers } from '../../../src/measure/timers.ts';
import type { Participant } from '../../../src/run/rendezvous/meeting.ts';
import type { Announcement } from '../../../src/run/rendezvous/rendezvous.ts';

let nonces = 0;

/** A nonce that no other call returns. */
export function madeNonce(): string {
  nonces += 1;
  return nonces.toString(16).padStart(32, '0');
}

/** A shard on a host of its own, whose monotonic and wall clocks are those of `time`, shifted. */
export function madeParticipant(
  index: number,
  count: number,
  time: Clock & Timers,
  given: Partial<Participant> & { readonly monoAheadNs?: number; readonly wallAheadMs?: number } = {},
): Participant {
  const { monoAheadNs = 0, wallAheadMs = 0, ...rest } = given;
  return {
    shard: { index, count },
    timeoutMs: 60_000,
    clock: { nowNs: () => time.nowNs() + monoAheadNs },
    timers: time,
    hostname: `host-${index}`,
    hostClock: { boot: `boot-${index}`, originNs: '0' },
    wallMs: () => 1.7e12 + time.nowNs() / 1e6 + wallAheadMs,
    newNonce: madeNonce,
    ...rest,
  };
}

/** What a shard announces: two clients that one server process serves. */
export function madeAnnouncement(index: number, count: number, planDigest = 'plan'): Announcement {
  const members = [index - 1, index - 1 + count].map((client) => ({ client, node: null }));
  return { shard: { index, count }, planDigest, members };
}

/** A signal that nothing aborts. */
export const NO_SIGNAL: AbortSignal = new AbortController().signal;
