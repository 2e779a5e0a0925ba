import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRendezvous } from '../../../src/run/rendezvous/create.ts';
import { fastTime } from './fast-time.ts';
import { madeAnnouncement, NO_SIGNAL } from './made-shard.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rendezvous-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Opens a shard of this machine at a folder. Its times run ten times as fast. */
function openAt(path: string, index: number, count: number) {
  return createRendezvous({
    place: { kind: 'folder', folder: path },
    shard: { index, count },
    timeoutMs: 600_000,
    originNs: 0n,
    clock: fastTime,
    timers: fastTime,
    host: { boot: 'boot' },
  });
}

describe('a folder of this machine', () => {
  it('lets shards meet on one clock, and is empty afterwards', async () => {
    const shards = await Promise.all([1, 2, 3].map((index) => openAt(folder, index, 3)));
    const meetings = await Promise.all(
      shards.map((shard, at) => shard.meet(madeAnnouncement(at + 1, 3), NO_SIGNAL)),
    );
    expect(new Set(meetings.map(({ id }) => id)).size).toBe(1);
    expect(meetings[1]?.others).toMatchObject([
      { index: 1, aheadNs: 0, boundNs: 0, problem: null },
      { index: 3, aheadNs: 0, boundNs: 0, problem: null },
    ]);
    expect(meetings[1]?.members?.map(({ client }) => client)).toEqual([0, 3, 2, 5]);
    await Promise.all(shards.map((shard) => shard.close()));
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['that does not exist', () => join(folder, 'no'), /cannot be read: it does not exist$/],
    ['that is a file', () => join(folder, 'file'), /cannot be read: it is not a folder$/],
    ['that cannot be written to', () => '/proc', /cannot be written to: /],
  ])('is refused at once %s', async (_, path, message) => {
    writeFileSync(join(folder, 'file'), '');
    await expect(openAt(path(), 1, 2)).rejects.toMatchObject({
      code: 'RENDEZVOUS_FOLDER',
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  it('is refused while the shards wait when it is removed', async () => {
    const shard = await openAt(folder, 1, 2);
    const meeting = shard.meet(madeAnnouncement(1, 2), NO_SIGNAL);
    rmSync(folder, { recursive: true });
    await expect(meeting).rejects.toMatchObject({
      code: 'RENDEZVOUS_FOLDER',
      message: `the rendezvous folder ${folder} cannot be written to: it does not exist`,
    });
    await shard.close();
  });
});
