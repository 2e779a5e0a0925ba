import { describe, expect, it } from 'vitest';
import { KernelLoop, type LoopSockets } from '../../../src/wire/sockets/kernel/kernel-loop.ts';

interface Wait {
  readonly atNs: number;
  readonly timeoutNs: number;
}

/** Sockets in virtual time: a wait lasts until its end, or until an event that a test has set. */
class FakeSockets {
  nowNs = 1e9;
  readonly waits: Wait[] = [];
  /** What happens at which time, in ascending order. Each is one event. */
  readonly events: Array<{ readonly atNs: number; readonly handle: () => void }> = [];
  /** When Node's loop has an event; it has none after it was seen once. */
  nodeAtNs = Number.POSITIVE_INFINITY;
  /** How much longer than asked a sleep takes. */
  oversleepNs = 0;
  isNodeReady = false;
  isPrecise = true;
  count = 1;
  lookedNs = 0;
  onFirst = () => {};
  readonly handlingNs: number[] = [];
  readonly counter = { afterHandling: (ns: number) => this.handlingNs.push(ns) };

  readonly rests: number[] = [];

  rest(durationNs: number): void {
    this.rests.push(durationNs);
    this.nowNs += durationNs;
  }

  wait(timeoutNs: number): number {
    this.waits.push({ atNs: this.nowNs, timeoutNs });
    if (this.waits.length > 10_000) throw new Error('it waits and waits');
    const endNs = this.nowNs + timeoutNs + (timeoutNs > 0 ? this.oversleepNs : 0);
    const nextNs = Math.min(this.events[0]?.atNs ?? Number.POSITIVE_INFINITY, this.nodeAtNs);
    // A look takes a microsecond.
    this.nowNs = Math.max(this.nowNs + 1000, Math.min(endNs, nextNs));
    this.lookedNs = this.nowNs;
    const due = this.events.filter(({ atNs }) => atNs <= this.nowNs).length;
    return due + (this.nodeAtNs <= this.nowNs ? 1 : 0);
  }

  handle(count: number): void {
    this.isNodeReady = this.nodeAtNs <= this.nowNs;
    const own = count - (this.isNodeReady ? 1 : 0);
    if (this.isNodeReady) this.nodeAtNs = Number.POSITIVE_INFINITY;
    for (const { handle } of this.events.splice(0, own)) handle();
  }
}

/** The clock moves by 100 ns with each reading, so that spinning ends. */
function makeLoop({ hasNode = true, runTicks = () => {} } = {}) {
  const sockets = new FakeSockets();
  const clock = {
    nowNs: () => {
      sockets.nowNs += 100;
      return sockets.nowNs;
    },
  };
  const node = { fd: 99, timeoutMs: () => -1 };
  const loop = new KernelLoop({
    clock,
    sockets: sockets as unknown as LoopSockets,
    node: hasNode ? node : null,
    runTicks,
  });
  /** Has the loop end by itself. */
  const end = () => {
    sockets.count = 0;
  };
  return { loop, sockets, node, end };
}

/** Resolves when the loop calls back at a time, after `then`. */
function due(loop: KernelLoop, atNs: number, then = () => {}): Promise<void> {
  return new Promise((resolve) =>
    loop.before(atNs, () => {
      loop.spin(atNs);
      then();
      resolve();
    }),
  );
}

const nextImmediate = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the loop of the kernel sockets', () => {
  it('sleeps until 60 us before a due time, spins, and calls at that time', async () => {
    const { loop, sockets, end } = makeLoop();
    end();
    await due(loop, 1.02e9);
    expect(sockets.nowNs).toBeGreaterThanOrEqual(1.02e9);
    expect(sockets.nowNs).toBeLessThan(1.02e9 + 1000);
    expect(sockets.waits).toHaveLength(1);
    const [{ atNs, timeoutNs } = { atNs: 0, timeoutNs: 0 }] = sockets.waits;
    expect(atNs + timeoutNs).toBeCloseTo(1.02e9 - 60_000, -3);
    expect(loop.spunNs).toBeGreaterThan(59_000);
    expect(loop.spunNs).toBeLessThan(61_000);
    expect(loop.waitedNs).toBeCloseTo(20e6 - 60_000, -4);
  });

  it('calls everything that is due after it was held up, and nothing that is not', async () => {
    const { loop, sockets, end } = makeLoop();
    end();
    sockets.oversleepNs = 30e6;
    const calls: number[] = [];
    for (const atNs of [1.05e9, 1.03e9, 1.01e9, 1.1e9]) loop.before(atNs, () => calls.push(atNs));
    await due(loop, 1.01e9);
    expect(calls.sort()).toEqual([1.01e9, 1.03e9]);
    await due(loop, 1.1e9);
    expect(calls.sort()).toEqual([1.01e9, 1.03e9, 1.05e9, 1.1e9]);
  });

  it('calls the earliest first, each up to its own time', async () => {
    const { loop, sockets, end } = makeLoop();
    end();
    const calls: Array<readonly [number, boolean]> = [];
    for (const atNs of [1.01e9 + 40_000, 1.01e9, 1.01e9 + 20_000]) {
      loop.before(atNs, () => {
        const isEarly = sockets.nowNs < atNs;
        calls.push([loop.spin(atNs) - atNs, isEarly]);
      });
    }
    await due(loop, 1.02e9);
    expect(calls.map(([, isEarly]) => isEarly)).toEqual([true, true, true]);
    for (const [lateNs] of calls) expect(lateNs).toBeLessThan(1000);
  });

  it('learns how early a sleep has to end where wake-ups are late', async () => {
    const { loop, sockets, end } = makeLoop();
    end();
    sockets.oversleepNs = 100_000;
    const latesNs: number[] = [];
    for (let time = 1; time <= 60; time++) {
      const atNs = 1e9 + time * 5e6;
      await due(loop, atNs);
      latesNs.push(sockets.nowNs - atNs);
    }
    expect(latesNs[0]).toBeGreaterThan(35_000);
    // Late once in thirty sleeps, since it tries to end them later again.
    const late = latesNs.slice(20).filter((lateNs) => lateNs > 1000);
    expect(late.length).toBeLessThanOrEqual(3);
    expect(loop.earlyNs).toBeGreaterThan(90_000);
    expect(loop.earlyNs).toBeLessThan(120_000);
  });

  it('spins for little of the time where much is due', async () => {
    const { loop, sockets, end } = makeLoop();
    end();
    sockets.oversleepNs = 200_000;
    for (let time = 1; time <= 60; time++) await due(loop, 1e9 + time * 1e6);
    expect(loop.earlyNs).toBe(60_000);
  });

  it('handles what happens on a socket before the due time, without spinning meanwhile', async () => {
    const { loop, sockets, end } = makeLoop();
    const handledNs: number[] = [];
    for (const atNs of [1.005e9, 1.007e9]) {
      sockets.events.push({ atNs, handle: () => handledNs.push(sockets.nowNs) });
    }
    await due(loop, 1.01e9, end);
    expect(handledNs).toEqual([1.005e9, 1.007e9]);
    expect(sockets.waits).toHaveLength(3);
    expect(sockets.handlingNs).toHaveLength(2);
    expect(loop.spunNs).toBeLessThan(61_000);
  });

  it('lets messages gather before it looks at the sockets, but not beyond what is due', async () => {
    const { loop, sockets, end } = makeLoop();
    loop.gatherNs = () => 200_000;
    const handledNs: number[] = [];
    for (const atNs of [1.0001e9, 1.00015e9]) {
      sockets.events.push({ atNs, handle: () => handledNs.push(sockets.nowNs) });
    }
    await due(loop, 1.00032e9, end);
    const [first = 0, second = 0] = handledNs;
    expect([first, second]).toEqual([first, first]);
    expect(first).toBeGreaterThan(1.0002e9);
    expect(sockets.nowNs).toBeLessThan(1.00032e9 + 1000);
    expect(sockets.rests[0]).toBe(200_000);
    expect(sockets.rests[1]).toBeLessThan(60_000);
  });

  it('never wakes while nothing happens', async () => {
    const { loop, sockets, end } = makeLoop();
    end();
    await due(loop, 1e9 + 3600e9);
    expect(sockets.waits).toHaveLength(1);
    expect(loop.waitedNs).toBeCloseTo(3600e9, -6);
  });

  it('sleeps no longer than until the next timer of Node, and lets it run', async () => {
    const { loop, sockets, node, end } = makeLoop();
    const timeouts = [7, 5, -1];
    node.timeoutMs = () => timeouts.shift() ?? -1;
    await due(loop, 1.05e9, end);
    expect(sockets.waits.map(({ timeoutNs }) => Math.round(timeoutNs / 1e6))).toEqual([7, 5, 38]);
  });

  it('lets Node run at once when it has events, and when something is queued for its next turn', async () => {
    const { loop, sockets, end } = makeLoop();
    sockets.nodeAtNs = 1.004e9;
    let isOver = false;
    const over = due(loop, 1.01e9).then(() => {
      isOver = true;
    });
    const before = sockets.waits.length;
    // The loop began in the immediate before this one, and has given way.
    await nextImmediate();
    await nextImmediate();
    expect(isOver || sockets.waits.length > before).toBe(true);
    expect(sockets.waits[0]?.timeoutNs).toBeGreaterThan(9e6);
    await over;
    end();
    expect(sockets.waits.length).toBe(2);
  });

  it('only looks at the sockets while Node has something to do', async () => {
    const { loop, sockets, node, end } = makeLoop();
    let busyTurns = 5;
    node.timeoutMs = () => (busyTurns-- > 0 ? 0 : -1);
    await due(loop, 1.01e9, end);
    expect(sockets.waits.map(({ timeoutNs }) => timeoutNs > 0)).toEqual([...Array(5).fill(false), true]);
  });

  it('waits a millisecond at most where it cannot know what Node has to do', async () => {
    const { loop, sockets, end } = makeLoop({ hasNode: false });
    await due(loop, 1.01e9, end);
    expect(sockets.waits.length).toBeGreaterThanOrEqual(10);
    for (const { timeoutNs } of sockets.waits) expect(timeoutNs).toBeLessThanOrEqual(1e6);
  });

  it('runs what handlers have queued after each wake-up, before it sleeps again', async () => {
    const order: string[] = [];
    const { loop, sockets, end } = makeLoop({ runTicks: () => order.push('ticks') });
    sockets.events.push({ atNs: 1.002e9, handle: () => order.push('first') });
    sockets.events.push({ atNs: 1.003e9, handle: () => order.push('second') });
    await due(loop, 1.01e9, end);
    expect(order.slice(0, 4)).toEqual(['first', 'ticks', 'second', 'ticks']);
  });

  it('calls soon at the end of the turn of a handler, else once the sockets were looked at', async () => {
    const { loop, sockets, end } = makeLoop();
    const order: string[] = [];
    sockets.events.push({
      atNs: 1.002e9,
      handle: () => {
        loop.soon(() => order.push(`turn over after ${sockets.waits.length} waits`));
        order.push('handler');
      },
    });
    const called = new Promise<void>((resolve) => {
      loop.before(1.01e9, () => {
        const before = sockets.waits.length;
        loop.soon(() => {
          order.push(`soon after ${sockets.waits.length - before} look`);
          end();
          resolve();
        });
      });
    });
    await called;
    expect(order).toEqual(['handler', 'turn over after 1 waits', 'soon after 1 look']);
    expect(sockets.waits.at(-1)?.timeoutNs).toBe(0);
  });

  it('goes on after a handler that throws', async () => {
    const { loop, sockets, end } = makeLoop();
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
    const others = process.listeners('uncaughtException').slice(0, -1);
    for (const other of others) process.off('uncaughtException', other);
    sockets.events.push({
      atNs: 1.002e9,
      handle: () => {
        throw new Error('a bug');
      },
    });
    const over = due(loop, 1.01e9, end);
    expect(await thrown).toEqual(new Error('a bug'));
    for (const other of others) process.on('uncaughtException', other);
    await over;
  });

  it('ends when there is neither a socket nor anything due, and begins again', async () => {
    const { loop, sockets, end } = makeLoop();
    end();
    await due(loop, 1.001e9);
    await nextImmediate();
    const { length } = sockets.waits;
    for (let turn = 0; turn < 5; turn++) await nextImmediate();
    expect(sockets.waits).toHaveLength(length);
    await due(loop, 1.002e9);
    expect(sockets.waits.length).toBeGreaterThan(length);
  });

  it('looks at the sockets again and again for the last millisecond where sleeps are cut to milliseconds', async () => {
    const { loop, sockets, end } = makeLoop();
    sockets.isPrecise = false;
    const handled: number[] = [];
    sockets.events.push({ atNs: 1.0095e9, handle: () => handled.push(sockets.nowNs) });
    await due(loop, 1.01e9, end);
    expect(sockets.nowNs).toBeGreaterThanOrEqual(1.01e9);
    expect(sockets.nowNs).toBeLessThan(1.01e9 + 5000);
    expect(handled).toHaveLength(1);
    expect(handled[0]).toBeLessThan(1.0095e9 + 5000);
    expect(loop.problem).toContain('epoll_pwait2');
    expect(loop.spunNs).toBeGreaterThan(0.5e6);
    expect(loop.spunNs).toBeLessThan(1.1e6);
    for (const { timeoutNs } of sockets.waits) expect(timeoutNs % 1e6).toBe(0);
  });

  it('does not spin for the timers of Node where sleeps are cut to milliseconds', async () => {
    const { loop, sockets, node, end } = makeLoop();
    sockets.isPrecise = false;
    const timeouts = [7];
    node.timeoutMs = () => timeouts.shift() ?? -1;
    sockets.events.push({ atNs: 1.03e9, handle: end });
    loop.soon(() => {});
    while (sockets.events.length > 0) await nextImmediate();
    expect(sockets.waits.filter(({ timeoutNs }) => timeoutNs === 0)).toHaveLength(1);
    expect(loop.spunNs).toBe(0);
  });
});
