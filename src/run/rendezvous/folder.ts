/**
 * Shards that meet in a folder which they share.
 *
 * Each shard writes a file and rewrites it while it waits. Hosts' clocks differ, so no time in a file is judged. A file
 * belongs to a process that is alive if it names the nonce of the reader, which is new: no earlier run can have seen it.
 * It belongs to one that has ended if it no longer changes.
 *
 * Shard 1 writes the start once there is exactly one live file for each shard. A shard takes only a start that has its
 * own nonce. Every shard writes before it lists the folder, so of two shards 1 at least one sees the other. It waits until
 * the file of the other is stale; by then it sees the start of the other, and whom that has taken.
 *
 * Rewriting also makes an NFS client list the folder afresh: its own changes end the life of what it has cached.
 */
import { fail } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import type { Shard } from '../../plan/shard.ts';
import { CONFLICT_HINT, conflictOf, shardOn, startedTwice } from './conflict.ts';
import { type Announced, packMembers, type StartFile, unpackMembers, type WaitingFile } from './documents.ts';
import { FolderWatch, planTag, startName, waitingName } from './folder-watch.ts';
import { aheadOnSameBoot } from './host-clock.ts';
import {
  failMissing,
  NO_ABORT,
  nameMeeting,
  otherIndices,
  type Participant,
  pauseFor,
  requireWaiting,
  startFrom,
  unknownClock,
} from './meeting.ts';
import type { Announcement, Meeting, OtherShard, Rendezvous } from './rendezvous.ts';
import type { SharedFolder } from './shared-folder.ts';

/** Times of the meeting in a folder, in milliseconds. */
export interface FolderPace {
  /** Between two looks at the folder. */
  readonly pollMs: number;
  /** A file that has not changed for so long belongs to a process that has ended. */
  readonly staleMs: number;
  /** From the writing of the start to the start: time for slow folders to show the file to all hosts. */
  readonly leadMs: number;
  /** How long files stay that others still have to read. */
  readonly lingerMs: number;
}

/** The pace for a number of shards: many shards look less often. */
export function folderPace(count: number): FolderPace {
  const pollMs = 250 + 5 * count;
  return { pollMs, staleMs: Math.max(5000, 8 * pollMs), leadMs: Math.max(2000, 4 * pollMs), lingerMs: 1500 };
}

const UNCOMPARED_IN_FOLDER =
  'a folder does not compare the clocks of two hosts; --rendezvous with a URL does';

export class FolderRendezvous implements Rendezvous {
  readonly kind = 'folder';
  readonly #own: Participant;
  readonly #nonce: string;
  readonly #folder: SharedFolder;
  readonly #pace: FolderPace;
  readonly #watch: FolderWatch;
  readonly #written = new Set<string>();
  #beat = 0;
  #lingerUntilNs = 0;

  constructor(own: Participant, nonce: string, folder: SharedFolder, pace = folderPace(own.shard.count)) {
    this.#own = own;
    this.#nonce = nonce;
    this.#folder = folder;
    this.#pace = pace;
    this.#watch = new FolderWatch(folder, own.clock);
  }

  /** Remembers the files that are there already, so that those of ended processes are known when the shards meet. */
  async open(): Promise<void> {
    await this.#watch.list();
    await this.#watch.readWaiting(() => true);
  }

  async meet({ shard, planDigest, members }: Announcement, signal: AbortSignal): Promise<Meeting> {
    const { hostname, hostClock, clock, timers, timeoutMs } = this.#own;
    const own: Announced = {
      nonce: this.#nonce,
      ...shard,
      planDigest,
      host: hostname,
      clock: hostClock,
      members: packMembers(members),
    };
    const giveUpNs = clock.nowNs() + timeoutMs * 1e6;
    for (;;) {
      requireWaiting(signal);
      await this.#announce(own, null);
      await this.#watch.list();
      const files = await this.#readOthers(own);
      await this.#refuseConflicts(own, files);
      const start = shard.index === 1 ? await this.#lead(own, files) : await this.#follow(own, files);
      if (start !== null) return this.#meetingOf(start, shard);
      if (clock.nowNs() >= giveUpNs) await this.#failMissing(own);
      await pauseFor(timers, this.#pace.pollMs, signal);
    }
  }

  async close(): Promise<void> {
    const { clock, timers } = this.#own;
    const leftMs = (this.#lingerUntilNs - clock.nowNs()) / 1e6;
    if (leftMs > 0) await pauseFor(timers, leftMs, NO_ABORT);
    for (const name of this.#written) await this.#folder.remove(name);
  }

  async #announce(own: Announced, refusal: string | null): Promise<void> {
    const name = waitingName(own, planTag(own.planDigest), own.nonce);
    this.#written.add(name);
    this.#beat += 1;
    const seen = this.#watch.nonces.filter((nonce) => nonce !== own.nonce);
    const file: WaitingFile = { version: 1, announced: own, beat: this.#beat, seen, refusal };
    await this.#folder.write(name, JSON.stringify(file));
  }

  /** Shard 1 reads all files. Others read those of shard 1, and those that must not be there. */
  #readOthers(own: Announced): Promise<WaitingFile[]> {
    const tag = planTag(own.planDigest);
    return this.#watch.readWaiting(({ shard, tag: otherTag, nonce }) => {
      if (nonce === own.nonce) return false;
      const isOfOtherRun = otherTag !== tag || shard.count !== own.count;
      return own.index === 1 || shard.index === 1 || shard.index === own.index || isOfOtherRun;
    });
  }

  /** Throws when a live process is not of this run, has the same index, or has refused the others. */
  async #refuseConflicts(own: Announced, files: readonly WaitingFile[]): Promise<void> {
    for (const { announced, seen, refusal } of files) {
      if (!seen.includes(own.nonce)) continue;
      const problem = refusal ?? conflictOf(own, announced);
      if (problem !== null) await this.#refuse(own, problem);
    }
  }

  /** Lets the other shards read why the run has ended, and throws. */
  async #refuse(own: Announced, problem: string): Promise<never> {
    await this.#announce(own, problem);
    this.#lingerUntilNs = this.#own.clock.nowNs() + this.#pace.lingerMs * 1e6;
    return fail('SHARD_CONFLICT', foreign(problem, 1000), CONFLICT_HINT);
  }

  /** Writes the start, once all are there. */
  async #lead(own: Announced, files: readonly WaitingFile[]): Promise<StartFile | null> {
    const { clock, wallMs, shard } = this.#own;
    const { staleMs, leadMs, lingerMs } = this.#pace;
    const tag = planTag(own.planDigest);
    const started = await this.#watch.readStarts(tag);
    const taken = new Set(started.flatMap(({ participants }) => participants.map(({ nonce }) => nonce)));
    const live = files.filter(
      (file) =>
        isSameRun(own, file) &&
        this.#watch.unchangedMs(file) < staleMs &&
        (file.announced.index === 1 || !taken.has(file.announced.nonce)),
    );
    const participants: Announced[] = [own];
    if (live.some(({ announced }) => announced.index === 1)) return null;
    for (const index of otherIndices(shard)) {
      const [file, ...more] = live.filter(({ announced }) => announced.index === index);
      // Two files: a shard that was started again, whose first process ended a moment ago; or soon a conflict.
      if (file === undefined || more.length > 0 || !file.seen.includes(own.nonce)) return null;
      participants.push(file.announced);
    }
    const start: StartFile = {
      version: 1,
      planDigest: own.planDigest,
      participants,
      startAtMs: wallMs() + leadMs,
      startNs: clock.nowNs() + leadMs * 1e6,
    };
    const name = startName(tag, own.nonce);
    this.#written.add(name);
    await this.#folder.write(name, JSON.stringify(start));
    this.#lingerUntilNs = clock.nowNs() + (leadMs + lingerMs) * 1e6;
    await this.#watch.removeStale(files, staleMs);
    return start;
  }

  /** Takes the start that shard 1 wrote for this process. */
  async #follow(own: Announced, files: readonly WaitingFile[]): Promise<StartFile | null> {
    for (const start of await this.#watch.readStarts(planTag(own.planDigest))) {
      if (start.participants.some(({ nonce }) => nonce === own.nonce)) return start;
      const [leader] = start.participants;
      const isLive = files.some(
        ({ announced, seen }) => announced.nonce === leader?.nonce && seen.includes(own.nonce),
      );
      const twin = start.participants.find(({ index }) => index === own.index);
      if (isLive && twin !== undefined) await this.#refuse(own, startedTwice(own, twin));
    }
    return null;
  }

  async #failMissing(own: Announced): Promise<never> {
    const files = await this.#watch.readWaiting(({ nonce }) => nonce !== own.nonce);
    const known = files.filter((file) => isSameRun(own, file) && file.seen.includes(own.nonce));
    const isLive = (file: WaitingFile) => this.#watch.unchangedMs(file) < this.#pace.staleMs;
    const missing = otherIndices(own).filter(
      (index) => !known.some((file) => file.announced.index === index && isLive(file)),
    );
    const ended = known.filter((file) => !isLive(file)).map(({ announced }) => shardOn(announced));
    const remarks = ended.map((each) => `${each} announced itself, but ended`);
    return failMissing(missing, this.#own, `the folder ${this.#folder.name}`, remarks);
  }

  #meetingOf(start: StartFile, shard: Shard): Meeting {
    const { clock, hostClock } = this.#own;
    const others = start.participants.filter(({ index }) => index !== shard.index);
    const compared = others.map((other) => this.#compare(other));
    const [leader] = start.participants;
    const aheadNs = leader === undefined ? null : aheadOnSameBoot(hostClock, leader.clock);
    const nowNs = clock.nowNs();
    return {
      ...nameMeeting([start.planDigest, ...start.participants.map(({ nonce }) => nonce)]),
      ...startFrom(aheadNs === null ? this.#startByWallNs(start, nowNs) : start.startNs - aheadNs, nowNs),
      members: others.flatMap(({ members }) => unpackMembers(members)),
      others: compared,
      compareAgain: async () => compared,
    };
  }

  /**
   * The start by the wall clock. Shard 1 wrote it `leadMs` ahead, so a host on which it is further ahead has a slow clock,
   * and must not wait longer.
   */
  #startByWallNs({ startAtMs }: StartFile, nowNs: number): number {
    return nowNs + Math.min(startAtMs - this.#own.wallMs(), this.#pace.leadMs) * 1e6;
  }

  #compare({ index, host, clock }: Announced): OtherShard {
    const aheadNs = aheadOnSameBoot(this.#own.hostClock, clock);
    if (aheadNs === null) return unknownClock(index, host, UNCOMPARED_IN_FOLDER);
    return { index, host, aheadNs, boundNs: 0, problem: null };
  }
}

function isSameRun(own: Announced, { announced }: WaitingFile): boolean {
  return announced.planDigest === own.planDigest && announced.count === own.count;
}
