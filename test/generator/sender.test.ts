import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Layout, Operation } from '../../src/contract/scenario.ts';
import { NodeWaits } from '../../src/generator/pacer-waits.ts';
import { ownArrivals, Sender } from '../../src/generator/sender.ts';
import { SentMessages } from '../../src/generator/sent-messages.ts';
import { measureWindow, NOT_MEASURING } from '../../src/measure/clock.ts';
import type { Stamp } from '../../src/measure/stamp.ts';
import { arrivalsNs } from '../../src/plan/arrivals.ts';
import { FakeConnection } from './fake-connection.ts';
import { makeContext } from './made-worker.ts';

const OPERATION: Operation = { kind: 'publish', scope: 'everyone', room: null };
/** Clients 0, 1 and 2 send in turn to client 3. */
const LAYOUT: Layout = {
  rooms: [[], [], [], []],
  streams: [0, 1, 2].map((sender) => ({ sender, operation: OPERATION, receivers: [3] })),
};
const DURATION_MS = 1000;

/** The sender of a worker with these clients, at 30 messages a second of all workers. */
function open(own: readonly number[], { layout = LAYOUT, gone = [] as readonly number[] } = {}) {
  const given = { rate: '30/s', duration: `${DURATION_MS}ms` };
  const { context, time } = makeContext({ layout, own, given, startedNs: 1e9, measuring: NOT_MEASURING });
  const messages = new SentMessages(context);
  const stamps: Stamp[] = [];
  const sender = new Sender(context, {
    messages,
    connectionOf: (client) => (gone.includes(client) ? undefined : new FakeConnection()),
    perform: (message) => message.send((stamp) => stamps.push(stamp)),
    waits: new NodeWaits({
      clock: time,
      timers: time,
      workDone: () => 0,
      onLooked: () => {},
      chores: { run: () => {} },
    }),
  });
  const measureFrom = (startNs: number) => {
    context.measuring = measureWindow(startNs, DURATION_MS);
    return sender.measure();
  };
  return { sender, messages, stamps, time, measureFrom };
}

describe('a sender', () => {
  it('sends the messages of its own clients, at the times that they have in the whole schedule', async () => {
    const all = open([0, 1, 2, 3]);
    const [first, second] = [open([0, 2]), open([1, 3])];
    const ofStreams =
      (streams: readonly number[]) =>
      ({ stream, intendedNs }: Stamp) =>
        streams.includes(stream) ? [[stream, intendedNs]] : [];
    for (const each of [all, first, second]) await each.time.run(each.measureFrom(2e9));
    expect(all.stamps).toHaveLength(30);
    expect(first.stamps.flatMap(ofStreams([0, 1, 2]))).toEqual(all.stamps.flatMap(ofStreams([0, 2])));
    expect(second.stamps.flatMap(ofStreams([0, 1, 2]))).toEqual(all.stamps.flatMap(ofStreams([1])));
  });

  it.each<[what: string, clients: number[], layout: Layout]>([
    ['whose clients only receive', [3], LAYOUT],
    ['of a layout without streams', [0, 1], { ...LAYOUT, streams: [] }],
  ])('%s never spins, and is done at the end of the schedule', async (_, clients, layout) => {
    const { sender, time, measureFrom, stamps } = open(clients, { layout });
    sender.warmUp(2e9);
    await time.run(measureFrom(3e9));
    expect(time.nowNs()).toBe(3e9 + DURATION_MS * 1e6);
    expect(sender.pacingNs).toBe(0);
    expect(stamps).toEqual([]);
  });

  it('ends the warm-up where measuring starts', async () => {
    const { sender, time, measureFrom, stamps } = open([0, 1, 2]);
    sender.warmUp(2e9);
    await time.run(time.sleep(1500));
    await time.run(measureFrom(3e9));
    const warmup = stamps.filter(({ measured }) => !measured);
    expect(warmup).toHaveLength(30);
    expect(warmup.every(({ intendedNs }) => intendedNs >= 2e9 && intendedNs < 3e9)).toBe(true);
    expect(stamps.filter(({ measured }) => measured)).toHaveLength(30);
    expect(sender.pacingNs).toBeGreaterThan(0);
  });

  it('counts messages of a client that is gone as unsent', async () => {
    const { messages, time, measureFrom, stamps } = open([0, 1], { gone: [1] });
    await time.run(measureFrom(2e9));
    expect(stamps.every(({ stream }) => stream === 0)).toBe(true);
    expect(messages.unsent.take()).toEqual([{ reason: 'the sender was not connected', count: 10 }]);
  });

  it.each([
    ['with senders', [0, 1, 2]],
    ['without', [3]],
  ])('of a worker %s is done within 100 ms of a stop', async (_, clients) => {
    const { sender, time, measureFrom } = open(clients);
    const measured = measureFrom(2e9);
    time.after(1200, () => sender.stop());
    await time.run(measured);
    expect(time.nowNs()).toBeLessThanOrEqual(1e9 + 1300e6);
  });
});

it('the arrivals of all workers together are the whole schedule', () => {
  const senders = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 8 });
  const workerOf = fc.array(fc.nat({ max: 2 }), { minLength: 6, maxLength: 6 });
  const arrival = fc.constantFrom('constant' as const, 'poisson' as const);
  fc.assert(
    fc.property(senders, workerOf, arrival, (clients, workers, kind) => {
      const streams = clients.map((sender) => ({ sender, operation: OPERATION, receivers: [0] }));
      const profile = [{ durationMs: 1000, fromHz: 50, toHz: 200 }];
      const offsetsNs = [...arrivalsNs(profile, kind, 7)];
      const parts = [0, 1, 2].map((worker) => {
        const own = new Set([0, 1, 2, 3, 4, 5].filter((client) => workers[client] === worker));
        return [...ownArrivals(offsetsNs, { rooms: [], streams }, own)];
      });
      const whole = parts.flat().sort((a, b) => a.index - b.index);
      expect(whole).toEqual(offsetsNs.map((offsetNs, index) => ({ index, offsetNs })));
    }),
  );
});
