import { describe, expect, it } from 'vitest';
import { Receipts, type ReceiptTime } from '../../src/measure/receipts.ts';

function open() {
  const clock = { ns: 1000, nowNs: () => clock.ns };
  const windowed: number[] = [];
  const stamped: Array<[receivedNs: number, uncertaintyNs: number]> = [];
  const latencies: Array<[latencyNs: number, uncertaintyNs: number]> = [];
  const receipts = new Receipts({
    clock,
    window: {
      note: (receivedNs) => void windowed.push(receivedNs),
      noteLatency: (latencyNs) => void windowed.push(-latencyNs),
    },
    onStamped: (...each) => void stamped.push(each),
    onLatency: (...each) => void latencies.push(each),
  });
  const take = (time: ReceiptTime | undefined) => {
    const receivedNs = receipts.at(time);
    receipts.note(receivedNs);
    return receivedNs;
  };
  return { receipts, clock, windowed, stamped, latencies, take };
}

const byKernel = (receivedNs: number, uncertaintyNs = 0): ReceiptTime => ({
  receivedNs,
  clock: 'kernel',
  uncertaintyNs,
});

describe('the receive time of a message', () => {
  it('is now where its driver does not know it, and the loop then shows how late that may be', () => {
    const { take, windowed, stamped, receipts } = open();
    expect(take(undefined)).toBe(1000);
    receipts.noteLatency(70);
    expect({ windowed, stamped }).toEqual({ windowed: [1000, -70], stamped: [] });
  });

  it('is that of the read where the process read it', () => {
    const { take, windowed } = open();
    expect(take({ receivedNs: 900, clock: 'process', uncertaintyNs: 0 })).toBe(900);
    expect(windowed).toEqual([900]);
  });

  it('is that of the kernel where it read it, however late it is handled', () => {
    const { take, windowed, stamped, latencies, receipts } = open();
    expect(take(byKernel(400))).toBe(400);
    receipts.noteLatency(70);
    expect({ windowed, stamped, latencies }).toEqual({
      windowed: [],
      stamped: [[400, 0]],
      latencies: [[70, 0]],
    });
  });

  it('is shared by messages of one read, which are counted', () => {
    const { take, latencies, receipts } = open();
    take(byKernel(400, 30));
    receipts.noteLatency(70);
    take(byKernel(400, 30));
    take(byKernel(400));
    expect(latencies).toEqual([[70, 30]]);
    expect(receipts.take()).toEqual({ receivedCount: 3, stampedCount: 3, sharedCount: 2 });
    expect(receipts.take()).toEqual({ receivedCount: 0, stampedCount: 0, sharedCount: 0 });
  });

  it('has no part in what is recorded after the message was handled', async () => {
    const { take, latencies, receipts } = open();
    take(byKernel(400, 30));
    await Promise.resolve();
    receipts.noteLatency(70);
    expect(latencies).toEqual([[70, 0]]);
  });
});

describe('messages gather in the kernel', () => {
  it('after others that it timed, and not while there are none', () => {
    const { take, receipts } = open();
    expect(receipts.gatherNs()).toBe(0);
    take(byKernel(400));
    expect(receipts.gatherNs()).toBe(200_000);
    expect(receipts.gatherNs()).toBe(0);
  });

  it('but not those that the process times itself', () => {
    const { take, receipts } = open();
    take(undefined);
    expect(receipts.gatherNs()).toBe(0);
  });

  it('but not for a second after several came in one read, which have one time', () => {
    const { take, receipts, clock } = open();
    take(byKernel(400, 50));
    clock.ns = 1e9;
    expect(receipts.gatherNs()).toBe(0);
    clock.ns = 1e9 + 401;
    take(byKernel(1e9));
    expect(receipts.gatherNs()).toBe(200_000);
  });
});
