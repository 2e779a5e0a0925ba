import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PacedArrival, Pacer } from '../../src/generator/pacer.ts';
import { NodeWaits, nextWait } from '../../src/generator/pacer-waits.ts';

/** A clock that stands still but for waiting, and timers that move it. */
class FakeTime {
  ns = 0;
  /** What the pacer asked for, in order. */
  readonly waits: Array<'yield' | number> = [];
  /** How much longer than asked a sleep takes, and how long a yield takes. */
  overshootNs: () => number = () => 0;
  yieldNs: () => number = () => 1_000;
  #pending: (() => void) | null = null;

  readonly clock = { nowNs: () => this.ns };
  readonly timers = {
    after: (durationMs: number, then: () => void) => {
      this.waits.push(durationMs);
      this.#pending = () => {
        this.ns += durationMs * 1e6 + this.overshootNs();
        then();
      };
      return () => {};
    },
    soon: (then: () => void) => {
      this.waits.push('yield');
      this.#pending = () => {
        this.ns += this.yieldNs();
        then();
      };
    },
  };

  /** Lets one wait pass; false when nothing waits. */
  step(): boolean {
    const pending = this.#pending;
    this.#pending = null;
    pending?.();
    return pending !== null;
  }

  runAll(): void {
    while (this.step());
  }
}

interface Call {
  readonly index: number;
  readonly intendedNs: number;
  readonly atNs: number;
}

/** All arrivals of a schedule, numbered. */
function* arrivalsAt(offsetsNs: Iterable<number>): Generator<PacedArrival, void> {
  let index = 0;
  for (const offsetNs of offsetsNs) yield { index: index++, offsetNs };
}

function nodeWaits({ clock, timers }: FakeTime, workDone = () => 0): NodeWaits {
  return new NodeWaits({ clock, timers, workDone, onLooked: () => {}, chores: { run: () => {} } });
}

function pace(arrivalsNs: readonly number[], startNs = 0) {
  const time = new FakeTime();
  const calls: Call[] = [];
  const state = { workDone: 0, onCall: (_: Call) => {} };
  const waits = nodeWaits(time, () => state.workDone);
  const pacer = new Pacer({
    clock: time.clock,
    wait: waits.create(),
    arrivals: arrivalsAt(arrivalsNs),
    startNs,
    onDue: (index, intendedNs) => {
      const call = { index, intendedNs, atNs: time.ns };
      calls.push(call);
      state.onCall(call);
    },
  });
  return { pacer, waits, time, calls, state };
}

/** Whether a promise has resolved by now. */
async function isResolved(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol();
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe('nextWait', () => {
  it.each<[number, ReturnType<typeof nextWait>]>([
    [1, 'yield'],
    [1e6, 'yield'],
    [2.199e6, 'yield'],
    [2.2e6, { sleepMs: 1 }],
    [3.199e6, { sleepMs: 1 }],
    [10e6, { sleepMs: 8 }],
    [101.2e6, { sleepMs: 100 }],
    [3600e9, { sleepMs: 100 }],
  ])('when the next message is due in %d ns: %j', (untilDueNs, expected) => {
    expect(nextWait(untilDueNs)).toEqual(expected);
  });

  it('never sleeps to within a millisecond of the due time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e12 }), (untilDueNs) => {
        const wait = nextWait(untilDueNs);
        if (wait === 'yield') expect(untilDueNs).toBeLessThan(2.2e6);
        else expect((wait as { sleepMs: number }).sleepMs * 1e6).toBeLessThanOrEqual(untilDueNs - 1.2e6);
      }),
    );
  });
});

describe('a pacer', () => {
  it('sleeps to about a millisecond before each message and then yields until it is due', () => {
    const { pacer, time, calls } = pace([10e6, 25e6]);
    time.yieldNs = () => 500_000;
    void pacer.run();
    time.runAll();
    expect(time.waits).toEqual([8, ...Array(4).fill('yield'), 13, ...Array(4).fill('yield')]);
    expect(calls).toEqual([
      { index: 0, intendedNs: 10e6, atNs: 10e6 },
      { index: 1, intendedNs: 25e6, atNs: 25e6 },
    ]);
  });

  it('counts from its start', () => {
    const { pacer, time, calls } = pace([0, 1e6], 7e9);
    time.ns = 7e9 - 1e6;
    void pacer.run();
    time.runAll();
    expect(calls.map(({ intendedNs }) => intendedNs)).toEqual([7e9, 7e9 + 1e6]);
  });

  it('calls every message once, in order, with its own time and never before it, however late it wakes', () => {
    const gaps = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 5_000 }), fc.nat({ max: 50_000_000 })), {
      maxLength: 40,
    });
    // A finite supply of wait lengths, taken in turn.
    const lateness = fc.array(fc.nat({ max: 20_000_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(gaps, lateness, fc.nat({ max: 1e9 }), (gapsNs, latenessNs, startNs) => {
        let sumNs = 0;
        const arrivals = gapsNs.map((gapNs) => {
          sumNs += gapNs;
          return sumNs;
        });
        const { pacer, time, calls } = pace(arrivals, startNs);
        let turn = 0;
        const next = () => latenessNs[turn++ % latenessNs.length] ?? 0;
        time.overshootNs = next;
        time.yieldNs = () => 1 + next();
        void pacer.run();
        time.runAll();
        expect(calls.map(({ index, intendedNs }) => [index, intendedNs])).toEqual(
          arrivals.map((arrivalNs, index) => [index, startNs + arrivalNs]),
        );
        for (const { atNs, intendedNs } of calls) expect(atNs).toBeGreaterThanOrEqual(intendedNs);
      }),
    );
  });

  it('sends everything that fell due in a stall at once, each with its own time', () => {
    const { pacer, time, calls } = pace([0, 10e6, 20e6, 30e6, 50e6]);
    void pacer.run();
    time.overshootNs = () => 25e6;
    time.step();
    // It slept 8 ms and woke at 33 ms.
    expect(calls.slice(1)).toEqual([
      { index: 1, intendedNs: 10e6, atNs: 33e6 },
      { index: 2, intendedNs: 20e6, atNs: 33e6 },
      { index: 3, intendedNs: 30e6, atNs: 33e6 },
    ]);
  });

  it('sends what falls due while it sends', () => {
    const { pacer, time, calls, state } = pace([0, 1e6, 2e6, 9e6]);
    state.onCall = () => {
      time.ns += 1e6;
    };
    void pacer.run();
    expect(calls.map(({ atNs }) => atNs)).toEqual([0, 1e6, 2e6]);
    expect(time.waits).toEqual([4]);
  });

  it('is finished after the last message', async () => {
    const { pacer, time } = pace([1e6]);
    const finished = pacer.run();
    expect(await isResolved(finished)).toBe(false);
    time.runAll();
    expect(await isResolved(finished)).toBe(true);
    expect(time.ns).toBe(1e6);
  });

  it('is finished at once when there is nothing to send', async () => {
    const { pacer, time } = pace([]);
    expect(await isResolved(pacer.run())).toBe(true);
    expect(time.waits).toEqual([]);
  });

  it('calls nothing that is intended at or after its end', async () => {
    const { pacer, time, calls } = pace([0, 10e6, 20e6, 30e6]);
    const finished = pacer.run();
    pacer.endAt(20e6);
    time.runAll();
    expect(calls.map(({ intendedNs }) => intendedNs)).toEqual([0, 10e6]);
    expect(await isResolved(finished)).toBe(true);
  });

  it('still calls what was intended before its end when it wakes after it', () => {
    const { pacer, time, calls } = pace([0, 10e6, 20e6]);
    void pacer.run();
    pacer.endAt(15e6);
    time.overshootNs = () => 100e6;
    time.runAll();
    expect(calls.map(({ intendedNs }) => intendedNs)).toEqual([0, 10e6]);
  });

  it('ends within 100 ms when it is ended while it waits for a message an hour away', async () => {
    const { pacer, time, calls } = pace([0, 3600e9]);
    const finished = pacer.run();
    for (let wakes = 0; wakes < 5; wakes++) time.step();
    const endedNs = time.ns;
    pacer.endAt(endedNs);
    time.runAll();
    expect(await isResolved(finished)).toBe(true);
    expect(time.ns - endedNs).toBeLessThanOrEqual(100e6);
    expect(calls).toHaveLength(1);
  });

  it('counts as waiting the yields in which nothing else was done, and neither sleeps nor other yields', () => {
    const { pacer, waits, time, state } = pace([10e6]);
    time.yieldNs = () => 500_000;
    void pacer.run();
    expect(waits.spunNs).toBe(0);
    time.step();
    expect(waits.spunNs).toBe(0);
    time.step();
    expect(waits.spunNs).toBe(500_000);
    state.workDone += 1;
    time.step();
    expect(waits.spunNs).toBe(500_000);
    time.runAll();
    expect(waits.spunNs).toBe(1_500_000);
  });

  it('takes arrivals from an endless schedule one by one', () => {
    const { time } = pace([]);
    const calls: number[] = [];
    function* everyMs(): Generator<number, void> {
      for (let timeNs = 0; ; timeNs += 1e6) yield timeNs;
    }
    const pacer = new Pacer({
      clock: time.clock,
      wait: nodeWaits(time).create(),
      arrivals: arrivalsAt(everyMs()),
      startNs: 0,
      onDue: (_, intendedNs) => calls.push(intendedNs),
    });
    void pacer.run();
    pacer.endAt(5e6);
    time.runAll();
    expect(calls).toEqual([0, 1e6, 2e6, 3e6, 4e6]);
  });
});

describe('a pacer that is far behind', () => {
  it('begins an arrival early where its wait says so, and not before that', () => {
    let nowNs = 0;
    const begunNs: number[] = [];
    let wake = () => {};
    const pacer = new Pacer({
      clock: { nowNs: () => nowNs },
      wait: {
        earlyNs: 50,
        until: (_, onWake) => {
          wake = onWake;
        },
        soon: () => {},
      },
      arrivals: [{ index: 0, offsetNs: 1000 }].values(),
      startNs: 0,
      onDue: () => begunNs.push(nowNs),
    });
    void pacer.run();
    for (nowNs = 900; nowNs < 1000; nowNs += 10) wake();
    expect(begunNs).toEqual([950]);
  });

  it('yields every few milliseconds, so that the loop can receive messages and the command to stop', () => {
    let nowNs = 0;
    let yields = 0;
    let sent = 0;
    const pacer = new Pacer({
      clock: { nowNs: () => nowNs },
      wait: {
        earlyNs: 0,
        until: () => {
          throw new Error('nothing to wait for');
        },
        soon: (then) => {
          yields += 1;
          if (yields === 3) pacer.endAt(nowNs);
          then();
        },
      },
      arrivals: arrivalsAt(Array.from({ length: 100_000 }, (_, i) => i * 1000)),
      startNs: 0,
      // A message costs more than the time between two.
      onDue: () => {
        sent += 1;
        nowNs += 1500;
      },
    });
    void pacer.run();
    expect(yields).toBeGreaterThanOrEqual(3);
    // What was due before the end, of the 100,000 there are.
    expect(sent).toBeLessThan(20_000);
  });
});
