import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, createClock, readOriginNs, shardOriginNs } from '../../../src/measure/clock.ts';
import { realTimers } from '../../../src/measure/timers.ts';
import { createRendezvous, type RendezvousOptions } from '../../../src/run/rendezvous/create.ts';
import type { Meeting, Rendezvous } from '../../../src/run/rendezvous/rendezvous.ts';
import { madeAnnouncement, NO_SIGNAL } from './made-shard.ts';

const ORIGIN_NS = shardOriginNs(readOriginNs());
const CLOCK = createClock(ORIGIN_NS);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const opened: Rendezvous[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

interface MadeShard extends Partial<RendezvousOptions> {
  /** Names a boot of its own, and moves the clock ahead. */
  readonly aheadNs?: number;
}

/** Opens a shard that meets others at a URL, on this machine unless its clock is ahead. */
async function openAt(url: string, index: number, count: number, made: MadeShard = {}): Promise<Rendezvous> {
  const { aheadNs, ...given } = made;
  const clock: Clock = { nowNs: () => CLOCK.nowNs() + (aheadNs ?? 0) };
  const shard = await createRendezvous({
    place: { kind: 'url', url: new URL(url) },
    shard: { index, count },
    timeoutMs: 30_000,
    originNs: ORIGIN_NS,
    clock,
    timers: realTimers,
    host: { hostname: `host-${index}`, ...(aheadNs === undefined ? {} : { boot: `boot-${index}` }) },
    ...given,
  });
  opened.push(shard);
  return shard;
}

describe('shards that meet at a URL', () => {
  it('meet on one clock where they share it', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const shards = await Promise.all([1, 2, 3].map((index) => openAt(url, index, 3)));
    const meetings = await Promise.all(
      shards.map((shard, at) => shard.meet(madeAnnouncement(at + 1, 3), NO_SIGNAL)),
    );
    for (const of of ['id', 'key', 'startNs'] as const) {
      expect(new Set(meetings.map((meeting) => meeting[of])).size, of).toBe(1);
    }
    const again = await Promise.all(meetings.map((meeting) => meeting.compareAgain()));
    for (const others of [...meetings.map(({ others }) => others), ...again]) {
      for (const other of others) expect(other).toMatchObject({ aheadNs: 0, boundNs: 0, problem: null });
    }
    expect(meetings[2]?.members?.map(({ client }) => client).sort()).toEqual([0, 1, 3, 4]);
  });

  it('find how far the clocks of other hosts are ahead, within the bound', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const aheadNs = [0, 5e9, -7e9];
    const shards = await Promise.all(aheadNs.map((each, at) => openAt(url, at + 1, 3, { aheadNs: each })));
    const meetings = await Promise.all(
      shards.map((shard, at) => shard.meet(madeAnnouncement(at + 1, 3), NO_SIGNAL)),
    );
    const check = (others: Meeting['others'], at: number) => {
      for (const other of others) {
        const trueNs = (aheadNs[other.index - 1] ?? Number.NaN) - (aheadNs[at] ?? Number.NaN);
        expect(other).toMatchObject({ host: `host-${other.index}`, problem: null });
        expect(Math.abs((other.aheadNs ?? Number.NaN) - trueNs)).toBeLessThanOrEqual(other.boundNs ?? 0);
      }
    };
    for (const [at, meeting] of meetings.entries()) check(meeting.others, at);
    const again = await Promise.all(meetings.map((meeting) => meeting.compareAgain()));
    for (const [at, others] of again.entries()) check(others, at);
  });
});
