import { describe, expect, it } from 'vitest';
import { Arena } from '../../../src/wire/sockets/kernel/arena.ts';
import { KernelClock } from '../../../src/wire/sockets/kernel/kernel-clock.ts';
import { FakeMemory } from './fake-libc.ts';

/** The run's clock and the wall clock. Reading a clock takes no time unless a test says so. */
function makeClocks() {
  const memory = new FakeMemory();
  const state = { runNs: 5e9, wallAheadNs: 1_764_000_000e9, takesNs: [] as number[], readings: 0 };
  const clock = { nowNs: () => state.runNs };
  const libc = {
    clock_gettime: (_: number, address: number) => {
      state.readings += 1;
      const wallNs = BigInt(state.wallAheadNs) + BigInt(state.runNs);
      memory.at(address).setBigInt64(0, wallNs / 10n ** 9n, true);
      memory.at(address).setBigInt64(8, wallNs % 10n ** 9n, true);
      // What takes the CPU comes between the reading of this clock and the next.
      state.runNs += state.takesNs.shift() ?? 0;
      return 0;
    },
  };
  const kernel = new KernelClock(libc, new Arena(memory), clock);
  /** The run's time of a receive time that the wall clock read at this time of the run. */
  const timeAt = (runNs: number, aheadNs = state.wallAheadNs) => {
    const wallNs = BigInt(aheadNs) + BigInt(runNs);
    return kernel.timeOf(Number(wallNs / 10n ** 9n), Number(wallNs % 10n ** 9n));
  };
  return { state, kernel, timeAt };
}

describe('the clock of receive times', () => {
  it('turns a time of the wall clock into one of the run, to the nanosecond', () => {
    const { state, kernel, timeAt } = makeClocks();
    state.runNs = 7_123_456_789;
    kernel.read();
    for (const runNs of [7_123_456_789, 7_123_456_788, 6_999_999_999, 5_000_000_001]) {
      expect(timeAt(runNs)).toBe(runNs);
    }
    expect(kernel.lookedNs).toBe(7_123_456_789);
  });

  it('reads both clocks again when something took the CPU in between, and takes the closest reading', () => {
    const { state, kernel, timeAt } = makeClocks();
    state.readings = 0;
    state.takesNs = [3e6, 40_000];
    state.runNs = 8e9;
    kernel.read();
    expect(state.readings).toBe(3);
    expect(timeAt(7.5e9)).toBe(7.5e9);
    expect(kernel.lookedNs).toBe(8e9);
  });

  it('gives up after three readings, so that a busy machine is no endless loop', () => {
    const { state, kernel, timeAt } = makeClocks();
    state.readings = 0;
    state.takesNs = [3e6, 40_000, 1e6, 1e6];
    kernel.read();
    expect(state.readings).toBe(3);
    // The closest took 40 us: the error is at most half of it.
    expect(Math.abs(timeAt(4e9) - 4e9)).toBeLessThanOrEqual(20_000);
  });

  it('is right again at the first reading after a step of the wall clock', () => {
    const { state, kernel, timeAt } = makeClocks();
    state.wallAheadNs -= 3600e9;
    state.runNs = 6e9;
    kernel.read();
    expect(timeAt(5.9e9)).toBe(5.9e9);
    state.wallAheadNs += 7200e9;
    state.runNs = 6.1e9;
    kernel.read();
    expect(timeAt(6.05e9)).toBe(6.05e9);
  });

  it('takes a time that lies ahead for now, and one after the reading as it is', () => {
    const { state, kernel, timeAt } = makeClocks();
    kernel.read();
    state.runNs += 1e6;
    expect(timeAt(5.0005e9)).toBe(5.0005e9);
    expect(timeAt(9e9)).toBe(5.001e9);
  });
});
