import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FolderRendezvous } from '../../../src/run/rendezvous/folder.ts';
import type { Participant } from '../../../src/run/rendezvous/meeting.ts';
import type { Meeting } from '../../../src/run/rendezvous/rendezvous.ts';
import { VirtualTime } from '../../support/virtual-time.ts';
import { madeAnnouncement, madeNonce, madeParticipant, NO_SIGNAL } from './made-shard.ts';
import { MemoryFolder } from './memory-folder.ts';

interface Given extends Partial<Participant> {
  readonly monoAheadNs?: number;
  readonly wallAheadMs?: number;
  readonly atMs?: number;
  readonly plan?: string;
  /** How long each operation on the folder takes. */
  readonly delayMs?: () => number;
  /** The shard does nothing from then on. */
  readonly crashMs?: number;
  readonly signal?: AbortSignal;
}

/** A folder, and the virtual time of the shards that meet there. */
class Scene {
  readonly time = new VirtualTime(0);
  readonly folder = new MemoryFolder(this.time);

  /** Starts a shard. It removes its files 20 s after the meeting, or at once when there is none. */
  async shard(index: number, count: number, given: Given = {}): Promise<Meeting> {
    const { atMs = 0, crashMs = Number.POSITIVE_INFINITY, plan = 'plan', delayMs, signal, ...own } = given;
    await this.time.sleep(atMs);
    const mount = this.folder.mount(delayMs, () => this.time.nowNs() >= crashMs * 1e6);
    const shard = new FolderRendezvous(madeParticipant(index, count, this.time, own), madeNonce(), mount);
    try {
      await shard.open();
      const meeting = await shard.meet(madeAnnouncement(index, count, plan), signal ?? NO_SIGNAL);
      void this.time.sleep(20_000).then(() => shard.close());
      return meeting;
    } catch (error) {
      await shard.close();
      throw error;
    }
  }

  meetings(...shards: ReadonlyArray<Promise<Meeting>>): Promise<Meeting[]> {
    return this.time.run(Promise.all(shards));
  }

  /** What became of every shard: `met`, or its error as `CODE: message`. */
  async ends(...shards: ReadonlyArray<Promise<Meeting>>): Promise<string[]> {
    const settled = await this.time.run(Promise.allSettled(shards));
    return settled.map((each) =>
      each.status === 'fulfilled' ? 'met' : `${each.reason.code}: ${each.reason.message}`,
    );
  }

  /** Files that processes left which ended without removing them. */
  async crashed(...indices: number[]): Promise<void> {
    const crashMs = this.time.nowNs() / 1e6 + 4000;
    for (const index of indices) void this.shard(index, 3, { crashMs });
    await this.time.run(this.time.sleep(60_000));
  }
}

function distinct(values: readonly unknown[]): number {
  return new Set(values).size;
}

describe('shards that meet in a folder', () => {
  it('wait for the last, start together and know the members of the others', async () => {
    const scene = new Scene();
    const meetings = await scene.meetings(
      scene.shard(1, 3, { atMs: 9000 }),
      scene.shard(2, 3),
      scene.shard(3, 3, { atMs: 30_000 }),
    );
    expect(distinct(meetings.map(({ id }) => id))).toBe(1);
    expect(distinct(meetings.map(({ key }) => key))).toBe(1);
    expect(meetings.map(({ lateMs }) => lateMs)).toEqual([0, 0, 0]);
    const startsNs = meetings.map(({ startNs }) => startNs);
    expect(Math.max(...startsNs) - Math.min(...startsNs)).toBeLessThan(1e6);
    expect(startsNs[0]).toBeGreaterThan(32e9);
    expect(startsNs[0]).toBeLessThan(34e9);
    expect(meetings[0]?.members?.map(({ client }) => client)).toEqual([1, 4, 2, 5]);
    expect(meetings[2]?.members?.map(({ client }) => client)).toEqual([0, 3, 1, 4]);
    await scene.time.run(scene.time.sleep(30_000));
    expect([...scene.folder.files.keys()]).toEqual([]);
  });

  it('have another id in another run', async () => {
    const scene = new Scene();
    const [first] = await scene.meetings(scene.shard(1, 2), scene.shard(2, 2));
    await scene.time.run(scene.time.sleep(30_000));
    const [second] = await scene.meetings(scene.shard(1, 2), scene.shard(2, 2));
    expect(second?.id).not.toBe(first?.id);
    expect(second?.key).not.toBe(first?.key);
  });

  it('start by the wall clock on another host, whose clock they do not know', async () => {
    const scene = new Scene();
    const [first, second] = await scene.meetings(
      scene.shard(1, 2),
      scene.shard(2, 2, { monoAheadNs: 70e9, wallAheadMs: 300 }),
    );
    const problem = 'a folder does not compare the clocks of two hosts; --rendezvous with a URL does';
    expect(second?.others).toEqual([{ index: 1, host: 'host-1', aheadNs: null, boundNs: null, problem }]);
    expect(await second?.compareAgain()).toEqual(second?.others);
    // Its wall clock is ahead, so it starts so much earlier.
    expect((second?.startNs ?? 0) - 70e9 - (first?.startNs ?? 0)).toBeCloseTo(-300e6, -3);
  });

  it('do not wait for a wall clock that is slow', async () => {
    const scene = new Scene();
    const [first, second] = await scene.meetings(
      scene.shard(1, 2),
      scene.shard(2, 2, { wallAheadMs: -3_600_000 }),
    );
    const apartMs = ((second?.startNs ?? 0) - (first?.startNs ?? 0)) / 1e6;
    expect(apartMs).toBeGreaterThanOrEqual(0);
    expect(apartMs).toBeLessThanOrEqual(300);
  });

  it('compare exactly on one boot, also when their clocks have different origins', async () => {
    const scene = new Scene();
    const [first, second] = await scene.meetings(
      scene.shard(1, 2, { hostClock: { boot: 'boot', originNs: '1000000000000' } }),
      scene.shard(2, 2, { hostClock: { boot: 'boot', originNs: '400000000000' }, monoAheadNs: 600e9 }),
    );
    expect(first?.others).toMatchObject([{ index: 2, aheadNs: 600e9, boundNs: 0, problem: null }]);
    expect(second?.others).toMatchObject([{ index: 1, aheadNs: -600e9, boundNs: 0, problem: null }]);
    expect((second?.startNs ?? 0) - 600e9).toBe(first?.startNs);
  });

  it('report a shard late that sees the start too late', async () => {
    const scene = new Scene();
    const hasStart = () => [...scene.folder.files.keys()].some((name) => name.includes('-start-'));
    const [first, second] = await scene.meetings(
      scene.shard(1, 2),
      scene.shard(2, 2, { delayMs: () => (hasStart() ? 2000 : 10) }),
    );
    expect(first?.lateMs).toBe(0);
    expect(second?.lateMs).toBeGreaterThan(1000);
    const behindMs = ((second?.startNs ?? 0) - (first?.startNs ?? 0)) / 1e6;
    expect(behindMs).toBeCloseTo(second?.lateMs ?? 0, 0);
  });

  it('take nothing from files of processes that have ended, and remove them', async () => {
    const scene = new Scene();
    await scene.crashed(1, 2, 3);
    const left = [...scene.folder.files.keys()];
    expect(left.filter((name) => name.startsWith('sockbench-shard-'))).toHaveLength(3);
    expect(left.filter((name) => name.startsWith('sockbench-start-'))).toHaveLength(1);
    const meetings = await scene.meetings(scene.shard(1, 3), scene.shard(2, 3), scene.shard(3, 3));
    expect(distinct(meetings.map(({ id }) => id))).toBe(1);
    await scene.time.run(scene.time.sleep(30_000));
    expect([...scene.folder.files.keys()]).toEqual([]);
  });

  it('do not take the announcement of a process that has ended for a shard', async () => {
    const scene = new Scene();
    await scene.crashed(2, 3);
    expect(await scene.ends(scene.shard(1, 3), scene.shard(3, 3))).toEqual([
      'SHARDS_MISSING: shard 2 of 3 did not announce itself at the folder /shared within 60s',
      'SHARDS_MISSING: shard 2 of 3 did not announce itself at the folder /shared within 60s',
    ]);
  });

  it('meet when one was killed while it waited, and was started again', async () => {
    const scene = new Scene();
    const killed = scene.shard(2, 3, { crashMs: 3000 });
    const meetings = await scene.meetings(
      scene.shard(1, 3),
      scene.shard(2, 3, { atMs: 3500 }),
      scene.shard(3, 3, { atMs: 3700 }),
    );
    expect(distinct(meetings.map(({ id }) => id))).toBe(1);
    await expect(Promise.race([killed, 'still waits'])).resolves.toBe('still waits');
  });

  it('meet when shard 1 was killed while it waited, and was started again', async () => {
    const scene = new Scene();
    void scene.shard(1, 3, { crashMs: 3000 });
    const meetings = await scene.meetings(
      scene.shard(1, 3, { atMs: 3500 }),
      scene.shard(2, 3),
      scene.shard(3, 3, { atMs: 4000 }),
    );
    expect(distinct(meetings.map(({ id }) => id))).toBe(1);
  });

  it('ignore other files in the folder', async () => {
    const scene = new Scene();
    const name = `sockbench-shard-2-of-2-00000000-${'a'.repeat(32)}.json`;
    for (const text of ['', '{', 'null', '[]', '{"version":1}', '{"version":2,"announced":{}}']) {
      scene.folder.files.set(name.replace('aa', `${scene.folder.files.size}b`), text);
    }
    scene.folder.files.set(`sockbench-start-00000000-${'a'.repeat(32)}.json`, '{"version":1');
    scene.folder.files.set('result.json', 'my own');
    expect(await scene.ends(scene.shard(1, 2), scene.shard(2, 2))).toEqual(['met', 'met']);
    expect(scene.folder.files.get('result.json')).toBe('my own');
  });

  it('name those that are missing when the time is over', async () => {
    const scene = new Scene();
    const ends = await scene.ends(
      scene.shard(2, 4, { timeoutMs: 10_000 }),
      scene.shard(4, 4, { timeoutMs: 10_000 }),
    );
    expect(ends[0]).toBe(
      'SHARDS_MISSING: shards 1 and 3 of 4 did not announce themselves at the folder /shared within 10s',
    );
    expect(ends[1]).toBe(ends[0]);
    expect([...scene.folder.files.keys()]).toEqual([]);
  });

  it('name one that was there and has ended', async () => {
    const scene = new Scene();
    void scene.shard(2, 3, { crashMs: 4000 });
    expect(await scene.ends(scene.shard(1, 3, { timeoutMs: 20_000 }))).toEqual([
      'SHARDS_MISSING: shards 2 and 3 of 3 did not announce themselves at the folder /shared within 20s; shard 2/3 on host-2 announced itself, but ended',
    ]);
  });

  it('stop waiting when they are aborted, and remove their files', async () => {
    const scene = new Scene();
    const stop = new AbortController();
    scene.time.after(3000, () => stop.abort());
    expect(await scene.ends(scene.shard(2, 3, { signal: stop.signal }))).toEqual([
      'INTERRUPTED: stopped while it waited for the other shards: nothing was measured',
    ]);
    expect([...scene.folder.files.keys()]).toEqual([]);
  });
});

describe('shards that do not fit together in a folder', () => {
  it('refuse two with the same index, and all others end with them', async () => {
    const scene = new Scene();
    const ends = await scene.ends(
      scene.shard(1, 4),
      scene.shard(2, 4),
      scene.shard(2, 4, { atMs: 100, hostname: 'elsewhere' }),
      scene.shard(3, 4, { atMs: 50 }),
    );
    const twice = (one: string, other: string) =>
      `SHARD_CONFLICT: shard 2/4 was started twice, on ${one} and on ${other}`;
    for (const end of ends)
      expect([twice('host-2', 'elsewhere'), twice('elsewhere', 'host-2')]).toContain(end);
    expect([...scene.folder.files.keys()]).toEqual([]);
  });

  it('refuse two shards 1', async () => {
    const scene = new Scene();
    const ends = await scene.ends(scene.shard(1, 2), scene.shard(1, 2, { atMs: 30 }));
    for (const end of ends) expect(end).toBe('SHARD_CONFLICT: shard 1/2 was started twice, on host-1');
  });

  it.each([
    [{ plan: 'other' }, 2, 'their plans differ'],
    [{}, 3, 'their numbers of shards differ'],
  ])('refuse those of another run: %j of %i', async (given, count, problem) => {
    const scene = new Scene();
    const ends = await scene.ends(scene.shard(1, 2), scene.shard(2, count, given));
    const [both, reverse] = [
      `shard 1/2 on host-1 and shard 2/${count} on host-2`,
      `shard 2/${count} on host-2 and shard 1/2 on host-1`,
    ];
    const text = (names: string) => `SHARD_CONFLICT: ${names} meet at the same place, but ${problem}`;
    for (const end of ends) expect([text(both), text(reverse)]).toContain(end);
  });

  it('fail when the folder cannot be written to any more', async () => {
    const scene = new Scene();
    const full = { ...scene.folder.mount(), write: () => Promise.reject(new Error('full')) };
    const shard = new FolderRendezvous(madeParticipant(1, 2, scene.time), madeNonce(), full);
    await expect(scene.time.run(shard.meet(madeAnnouncement(1, 2), NO_SIGNAL))).rejects.toThrow('full');
  });
});

describe('any order of events', () => {
  const shardsOf = (count: number) =>
    fc.array(fc.record({ atMs: fc.nat(6000), seed: fc.nat(1e6) }), { minLength: count, maxLength: count });
  /** Times of operations between 0 and 150 ms, in no order. */
  const delays = (seed: number) => {
    let state = seed + 1;
    return () => {
      state = (state * 48271) % 2147483647;
      return state % 150;
    };
  };

  it('lets all shards of one run meet in time', async () => {
    const runs = fc.integer({ min: 1, max: 4 }).chain(shardsOf);
    await fc.assert(
      fc.asyncProperty(runs, async (shards) => {
        const scene = new Scene();
        const meetings = await scene.meetings(
          ...shards.map(({ atMs, seed }, at) =>
            scene.shard(at + 1, shards.length, { atMs, delayMs: delays(seed) }),
          ),
        );
        expect(distinct(meetings.map(({ id }) => id))).toBe(1);
        expect(meetings.map(({ lateMs }) => lateMs)).toEqual(shards.map(() => 0));
      }),
    );
  });

  it('never makes two meetings of one run, whatever was started twice and whichever process was killed', async () => {
    const runs = fc.record({
      shards: shardsOf(3),
      twins: fc.array(
        fc.record({ index: fc.integer({ min: 1, max: 3 }), atMs: fc.nat(9000), seed: fc.nat(1e6) }),
        {
          maxLength: 2,
        },
      ),
      killed: fc.nat(4),
      crashMs: fc.nat(12_000),
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ shards, twins, killed, crashMs }) => {
        const scene = new Scene();
        const all = [...shards.map((each, at) => ({ ...each, index: at + 1 })), ...twins];
        const met: Array<{ index: number; id: string }> = [];
        for (const [at, { index, atMs, seed }] of all.entries()) {
          const crash = at === killed ? { crashMs } : {};
          const options = { atMs, delayMs: delays(seed), timeoutMs: 15_000, ...crash };
          void scene.shard(index, 3, options).then(
            ({ id }) => met.push({ index, id }),
            () => {},
          );
        }
        await scene.time.run(scene.time.sleep(60_000));
        expect(distinct(met.map(({ id }) => id))).toBeLessThanOrEqual(1);
        expect(distinct(met.map(({ index }) => index))).toBe(met.length);
      }),
    );
  });
});
