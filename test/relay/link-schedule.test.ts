import { describe, expect, it } from 'vitest';
import { parseLinks } from '../../src/plan/link.ts';
import { LinkSchedule } from '../../src/relay/link-schedule.ts';

const MS = 1e6;

/** The schedule of a link from time 0 on. `draws` are the random numbers, in turn. */
function scheduleOf(text: string, draws: readonly number[] = [0.5], fromNs = 0): LinkSchedule {
  const [link] = parseLinks(text);
  if (link === undefined) throw new Error('no link');
  let next = 0;
  return new LinkSchedule({
    ...{ link, openedNs: 0, fromNs },
    random: () => draws[next++ % draws.length] ?? 0,
  });
}

/** When pieces leave, in milliseconds, and how many bytes each has. */
function piecesOf(schedule: LinkSchedule, bytes: number, atMs: number) {
  return schedule
    .pieces(Buffer.alloc(bytes), atMs * MS)
    .map(({ bytes: piece, dueNs }) => [dueNs / MS, piece.length]);
}

describe('a link', () => {
  it('delays each direction by half of the round trip', () => {
    const schedule = scheduleOf('rtt=80ms');
    expect(piecesOf(schedule, 100_000, 0)).toEqual([[40, 100_000]]);
    expect(piecesOf(schedule, 1, 7)).toEqual([[47, 1]]);
  });

  it('draws the jitter of what was read together once, and never reorders', () => {
    // Drawn from 30 to 50 ms: the longest, the shortest, the middle.
    const schedule = scheduleOf('rtt=80ms jitter=20ms', [1, 0, 0.5]);
    expect(piecesOf(schedule, 10, 0)).toEqual([[50, 10]]);
    // It would leave at 35 ms.
    expect(piecesOf(schedule, 10, 5)).toEqual([[50, 10]]);
    expect(piecesOf(schedule, 10, 20)).toEqual([[60, 10]]);
  });

  it('carries exactly its bandwidth, also after a pause', () => {
    // 250 bytes a millisecond.
    const schedule = scheduleOf('rate=2Mbit');
    expect(piecesOf(schedule, 500, 0)).toEqual([[2, 500]]);
    expect(piecesOf(schedule, 500, 1)).toEqual([[4, 500]]);
    // Unused bandwidth is not saved.
    expect(piecesOf(schedule, 250, 100)).toEqual([[101, 250]]);
    expect(schedule.waitingBytes(100 * MS)).toBe(250);
    expect(schedule.waitingBytes(200 * MS)).toBe(0);
  });

  it('carries a megabyte in pieces, the last after the time that all take', () => {
    const pieces = piecesOf(scheduleOf('rate=8Mbit rtt=10ms'), 1_000_000, 0);
    expect(pieces[0]).toEqual([15, 10_000]);
    expect(pieces).toHaveLength(100);
    expect(pieces.at(-1)?.[0]).toBeCloseTo(1005, 6);
  });

  it('carries less than a segment at once where the bandwidth is small', () => {
    expect(piecesOf(scheduleOf('rate=8kbit'), 3000, 0)).toEqual([
      [1448, 1448],
      [2896, 1448],
      [3000, 104],
    ]);
  });

  it('slices what was read together, with a pause between two slices', () => {
    const schedule = scheduleOf('rtt=20ms slice=64B slice-delay=3ms');
    expect(piecesOf(schedule, 150, 0)).toEqual([
      [10, 64],
      [13, 64],
      [16, 22],
    ]);
    // Behind what is still to leave, and without a pause.
    expect(piecesOf(schedule, 10, 1)).toEqual([[16, 10]]);
    expect(piecesOf(schedule, 10, 30)).toEqual([[40, 10]]);
  });

  it('holds what is due during a stall until its end', () => {
    const schedule = scheduleOf('rtt=20ms stall=1s@2s');
    expect(piecesOf(schedule, 10, 1980)).toEqual([[1990, 10]]);
    expect(piecesOf(schedule, 10, 1995)).toEqual([[3000, 10]]);
    expect(piecesOf(schedule, 10, 2500)).toEqual([[3000, 10]]);
    expect(piecesOf(schedule, 10, 3000)).toEqual([[3010, 10]]);
  });

  it('begins when the TCP handshake over it would be over', () => {
    expect(piecesOf(scheduleOf('rtt=80ms', [0.5], 80 * MS), 10, 0)).toEqual([[120, 10]]);
  });

  it('ends a stream behind its last bytes', () => {
    const schedule = scheduleOf('rtt=80ms jitter=80ms', [1, 0]);
    expect(piecesOf(schedule, 10, 0)).toEqual([[80, 10]]);
    expect(schedule.endNs(1 * MS)).toBe(80 * MS);
  });
});
