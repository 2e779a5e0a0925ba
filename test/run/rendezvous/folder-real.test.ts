import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClock, readOriginNs, shardOriginNs } from '../../../src/measure/clock.ts';
import { realTimers } from '../../../src/measure/timers.ts';
import { createRendezvous } from '../../../src/run/rendezvous/create.ts';
import { madeAnnouncement, NO_SIGNAL } from './made-shard.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rendezvous-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Opens a shard of this machine at a folder. */
function openAt(path: string, index: number, count: number) {
  const originNs = shardOriginNs(readOriginNs());
  return createRendezvous({
    place: { kind: 'folder', folder: path },
    shard: { index, count },
    timeoutMs: 30_000,
    originNs,
    clock: createClock(originNs),
    timers: realTimers,
  });
}

describe('a folder of this machine', () => {
  it('lets shards meet on one clock, and is empty afterwards', async () => {
    const shards = await Promise.all([1, 2, 3].map((index) => openAt(folder, index, 3)));
    const meetings = await Promise.all(
      shards.map((shard, at) => shard.meet(madeAnnouncement(at + 1, 3), NO_SIGNAL)),
    );
    expect(new Set(meetings.map(({ id }) => id)).size).toBe(1);
    expect(new Set(meetings.map(({ key }) => key)).size).toBe(1);
    expect(new Set(meetings.map(({ startNs }) => startNs)).size).toBe(1);
    expect(meetings[1]?.others).toMatchObject([
      { index: 1, aheadNs: 0, boundNs: 0, problem: null },
      { index: 3, aheadNs: 0, boundNs: 0, problem: null },
    ]);
    expect(meetings[1]?.members?.map(({ client }) => client).sort()).toEqual([0, 2, 3, 5]);
    await Promise.all(shards.map((shard) => shard.close()));
    expect(readdirSync(folder)).toEqual([]);
  });
});
