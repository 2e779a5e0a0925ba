import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SendQueue } from '../../../src/wire/sockets/kernel/send-queue.ts';

/** Takes up to so many bytes, as a kernel does that takes no more. */
function drain(queue: SendQueue, most: number): Buffer {
  const taken: Buffer[] = [];
  let left = most;
  for (let next = queue.next(); next !== null && left > 0; next = queue.next()) {
    const count = Math.min(left, next.length);
    taken.push(Buffer.from(next.subarray(0, count)));
    queue.take(count);
    left -= count;
  }
  return Buffer.concat(taken);
}

describe('a queue of bytes to send', () => {
  it('gives back what was added, in order, however it is taken', () => {
    const step = fc.oneof(
      fc.record({ add: fc.nat({ max: 40_000 }), from: fc.nat({ max: 100 }) }),
      fc.record({ take: fc.nat({ max: 60_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new SendQueue();
        const [added, taken]: [Buffer[], Buffer[]] = [[], []];
        let value = 0;
        for (const each of steps) {
          if ('take' in each) {
            taken.push(drain(queue, each.take));
            continue;
          }
          const bytes = Buffer.from(Array.from({ length: each.add }, () => value++ % 251));
          const from = Math.min(each.from, bytes.length);
          queue.add(bytes, from);
          added.push(bytes.subarray(from));
        }
        const inOrder = Buffer.concat(added);
        const soFar = Buffer.concat(taken);
        expect(queue.bytes).toBe(inOrder.length - soFar.length);
        expect(Buffer.concat([soFar, drain(queue, Number.POSITIVE_INFINITY)]).equals(inOrder)).toBe(true);
        expect(queue.bytes).toBe(0);
        expect(queue.next()).toBeNull();
      }),
    );
  });

  it('copies: a frame may be written anew once it was added', () => {
    const queue = new SendQueue();
    const frame = Buffer.from('first');
    queue.add(frame, 0);
    frame.fill('x');
    expect(String(queue.next())).toBe('first');
  });

  it('gathers small frames, so that they are sent together', () => {
    const queue = new SendQueue();
    for (let frame = 0; frame < 1000; frame++) queue.add(Buffer.from('0123456789'), 0);
    expect(queue.next()?.length).toBe(10_000);
  });

  it('takes long queues apart without moving them', () => {
    const queue = new SendQueue();
    const frame = Buffer.alloc(16 * 1024, 'x');
    for (let index = 0; index < 5000; index++) queue.add(frame, 0);
    for (let index = 0; index < 5000; index++) {
      expect(queue.next()?.length).toBe(frame.length);
      queue.take(frame.length);
    }
    expect(queue.bytes).toBe(0);
  });
});
