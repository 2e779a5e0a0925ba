import { beforeEach, describe, expect, it } from 'vitest';
import { Desk } from '../../../src/run/rendezvous/desk.ts';
import type { Announced } from '../../../src/run/rendezvous/documents.ts';
import { VirtualTime } from '../../support/virtual-time.ts';
import { madeNonce } from './made-shard.ts';

let time = new VirtualTime();
let desk = new Desk({ index: 1, count: 3 }, time);

beforeEach(() => {
  time = new VirtualTime();
  desk = new Desk({ index: 1, count: 3 }, time);
});

function made(index: number, given: Partial<Announced> = {}): Announced {
  return {
    nonce: madeNonce(),
    index,
    count: 3,
    planDigest: 'plan',
    host: `host-${index}`,
    clock: { boot: null, originNs: '0' },
    members: [],
    ...given,
  };
}

function pass(ms: number): void {
  time.moveTo(time.nowNs() + ms * 1e6);
}

/** Opens the desk and has shards announce themselves. */
function openWith(...shards: Announced[]): void {
  desk.open(made(1));
  for (const shard of shards) {
    expect(desk.ask(shard)).toEqual({ state: 'unannounced' });
    desk.join(shard);
  }
}

function report(shard: Announced, when: 'before' | 'after', aheadNs = 0): void {
  desk.report({ nonce: shard.nonce, when, aheadNs, boundNs: 10 });
}

describe('the desk of shard 1', () => {
  it('has shards wait until its own clients have connected', () => {
    expect(desk.ask(made(2))).toEqual({ state: 'not-open' });
    expect(desk.advance()).toBeNull();
  });

  it('starts the run when all are there and have compared their clocks', () => {
    const [second, third] = [made(2), made(3)];
    openWith(second);
    expect(desk.ask(second)).toEqual({ state: 'waiting', missing: [3] });
    desk.ask(third);
    expect(desk.join(third)).toEqual({ state: 'compare' });
    report(third, 'before', 700);
    expect(desk.ask(third)).toEqual({ state: 'waiting', missing: [] });
    expect(desk.advance()).toBeNull();
    expect(desk.ask(second)).toEqual({ state: 'compare' });
    report(second, 'before', -300);
    const start = desk.advance();
    expect(start).toMatchObject({ planDigest: 'plan', startNs: time.nowNs() + 1.5e9 });
    expect(start?.participants.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(start?.clocks).toEqual([
      { index: 1, aheadNs: 0, boundNs: 0 },
      { index: 2, aheadNs: -300, boundNs: 10 },
      { index: 3, aheadNs: 700, boundNs: 10 },
    ]);
    expect(desk.ask(second)).toEqual({ state: 'start', start });
    expect(desk.advance()).toBe(start);
  });

  it('forgets comparisons when a shard has ended in between: clocks drift', () => {
    const [second, third] = [made(2), made(3)];
    openWith(second, third);
    report(second, 'before');
    desk.leave(third.nonce);
    desk.advance();
    expect(desk.missing).toEqual([3]);
    const again = made(3);
    desk.ask(again);
    desk.join(again);
    expect(desk.ask(second)).toEqual({ state: 'compare' });
  });

  it('gives the place of a silent process to one that was started again', () => {
    const [killed, again] = [made(2), made(2)];
    openWith(killed);
    pass(3000);
    expect(desk.ask(again)).toEqual({ state: 'occupied' });
    pass(2500);
    expect(desk.missing).toEqual([2, 3]);
    expect(desk.ask(again)).toEqual({ state: 'unannounced' });
    expect(desk.join(again)).toEqual({ state: 'waiting', missing: [3] });
    expect(() => desk.report({ nonce: killed.nonce, when: 'before', aheadNs: 0, boundNs: 0 })).toThrow(
      'this process has not announced itself',
    );
  });

  it('ends the run when two live processes have the same index, and lets all know', () => {
    const [second, third] = [made(2), made(3)];
    const twin = made(2, { host: 'elsewhere' });
    openWith(second, third);
    expect(desk.ask(twin)).toEqual({ state: 'occupied' });
    pass(10);
    const problem = 'shard 2/3 was started twice, on host-2 and on elsewhere';
    expect(() => desk.ask(second)).toThrow(problem);
    expect(desk.conflict).toBe(problem);
    expect(desk.isExpectingGuests).toBe(true);
    expect(() => desk.ask(third)).toThrow(problem);
    expect(() => desk.ask(twin)).toThrow(problem);
    expect(desk.isExpectingGuests).toBe(false);
    expect(desk.advance()).toBeNull();
  });

  it.each([
    [
      { planDigest: 'other' },
      'shard 1/3 on host-1 and shard 2/3 on host-2 meet at the same place, but their plans differ',
    ],
    [
      { count: 4 },
      'shard 1/3 on host-1 and shard 2/4 on host-2 meet at the same place, but their numbers of shards differ',
    ],
    [{ index: 1 }, 'shard 1/3 was started twice, on host-1 and on host-2'],
    [{ index: 7 }, 'there is no shard 7'],
  ])('refuses a process that is %j, and starts without it', (given, problem) => {
    const [second, third] = [made(2), made(3)];
    openWith(second, third);
    expect(() => desk.ask(made(2, given))).toThrow(problem);
    expect(desk.stranger).toMatch(/ was refused$/);
    expect(desk.conflict).toBeNull();
    report(second, 'before');
    report(third, 'before');
    expect(desk.advance()).not.toBeNull();
    expect(() => desk.ask(made(2))).toThrow('the run has started without this process');
  });

  it('takes no announcement of a process that has not asked', () => {
    desk.open(made(1));
    expect(() => desk.join(made(2))).toThrow('this process has not asked to announce itself');
  });

  it('serves on until the others have the start, and after measuring until they have the clocks', () => {
    const [second, third] = [made(2), made(3)];
    openWith(second, third);
    report(second, 'before');
    report(third, 'before');
    desk.advance();
    expect(desk.isExpectingGuests).toBe(true);
    desk.ask(second);
    desk.ask(third);
    expect(desk.isExpectingGuests).toBe(false);
    report(second, 'after', 40);
    expect(desk.results()).toEqual({
      isComplete: false,
      clocks: [
        { index: 1, aheadNs: 0, boundNs: 0 },
        { index: 2, aheadNs: 40, boundNs: 10 },
      ],
    });
    desk.leave(third.nonce);
    expect(desk.results().isComplete).toBe(true);
    expect(desk.isExpectingGuests).toBe(true);
    desk.leave(second.nonce);
    expect(desk.isExpectingGuests).toBe(false);
  });
});
