import { readlinkSync } from 'node:fs';
import { setTimeout as referencedSleep } from 'node:timers/promises';
import { BroadcastChannel, threadId } from 'node:worker_threads';
import type { Connection } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { ClientLives } from '../generator/client-life.ts';
import { loadTarget } from '../generator/target.ts';
import { quietNs } from '../measure/fanout.ts';
import type { SparseCounts } from '../measure/histogram.ts';
import type { Recorded } from '../measure/recorder.ts';
import type { ArtilleryEvents } from './artillery-facts.ts';
import { type ControlMessage, channelName, HANDOVER, type ReportMessage } from './channel.ts';
import { type ArtilleryScript, planScript } from './settings.ts';
import { SharedSchedules } from './shared-schedules.ts';
import { ThreadRun } from './thread.ts';
import { threadHost, threadParts } from './thread-parts.ts';

/** Artillery's own histograms get at most so many values of a series in a report, at evenly spaced quantiles. */
const MAX_SHOWN = 500;

/** Artillery ends without its threads when one of them does not end. */
const TAKEN_WITHIN_MS = 5000;

interface ReadyThread {
  readonly thread: ThreadRun;
  readonly schedules: SharedSchedules;
  readonly connect: (client: number) => Promise<Connection>;
}

/** A worker thread of Artillery, from when its plugin is loaded. */
export class WorkerThread {
  /** Rejects when the target cannot be loaded. */
  readonly ready: Promise<ReadyThread>;
  readonly #control: BroadcastChannel;
  readonly #report: BroadcastChannel;
  #events: ArtilleryEvents | null = null;
  #thread: ThreadRun | null = null;
  readonly #taken = Promise.withResolvers<void>();

  constructor(script: ArtilleryScript, originNs: bigint) {
    this.#control = new BroadcastChannel(channelName(originNs));
    this.#report = new BroadcastChannel(channelName(originNs, threadId));
    const welcomed = Promise.withResolvers<number>();
    this.#control.onmessage = (event) => {
      const message = (event as { data: ControlMessage }).data;
      if (message.type === 'welcome' && message.thread === threadId) welcomed.resolve(message.index);
      else if (message.type === 'taken' && message.thread === threadId) this.#taken.resolve();
      else this.#thread?.handle(message);
    };
    this.#control.unref();
    this.#report.unref();
    this.#post({ type: 'hello', thread: threadId, tid: ownTid() });
    this.ready = welcomed.promise.then((index) => this.#start(script, originNs, index));
    this.ready.catch(() => {});
  }

  #post(message: ControlMessage): void {
    this.#control.postMessage(message);
  }

  async #start(script: ArtilleryScript, originNs: bigint, index: number): Promise<ReadyThread> {
    const { plan } = await planScript(script);
    const target = await loadTarget(plan);
    const driver = drivers.find(
      ({ name, protocol }) => name === plan.driver && protocol === plan.target.protocol,
    );
    if (driver === undefined)
      throw new Error(`there is no driver ${plan.driver} for ${plan.target.protocol}`);
    await driver.load?.();
    const parts = threadParts(
      plan,
      target,
      Number(BigInt.asUintN(32, originNs)),
      threadHost(originNs, index === 0),
    );
    const thread = new ThreadRun(parts, threadId, {
      control: (message) => this.#post(message),
      report: (message: ReportMessage) => this.#report.postMessage(message),
      onReport: (recorded, delivered, sent) => this.#show(recorded, delivered, sent),
    });
    thread.rehearse();
    this.#thread = thread;
    const url = plan.target.url ?? '';
    const { timers, failed } = parts;
    const lives = new ClientLives({ target, plan, timers, failed, notLeft: failed });
    const connect = async (client: number) => {
      const options = await lives.optionsOf(client, url);
      const life = lives.begin(client);
      const connection = await driver.connect({
        ...options,
        onReady: (ready) => void life.attach(ready),
        onPolled: parts.traffic.notePoll,
        onUpgraded: () => {},
        forgetAfterMs: quietNs(plan.drainMs) / 1e6,
      });
      return life.begin(connection);
    };
    return { thread, schedules: new SharedSchedules(thread), connect };
  }

  /** Sends what is reported to Artillery's own metrics too. */
  reportTo(events: ArtilleryEvents): void {
    this.#events = events;
  }

  #show({ series }: Recorded, delivered: number, sent: number): void {
    if (this.#events === null) return;
    if (sent > 0) this.#events.emit('counter', 'sockbench.sent', sent);
    if (delivered > 0) this.#events.emit('counter', 'sockbench.delivered', delivered);
    for (const name of ['delivery', 'ack'] as const) {
      const sparse = series[name];
      if (sparse === undefined) continue;
      for (const valueNs of sampledValues(sparse, MAX_SHOWN)) {
        this.#events.emit('histogram', `sockbench.${name}`, valueNs / 1e6);
      }
    }
  }

  /** Reports the rest. Artillery ends the thread afterwards, which cuts off what is on its way. */
  async finish(): Promise<void> {
    if (this.#thread === null) return;
    this.#thread.finish();
    await Promise.race([this.#taken.promise, referencedSleep(TAKEN_WITHIN_MS)]);
  }
}

/** All recorded values, or as many as `most` of them at evenly spaced ranks, ascending. */
export function* sampledValues({ valuesNs, counts }: SparseCounts, most: number): Generator<number, void> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const taken = Math.min(total, most);
  let place = 0;
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    below += count;
    for (; place < taken && ((place + 0.5) / taken) * total < below; place++) yield valuesNs[bucket] ?? 0;
  }
}

/** The number by which Linux knows this thread. */
function ownTid(): number | null {
  try {
    return Number(/\d+$/.exec(readlinkSync('/proc/thread-self'))?.[0]);
  } catch {
    return null;
  }
}

let current: WorkerThread | null = null;

/** Joins this thread to the run; null where the main thread has no plugin. */
export function joinRun(script: ArtilleryScript): WorkerThread | null {
  const handover = process.env[HANDOVER];
  if (handover !== undefined) current ??= new WorkerThread(script, BigInt(handover));
  return current;
}

/** The run that this thread has joined. */
export function currentThread(): WorkerThread | null {
  return current;
}
