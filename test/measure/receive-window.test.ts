import { describe, expect, it } from 'vitest';
import type { ThreadTimes } from '../../src/measure/event-loop.ts';
import { ReceiveWindow } from '../../src/measure/receive-window.ts';
import { realTimers } from '../../src/measure/timers.ts';

const MS = 1e6;

/** An event loop that a test leads by hand through its turns. */
class HandLoop {
  readonly uncertaintiesNs: number[] = [];
  readonly latencies: Array<[latencyNs: number, stallNs: number]> = [];
  readonly window: ReceiveWindow;
  #nowNs = 0;
  #idleNs = 0;
  #times: ThreadTimes | null = { ranNs: 0, queuedNs: 0 };
  #soon: Array<() => void> = [];
  #onBeat: (lateNs: number, nowNs: number) => void = () => {};
  #beatDueNs = Number.POSITIVE_INFINITY;

  constructor({ hasTimes = true } = {}) {
    if (!hasTimes) this.#times = null;
    this.window = new ReceiveWindow({
      clock: { nowNs: () => this.#nowNs },
      timers: { ...realTimers, soon: (callback) => void this.#soon.push(callback) },
      loop: {
        idleNs: () => this.#idleNs,
        threadTimes: () => this.#times,
        overdueNs: (nowNs) => Math.max(0, nowNs - this.#beatDueNs),
        setOnBeat: (onBeat) => {
          this.#onBeat = onBeat;
        },
      },
      onReceived: (uncertaintyNs) => this.uncertaintiesNs.push(uncertaintyNs),
      onLatency: (latencyNs, stallNs) => this.latencies.push([latencyNs, stallNs]),
    });
  }

  #spend(ns: number, spent: 'ranNs' | 'queuedNs' | 'nothing'): this {
    this.#nowNs += ns;
    if (this.#times !== null && spent !== 'nothing') {
      this.#times = { ...this.#times, [spent]: this.#times[spent] + ns };
    }
    return this;
  }

  /** The loop waits for events. */
  wait(ns: number): this {
    this.#idleNs += ns;
    return this.#spend(ns, 'nothing');
  }

  /** It is woken, but something else has the CPU: that is part of the wait. */
  waitForCpu(ns: number): this {
    this.#idleNs += ns;
    return this.#spend(ns, 'queuedNs');
  }

  compute(ns: number): this {
    return this.#spend(ns, 'ranNs');
  }

  /** Another program takes the CPU while the loop computes. */
  preempt(ns: number): this {
    return this.#spend(ns, 'queuedNs');
  }

  /** The process is stopped while it computes. */
  stop(ns: number): this {
    return this.#spend(ns, 'nothing');
  }

  receive(latencyNs = 5 * MS): this {
    this.window.note(this.#nowNs);
    this.window.noteLatency(latencyNs);
    return this;
  }

  /** The poll phase ends: callbacks of setImmediate run. */
  endTurn(): this {
    for (const callback of this.#soon.splice(0)) callback();
    return this;
  }

  /** The next heartbeat is due so much later. */
  beatIn(ns: number): this {
    this.#beatDueNs = this.#nowNs + ns;
    return this;
  }

  beat(): this {
    this.#onBeat(Math.max(0, this.#nowNs - this.#beatDueNs), this.#nowNs);
    return this.beatIn(10 * MS);
  }

  get stallsNs(): number[] {
    return this.latencies.map(([, stallNs]) => stallNs);
  }
}

describe('the uncertainty of a receive time', () => {
  it('is 0 for a message for which the loop waited', () => {
    const loop = new HandLoop()
      .wait(20 * MS)
      .receive()
      .endTurn();
    expect(loop.uncertaintiesNs).toEqual([0]);
    expect(loop.stallsNs).toEqual([0]);
  });

  it('grows with each message that is handled before', () => {
    const loop = new HandLoop()
      .wait(20 * MS)
      .receive()
      .compute(1000)
      .receive()
      .compute(500)
      .receive()
      .endTurn();
    expect(loop.uncertaintiesNs).toEqual([0, 1000, 1500]);
    expect(loop.stallsNs).toEqual([0, 0, 0]);
  });

  it('begins when the loop read its sockets before, where a message lay there when it looked again', () => {
    const loop = new HandLoop()
      .wait(20 * MS)
      .receive()
      .compute(3 * MS)
      .endTurn();
    loop.compute(100).receive().compute(200).receive().endTurn();
    expect(loop.uncertaintiesNs).toEqual([0, 3 * MS + 100, 3 * MS + 300]);
    // Reading and handling messages is no stall.
    expect(loop.stallsNs).toEqual([0, 0, 0]);
  });

  it('excludes the handling of messages before a wait', () => {
    const loop = new HandLoop()
      .wait(MS)
      .receive()
      .compute(3 * MS)
      .endTurn()
      .wait(1)
      .receive()
      .endTurn();
    expect(loop.uncertaintiesNs).toEqual([0, 0]);
  });

  it('includes all other work since a look, in turns without messages too', () => {
    const loop = new HandLoop().wait(MS).receive().endTurn();
    loop
      .wait(5 * MS)
      .compute(200 * MS)
      .receive()
      .endTurn();
    expect(loop.uncertaintiesNs).toEqual([0, 200 * MS]);
    expect(loop.stallsNs).toEqual([0, 200 * MS]);
    loop.compute(MS).receive().endTurn();
    expect(loop.stallsNs.at(-1)).toBe(MS);
  });

  it('excludes work before the last look of a pacer that spins', () => {
    const loop = new HandLoop()
      .wait(MS)
      .receive()
      .endTurn()
      .wait(5 * MS)
      .compute(MS);
    loop.window.looked(6 * MS);
    loop.compute(1000).receive().endTurn();
    expect(loop.uncertaintiesNs.at(-1)).toBe(MS + 1000);
  });

  it('excludes work after which the loop waited, and includes it where it did not', () => {
    const loop = new HandLoop()
      .wait(MS)
      .receive()
      .endTurn()
      .wait(5 * MS)
      .compute(2 * MS);
    loop.window.worked();
    loop.wait(MS).receive().endTurn();
    expect(loop.uncertaintiesNs.at(-1)).toBe(0);
    loop.wait(5 * MS).compute(2 * MS);
    loop.window.worked();
    loop.receive().endTurn();
    expect(loop.uncertaintiesNs.at(-1)).toBe(2 * MS);
  });

  it('covers messages that are handled in microtasks and next ticks of the same turn', async () => {
    const loop = new HandLoop().wait(10).receive().compute(10);
    process.nextTick(() => loop.receive().compute(10));
    queueMicrotask(() => loop.receive());
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    loop.endTurn();
    expect(loop.uncertaintiesNs).toEqual([0, 10, 10]);
  });
});

describe('a stall', () => {
  it('is the time for which a woken process waited for its CPU', () => {
    const loop = new HandLoop()
      .wait(15 * MS)
      .waitForCpu(4 * MS)
      .receive()
      .endTurn();
    expect(loop.uncertaintiesNs).toEqual([4 * MS]);
    expect(loop.stallsNs).toEqual([4 * MS]);
  });

  it('is the time for which the CPU was taken away while messages were handled', () => {
    const loop = new HandLoop()
      .wait(MS)
      .receive()
      .preempt(3 * MS)
      .receive()
      .endTurn();
    expect(loop.uncertaintiesNs).toEqual([0, 3 * MS]);
    expect(loop.stallsNs).toEqual([3 * MS, 3 * MS]);
  });

  it('excludes a wait for the CPU before the look', () => {
    const loop = new HandLoop()
      .wait(MS)
      .receive()
      .preempt(3 * MS)
      .endTurn()
      .wait(MS)
      .receive()
      .endTurn();
    expect(loop.stallsNs).toEqual([3 * MS, 0]);
  });

  it('includes it for messages that arrived meanwhile', () => {
    const loop = new HandLoop()
      .wait(MS)
      .receive()
      .preempt(3 * MS)
      .endTurn()
      .receive()
      .endTurn();
    expect(loop.stallsNs).toEqual([3 * MS, 3 * MS]);
  });

  it('is seen where the process was stopped while it waited, by its heartbeat', () => {
    const loop = new HandLoop()
      .wait(MS)
      .receive()
      .endTurn()
      .beatIn(10 * MS);
    loop
      .wait(300 * MS)
      .receive()
      .endTurn();
    expect(loop.stallsNs).toEqual([0, 300 * MS]);
    expect(loop.uncertaintiesNs).toEqual([0, 300 * MS]);
  });

  it('is seen where the heartbeat ran before the messages were read', () => {
    const loop = new HandLoop()
      .wait(MS)
      .receive()
      .endTurn()
      .beatIn(10 * MS);
    loop
      .wait(300 * MS)
      .beat()
      .receive()
      .endTurn();
    expect(loop.stallsNs).toEqual([0, 300 * MS]);
    loop.wait(MS).receive().endTurn();
    expect(loop.stallsNs.at(-1)).toBe(0);
  });

  it('is seen where the process was stopped while it handled messages, for those that arrived meanwhile too', () => {
    const loop = new HandLoop()
      .wait(MS)
      .receive()
      .stop(300 * MS)
      .receive()
      .endTurn()
      .receive()
      .endTurn();
    expect(loop.stallsNs).toEqual([300 * MS, 300 * MS, 300 * MS]);
    expect(loop.uncertaintiesNs).toEqual([0, 300 * MS, 300 * MS]);
    loop.wait(MS).receive().endTurn();
    expect(loop.stallsNs.at(-1)).toBe(0);
  });

  it('is none where a heartbeat is late by less than timers are exact', () => {
    const loop = new HandLoop()
      .beatIn(10 * MS)
      .wait(11.5 * MS)
      .beat()
      .endTurn()
      .wait(MS)
      .receive()
      .endTurn();
    expect(loop.stallsNs).toEqual([0]);
  });

  it('is seen without figures of the thread, where the loop shows it', () => {
    const loop = new HandLoop({ hasTimes: false })
      .wait(MS)
      .receive()
      .endTurn()
      .beatIn(10 * MS);
    loop
      .wait(40 * MS)
      .receive()
      .stop(50 * MS)
      .endTurn();
    expect(loop.stallsNs).toEqual([0, 40 * MS]);
  });

  it('is part of no latency that is recorded outside of a turn with messages', () => {
    const loop = new HandLoop().wait(MS);
    loop.window.noteLatency(7);
    expect(loop.latencies).toEqual([[7, 0]]);
  });
});

it('a receive window counts all messages', () => {
  const loop = new HandLoop();
  expect(loop.window.total).toBe(0);
  loop.receive().receive().endTurn().receive();
  expect(loop.window.total).toBe(3);
});

it('says once a second that it is busy while one turn lasts', () => {
  const loop = new HandLoop();
  let reports = 0;
  loop.window.onLongTurn = () => {
    reports += 1;
  };
  loop.receive();
  for (let message = 0; message < 35; message++) loop.compute(100 * MS).receive();
  expect(reports).toBe(3);
  loop
    .endTurn()
    .compute(2000 * MS)
    .receive();
  expect(reports).toBe(3);
});

describe('a window that no message uses', () => {
  it('looks at the loop at every tenth beat, so that a message that comes then is bounded by that', () => {
    const loop = new HandLoop();
    const beatThen = (beats: number) => {
      for (let beat = 1; beat <= beats; beat++) {
        loop.compute(10 * MS).beat();
        loop.endTurn();
      }
      loop.compute(2 * MS).receive();
      loop.endTurn();
    };
    beatThen(45);
    expect(loop.uncertaintiesNs).toEqual([52 * MS]);
    beatThen(1);
    expect(loop.uncertaintiesNs).toEqual([52 * MS, 2 * MS]);
  });
});
