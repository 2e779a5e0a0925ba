import { EXIT, fail } from '../errors.ts';
import type { Clock } from '../measure/clock.ts';
import type { Timers } from '../measure/timers.ts';
import type { Finding, FindingCode } from '../result/findings.ts';
import type { RunPhase } from '../result/progress.ts';
import type { RunResult } from '../result/run-result.ts';
import { HeldTime } from './held-time.ts';

const TIMING_OF: Readonly<Record<RunPhase, keyof RunResult['timing']>> = {
  start: 'startMs',
  connect: 'connectMs',
  rendezvous: 'connectMs',
  'warm-up': 'warmupMs',
  measure: 'measureMs',
  drain: 'drainMs',
  collect: 'collectMs',
};

/** How a wait ended. */
type WaitEnd = 'done' | 'aborted' | 'timeout';

/** Keeps where a run is, how long each phase took, and why the run was aborted. Every wait of a run goes through it. */
export class RunControl {
  readonly timing = { startMs: 0, connectMs: 0, warmupMs: 0, measureMs: 0, drainMs: 0, collectMs: 0 };
  /** Empty unless the run was aborted. */
  readonly abortReasons: Finding[] = [];
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #held: HeldTime;
  readonly #abort = new AbortController();
  /** Settled once no wait goes on: the run was aborted or is over. */
  readonly #ended = Promise.withResolvers<WaitEnd>();
  readonly #onUserAbort = () => this.abort('interrupted', 'stopped by the user');
  readonly #userSignal: AbortSignal;
  phase: RunPhase = 'start';
  #phaseStartedNs: number;
  #heldBeforeMs = 0;

  constructor(clock: Clock, timers: Timers, userSignal: AbortSignal) {
    this.#clock = clock;
    this.#timers = timers;
    this.#held = new HeldTime(clock, timers);
    this.#phaseStartedNs = clock.nowNs();
    this.#userSignal = userSignal;
    if (userSignal.aborted) this.#onUserAbort();
    userSignal.addEventListener('abort', this.#onUserAbort, { once: true });
  }

  /** Time since the start of the phase. */
  get elapsedMs(): number {
    return (this.#clock.nowNs() - this.#phaseStartedNs) / 1e6;
  }

  /** {@link elapsedMs} without the time in which this process was held up. */
  get attendedMs(): number {
    return this.elapsedMs - (this.#held.totalMs - this.#heldBeforeMs);
  }

  /** Aborted when the run is. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isAborted(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Carries out a phase and records its length. */
  async timed<Value>(phase: RunPhase, work: () => Promise<Value>): Promise<Value> {
    this.phase = phase;
    this.#phaseStartedNs = this.#clock.nowNs();
    this.#heldBeforeMs = this.#held.totalMs;
    const value = await work();
    this.timing[TIMING_OF[phase]] += this.elapsedMs;
    return value;
  }

  /** Ends every wait. A stop by the user changes nothing once the run is draining or collecting. */
  abort(code: FindingCode, message: string): void {
    const isEnding = this.phase === 'drain' || this.phase === 'collect';
    if (code === 'interrupted' && isEnding) return;
    this.abortReasons.push({ code, message });
    this.#abort.abort();
    this.#ended.resolve('aborted');
  }

  /** Throws when the run was aborted: a run that has measured nothing has no result. */
  requireNotAborted(): void {
    const [cause] = this.abortReasons;
    if (cause === undefined) return;
    fail(cause.code.toUpperCase(), `nothing was measured: ${cause.message}`, '', EXIT.invalid);
  }

  /**
   * Waits for some work, but no longer than `timeoutMs`, and not after the run was aborted. Time in which this process
   * was held up does not count.
   */
  until(work: Promise<unknown>, timeoutMs: number): Promise<WaitEnd> {
    return this.#race([work.then(() => 'done'), this.#ended.promise], timeoutMs);
  }

  /** Waits for some work, but no longer than `timeoutMs`, whether the run was aborted or not. */
  within(work: Promise<unknown>, timeoutMs: number): Promise<WaitEnd> {
    return this.#race([work.then(() => 'done')], timeoutMs);
  }

  async #race(ends: ReadonlyArray<Promise<WaitEnd>>, timeoutMs: number): Promise<WaitEnd> {
    const timeout = Promise.withResolvers<WaitEnd>();
    const startNs = this.#clock.nowNs();
    const heldMs = this.#held.totalMs;
    let cancel = () => {};
    const wait = (leftMs: number) => {
      cancel = this.#timers.after(Math.max(0, leftMs), () => {
        const heldInMs = this.#held.totalMs - heldMs;
        const waitsMs = timeoutMs + heldInMs - (this.#clock.nowNs() - startNs) / 1e6;
        if (heldInMs > 0 && waitsMs > 0) wait(waitsMs);
        else timeout.resolve('timeout');
      });
    };
    wait(timeoutMs);
    try {
      return await Promise.race([...ends, timeout.promise]);
    } finally {
      cancel();
    }
  }

  /** Waits, but not after the run was aborted. */
  async pause(durationMs: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const cancel = this.#timers.after(Math.max(0, durationMs), over.resolve);
    await Promise.race([over.promise, this.#ended.promise]);
    cancel();
  }

  /** Ends waits that go on after the run: their timers would keep the process alive. */
  close(): void {
    this.#ended.resolve('aborted');
    this.#held.close();
    this.#userSignal.removeEventListener('abort', this.#onUserAbort);
  }
}
