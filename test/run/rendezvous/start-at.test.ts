import { describe, expect, it } from 'vitest';
import { StartAt } from '../../../src/run/rendezvous/start-at.ts';
import { VirtualTime } from '../../support/virtual-time.ts';
import { madeAnnouncement, madeParticipant, NO_SIGNAL } from './made-shard.ts';

const WALL_MS = 1.7e12;

/** A shard that starts when virtual time is `startAtNs`. */
function madeStartAt(time: VirtualTime, index: number, startAtNs: number) {
  return new StartAt(madeParticipant(index, 3, time), WALL_MS + startAtNs / 1e6);
}

describe('shards that start at a time', () => {
  it('start then by their own wall clocks, without knowing one another', async () => {
    const time = new VirtualTime();
    const meeting = await time.run(madeStartAt(time, 2, 61e9).meet(madeAnnouncement(2, 3), NO_SIGNAL));
    expect(meeting).toMatchObject({ startNs: 61e9, lateMs: 0, members: null });
    expect(time.nowNs()).toBe(60e9);
    const problem = 'shards that start at a time do not compare their clocks; --rendezvous with a URL does';
    const unknown = { host: null, aheadNs: null, boundNs: null, problem };
    expect(meeting.others).toEqual([
      { index: 1, ...unknown },
      { index: 3, ...unknown },
    ]);
    expect(await meeting.compareAgain()).toEqual(meeting.others);
  });

  it('use the time that the wall clock shows after it was set', async () => {
    const time = new VirtualTime();
    let setMs = 0;
    const own = madeParticipant(1, 3, time);
    const startAt = new StartAt({ ...own, wallMs: () => own.wallMs() + setMs }, WALL_MS + 60e3);
    time.after(20_000, () => {
      setMs = 10_000;
    });
    const meeting = await time.run(startAt.meet(madeAnnouncement(1, 3), NO_SIGNAL));
    expect(meeting).toMatchObject({ startNs: 50e9, lateMs: 0 });
  });

  it('have the same id and key for the same plan and time, and no others', async () => {
    const time = new VirtualTime();
    const meet = (index: number, startAtNs: number, plan: string) =>
      time.run(madeStartAt(time, index, startAtNs).meet(madeAnnouncement(index, 3, plan), NO_SIGNAL));
    const [first, second, later, otherPlan] = [
      await meet(1, 2e9, 'a'),
      await meet(2, 2e9, 'a'),
      await meet(1, 3e9, 'a'),
      await meet(1, 2e9, 'b'),
    ];
    expect(second).toMatchObject({ id: first.id, key: first.key });
    expect(new Set([first, later, otherPlan].map(({ id }) => id)).size).toBe(3);
    expect(new Set([first, later, otherPlan].map(({ key }) => key)).size).toBe(3);
    expect(Number.isInteger(first.key) && first.key >= 0 && first.key < 2 ** 32).toBe(true);
  });

  it('are late when they are ready less than 150 ms before the time, and start as soon as they can', async () => {
    const time = new VirtualTime(10e9);
    const onTime = await madeStartAt(time, 1, 10.15e9).meet(madeAnnouncement(1, 3), NO_SIGNAL);
    expect(onTime).toMatchObject({ startNs: 10.15e9, lateMs: 0 });
    const late = await madeStartAt(time, 1, 9e9).meet(madeAnnouncement(1, 3), NO_SIGNAL);
    expect(late).toMatchObject({ startNs: 10.15e9, lateMs: 1150 });
  });

  it('stop waiting when they are aborted', async () => {
    const time = new VirtualTime();
    const stop = new AbortController();
    time.after(5000, () => stop.abort());
    const meeting = madeStartAt(time, 1, 61e9).meet(madeAnnouncement(1, 3), stop.signal);
    await expect(time.run(meeting)).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 3 });
    expect(time.nowNs()).toBe(6e9);
  });
});
