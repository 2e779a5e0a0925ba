import { overRun, throughThird } from './clock-exchange.ts';
import { type Announced, packMembers, unpackMembers } from './documents.ts';
import { aheadOnSameBoot, type ClockComparison, type HostClock } from './host-clock.ts';
import { nameMeeting, type Participant, startFrom, unknownClock } from './meeting.ts';
import type { Announcement, Meeting, OtherShard } from './rendezvous.ts';
import type { UrlStart } from './url-messages.ts';

/** Clocks with an equal name of their boot that differ by more than this are clocks of copied machines. */
const SAME_CLOCK_NS = 1e6;

/** How long the shards wait for the others to compare their clocks again after measuring, in milliseconds. */
export const COMPARE_WITHIN_MS = 10_000;

type ShardClocks = UrlStart['clocks'];

/**
 * How the clocks of two shards compare by what both measured: exactly where they read one clock. The measured comparison
 * counts if it contradicts that: virtual machines that were restored from one snapshot have the same boot id.
 */
export function compareMeasured(
  own: HostClock,
  other: HostClock,
  measured: ClockComparison,
): ClockComparison {
  const exactNs = aheadOnSameBoot(own, other);
  const isSame = exactNs !== null && Math.abs(measured.aheadNs - exactNs) <= measured.boundNs + SAME_CLOCK_NS;
  return isSame ? { aheadNs: exactNs, boundNs: 0 } : measured;
}

/** The other shards of a start, as the shard `index` sees them: with the clocks after measuring, or null before. */
export function othersOf(start: UrlStart, index: number, after: ShardClocks | null): OtherShard[] {
  const own = start.participants.find((each) => each.index === index);
  if (own === undefined) return [];
  return start.participants
    .filter((each) => each.index !== index)
    .map((other) => compareShards(own, other, start.clocks, after));
}

function compareShards(
  own: Announced,
  { index, host, clock }: Announced,
  before: ShardClocks,
  after: ShardClocks | null,
): OtherShard {
  const measuredBefore = between(before, own.index, index);
  if (measuredBefore === null) return unknownClock(index, host, 'its clock was not compared');
  const first = compareMeasured(own.clock, clock, measuredBefore);
  const known = { index, host, problem: null };
  if (after === null || first.boundNs === 0) return { ...known, ...first };
  const measuredAfter = between(after, own.index, index);
  if (measuredAfter !== null) return { ...known, ...overRun(first, measuredAfter) };
  const hasOwn = after.some((each) => each.index === own.index);
  const silent = hasOwn ? `shard ${index}` : 'this shard';
  return unknownClock(index, host, `${silent} did not compare its clock again after measuring`);
}

function between(clocks: ShardClocks, own: number, other: number): ClockComparison | null {
  const [ofOwn, ofOther] = [own, other].map((index) => clocks.find((each) => each.index === index));
  return ofOwn === undefined || ofOther === undefined ? null : throughThird(ofOwn, ofOther);
}

/** How a shard announces itself. */
export function announcedOf(own: Participant, nonce: string, announcement: Announcement): Announced {
  const { shard, planDigest, members } = announcement;
  const { hostname: host, hostClock: clock } = own;
  return { nonce, ...shard, planDigest, host, clock, members: packMembers(members) };
}

/** The meeting that a start makes for one shard. `aheadNs`: its clock minus that of shard 1. */
export function meetingOf(
  start: UrlStart,
  { shard, clock }: Participant,
  aheadNs: number,
  compareAgain: () => Promise<readonly OtherShard[]>,
): Meeting {
  const others = start.participants.filter(({ index }) => index !== shard.index);
  return {
    ...nameMeeting([start.planDigest, ...start.participants.map(({ nonce }) => nonce)]),
    ...startFrom(start.startNs + aheadNs, clock.nowNs()),
    members: others.flatMap(({ members }) => unpackMembers(members)),
    others: othersOf(start, shard.index, null),
    compareAgain,
  };
}
