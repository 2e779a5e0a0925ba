import type { Clock } from '../../../measure/clock.ts';
import type { ByteStream, StreamAddress, StreamHandlers } from '../stream.ts';
import { DueTimes } from './due-times.ts';
import { KernelSockets } from './kernel-sockets.ts';
import { SET_TIMER_SLACK } from './layout.ts';
import { loadNative } from './libc.ts';
import { type NodeLoop, nodeLoopOf } from './node-loop.ts';
import type { SocketCounts } from './socket-counter.ts';

/** What is cut off a sleep where sleeps are cut to whole milliseconds. The sockets are looked at meanwhile. */
const COARSE_NS = 1e6;
/** Node's loop is served after this time, even if it reports nothing. */
const MAX_SLICE_NS = 4e6;
/** How long a wait may last where Node's events cannot end it. */
const BLIND_WAIT_NS = 1e6;
const LONGEST_MS = 2 ** 31 - 1;

/** What the loop waits for: sockets and the events of Node.js. */
export type LoopSockets = Pick<
  KernelSockets,
  | 'open'
  | 'rest'
  | 'wait'
  | 'handle'
  | 'lookedNs'
  | 'isNodeReady'
  | 'isPrecise'
  | 'bytes'
  | 'counter'
  | 'count'
  | 'onFirst'
>;

export interface KernelLoopOptions {
  readonly clock: Clock;
  readonly sockets: LoopSockets;
  /** Null where it is unknown when Node has something to do. */
  readonly node: NodeLoop | null;
  /** Runs what `process.nextTick` and promises have queued; null leaves it to Node's loop. */
  readonly runTicks: (() => void) | null;
}

/**
 * One wait for the kernel's sockets, for times at which something is due, and for Node's own events. Node's loop runs
 * whenever it has something to do, and sleeps in this wait otherwise. It runs alone while there is neither a socket nor
 * anything due.
 */
export class KernelLoop {
  /** How long it has slept: the loop was idle. */
  waitedNs = 0;
  /** How long it has spun to reach a due time exactly. */
  spunNs = 0;
  #hasSlept = false;
  /** For how long messages may gather in the kernel before the next wake-up handles them all. */
  gatherNs: () => number = () => 0;
  readonly #clock: Clock;
  readonly #sockets: LoopSockets;
  readonly #node: NodeLoop | null;
  readonly #runTicks: (() => void) | null;
  readonly #due = new DueTimes();
  #soon: Array<() => void> = [];
  /** A timer that keeps libuv waiting while the loop runs. Null while it does not. */
  #keepAlive: NodeJS.Timeout | null = null;

  constructor({ clock, sockets, node, runTicks }: KernelLoopOptions) {
    this.#clock = clock;
    this.#sockets = sockets;
    this.#node = node;
    this.#runTicks = runTicks;
    sockets.onFirst = () => this.#start();
  }

  /** What this system lacks for an exact wait; null where it lacks nothing. */
  get problem(): string | null {
    return this.#sockets.isPrecise ? null : 'epoll_pwait2 is missing or forbidden: pacing needs more CPU';
  }

  /** Opens a connection, as {@link file://./../stream.ts} describes. */
  open(address: StreamAddress, handlers: StreamHandlers): ByteStream {
    return this.#sockets.open(address, handlers);
  }

  /** How many bytes all connections have sent and received. */
  get bytes(): { readonly sent: number; readonly received: number } {
    return this.#sockets.bytes;
  }

  /** Returns how far this process was behind since the last call. */
  takeCounts(): SocketCounts {
    return this.#sockets.counter.take();
  }

  /** How long before a time {@link before} calls back. */
  get earlyNs(): number {
    return this.#due.earlyNs;
  }

  /** Calls back once, a little before a time of the run's clock: {@link spin} waits for the rest. */
  before(dueNs: number, callback: () => void): void {
    this.#due.add(dueNs, callback);
    this.#start();
  }

  /** Waits to the microsecond for a time that is at most {@link earlyNs} ahead. Returns the time that it is then. */
  spin(dueNs: number): number {
    const fromNs = this.#clock.nowNs();
    if (this.#hasSlept) this.#due.learn(fromNs, fromNs > dueNs);
    this.#hasSlept = false;
    let nowNs = fromNs;
    while (nowNs < dueNs) nowNs = this.#clock.nowNs();
    // What is later than due was taken from this process.
    this.spunNs += Math.max(0, dueNs - fromNs);
    return nowNs;
  }

  /** Calls back once what the sockets have at hand is handled; within a handler that is at the end of this turn. */
  soon(callback: () => void): void {
    this.#soon.push(callback);
    this.#start();
  }

  #start(): void {
    if (this.#keepAlive !== null) return;
    // Without a timer or handle, libuv does not wait at all.
    this.#keepAlive = setInterval(() => {}, LONGEST_MS);
    setImmediate(this.#run);
  }

  get #hasWork(): boolean {
    return this.#sockets.count > 0 || this.#due.length > 0 || this.#soon.length > 0;
  }

  readonly #run = (): void => {
    const next = setImmediate(this.#run);
    // It must not count as something that Node has to do at once.
    next.unref();
    try {
      this.#serve();
    } finally {
      if (this.#hasWork) {
        next.ref();
      } else {
        clearImmediate(next);
        if (this.#keepAlive !== null) clearInterval(this.#keepAlive);
        this.#keepAlive = null;
      }
    }
  };

  /** Waits and handles, until Node's loop has to run. */
  #serve(): void {
    const startedNs = this.#clock.nowNs();
    let nowNs = startedNs;
    for (;;) {
      const timeoutMs = this.#node?.timeoutMs() ?? BLIND_WAIT_NS / 1e6;
      // Node counts from the time at which its loop last looked at the clock.
      const nodeDueNs = timeoutMs < 0 ? Number.POSITIVE_INFINITY : startedNs + timeoutMs * 1e6;
      const hasHandled = this.#turn(nowNs, timeoutMs === 0 ? 0 : nodeDueNs);
      nowNs = this.#clock.nowNs();
      if (this.#node === null || timeoutMs === 0 || this.#sockets.isNodeReady || !this.#hasWork) return;
      if (nowNs >= nodeDueNs || nowNs - startedNs >= MAX_SLICE_NS) return;
      if (!hasHandled) continue;
      if (this.#runTicks === null) return;
      this.#runTicks();
    }
  }

  /** Waits once, and handles what has happened and what is due. Returns whether anything was called. */
  #turn(nowNs: number, nodeDueNs: number): boolean {
    const sockets = this.#sockets;
    const sleepNs = this.#soon.length > 0 ? 0 : this.#sleepNs(nowNs, nodeDueNs);
    const events = sockets.wait(sleepNs - this.#restedNs(nowNs, sleepNs));
    const { lookedNs } = sockets;
    this.#hasSlept = sleepNs > 0;
    if (sleepNs > 0) this.waitedNs += lookedNs - nowNs;
    else if (events === 0 && this.#isSpinning(nowNs, nodeDueNs)) this.spunNs += lookedNs - nowNs;
    sockets.handle(events);
    const hasCalledSoon = this.#callSoon();
    const handledNs = this.#clock.nowNs();
    if (events > 0) sockets.counter.afterHandling(handledNs - lookedNs);
    const hasCalledDue = this.#due.call(handledNs);
    return events > 0 || hasCalledSoon || hasCalledDue;
  }

  /** Lets messages gather, for a part of a sleep. Returns how much of it is over then. */
  #restedNs(nowNs: number, sleepNs: number): number {
    const restNs = sleepNs > 0 ? Math.min(this.gatherNs(), sleepNs) : 0;
    if (restNs === 0) return 0;
    this.#sockets.rest(restNs);
    return Math.min(sleepNs, this.#clock.nowNs() - nowNs);
  }

  #callSoon(): boolean {
    const soon = this.#soon;
    if (soon.length === 0) return false;
    this.#soon = [];
    for (const callback of soon) callback();
    return true;
  }

  /** How long to sleep; 0 to look only. */
  #sleepNs(nowNs: number, nodeDueNs: number): number {
    const [nodeNs, dueNs] = [nodeDueNs - nowNs, this.#due.nextNs - nowNs];
    // Timers of Node.js may be late by a millisecond, and what is due here may not.
    const sleepNs = this.#sockets.isPrecise
      ? Math.min(nodeNs, dueNs - this.#due.earlyNs)
      : Math.min(Math.ceil(nodeNs / 1e6), Math.floor(dueNs / 1e6)) * 1e6;
    return Math.min(Math.max(0, sleepNs), LONGEST_MS * 1e6);
  }

  /** Whether a look at the sockets only passes the time until something is due. */
  #isSpinning(nowNs: number, nodeDueNs: number): boolean {
    return (
      this.#soon.length === 0 && nodeDueNs > nowNs && this.#due.nextNs - nowNs < COARSE_NS + this.#due.earlyNs
    );
  }
}

/**
 * Opens the kernel's sockets and their loop for this process. Throws an Error that says why it cannot have them: another
 * system, no koffi, or a call that is forbidden.
 */
export function openKernelLoop(clock: Clock): KernelLoop {
  const { libc, library } = loadNative();
  const node = nodeLoopOf(library);
  const sockets = new KernelSockets(clock, libc, node);
  // Sleeps of this thread end on the nanosecond and not up to 50 us later.
  libc.prctl(SET_TIMER_SLACK, 1);
  return new KernelLoop({ clock, sockets, node, runTicks: tickRunner() });
}

/** Node.js runs this between two immediates. It is no documented function, so that it may be missing. */
function tickRunner(): (() => void) | null {
  const { _tickCallback: runTicks } = process as { readonly _tickCallback?: unknown };
  return typeof runTicks === 'function' ? () => void runTicks() : null;
}
