import type { Layout } from '../contract/scenario.ts';
import type { Connection } from '../drivers/driver.ts';
import { callAt } from '../measure/timers.ts';
import { arrivalsNs } from '../plan/arrivals.ts';
import type { Plan } from '../plan/plan.ts';
import { initialRateHz, type Profile } from '../plan/profile.ts';
import { arrivalsOf, arrivalsOfStreams } from '../plan/schedules.ts';
import type { WorkerContext } from './context.ts';
import { type PacedArrival, Pacer } from './pacer.ts';
import type { PacerWaits } from './pacer-waits.ts';
import type { DueMessage, SentMessages } from './sent-messages.ts';

/** Why a message was not sent when its sender had been dropped: the server's fault, not the generator's. */
export const SENDER_GONE = 'the sender was not connected';

/** Why a message was not sent when a disruption of the plan had cut its sender off. */
export const SENDER_AWAY = 'the sender was away by the plan';

export interface SenderOptions {
  readonly messages: SentMessages;
  /** Undefined when the client is not connected. */
  readonly connectionOf: (client: number) => Connection | undefined;
  /** Whether a client is away because of a disruption of the plan. */
  readonly isAway?: (client: number) => boolean;
  readonly perform: (message: DueMessage, connection: Connection) => void;
  readonly waits: PacerWaits;
}

/** Sends what this worker's clients send, on schedule. A worker whose clients send nothing has no pacer. */
export class Sender {
  readonly #context: WorkerContext;
  readonly #options: SenderOptions;
  readonly #pacers: Pacer[] = [];
  readonly #stopped = Promise.withResolvers<void>();
  readonly #noteWork = () => this.#context.window.worked();
  /** Resolves when {@link stop} is called. */
  readonly stopped = this.#stopped.promise;

  constructor(context: WorkerContext, options: SenderOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Time that pacers have spun so far with nothing else to do. */
  get pacingNs(): number {
    return this.#options.waits.spunNs;
  }

  /** Sends at the first rate of the profile until {@link measure} begins. */
  warmUp(startNs: number): void {
    const rateHz = initialRateHz(this.#context.plan.profile);
    void this.#pace([{ durationMs: 3.6e6, fromHz: rateHz, toHz: rateHz }], startNs, false);
  }

  /** Sends the measured schedule. Resolves at its end, or when all is sent if that is later, or after {@link stop}. */
  async measure(): Promise<void> {
    const { plan, measuring } = this.#context;
    const { startNs, endNs } = measuring;
    for (const pacer of this.#pacers) pacer.endAt(startNs);
    const ended = Promise.withResolvers<void>();
    const cancel = callAt(this.#context, endNs, ended.resolve);
    const paced = this.#pace(plan.profile, startNs, true);
    await Promise.race([ended.promise, this.stopped]);
    cancel();
    await paced;
  }

  /** Sends nothing more; a pacer that sleeps ends within 100 ms. */
  stop(): void {
    for (const pacer of this.#pacers) pacer.endAt(this.#context.clock.nowNs());
    this.#stopped.resolve();
  }

  async #pace(profile: Profile, startNs: number, measured: boolean): Promise<void> {
    const { clock, plan, layout, clients } = this.#context;
    if (!layout.streams.some(({ sender }) => clients.has(sender))) return;
    const from = measured ? 0 : warmupFrom(plan, layout);
    const pacer = new Pacer({
      clock,
      wait: this.#options.waits.create(),
      arrivals: arrivalsOfWorker(plan, profile, layout, clients, from),
      startNs,
      onDue: (index, intendedNs) => this.#send(index, intendedNs, measured),
    });
    this.#pacers.push(pacer);
    await pacer.run();
  }

  #send(index: number, intendedNs: number, measured: boolean): void {
    const { messages, connectionOf, isAway, perform } = this.#options;
    const message = messages.begin(index, intendedNs, measured);
    const { sender } = message.stream;
    const connection = connectionOf(sender);
    if (connection === undefined) message.drop(isAway?.(sender) === true ? SENDER_AWAY : SENDER_GONE);
    else perform(message, connection);
    // What sending leaves to the end of this callback is sending too.
    process.nextTick(this.#noteWork);
  }
}

/** The first stream of the warm-up. With a cool-down its senders are those whose turn in the measured time comes late. */
function warmupFrom({ senderCooldownMs }: Pick<Plan, 'senderCooldownMs'>, { streams }: Layout): number {
  return senderCooldownMs === null ? 0 : Math.min(Math.ceil(streams.length / 2), streams.length - 1);
}

/** The arrivals of the schedule of a plan that are of these clients. Populations with rates have schedules of their own. */
function arrivalsOfWorker(
  plan: Plan,
  profile: Profile,
  layout: Layout,
  clients: ReadonlySet<number>,
  from: number,
): Generator<PacedArrival, void> {
  if (plan.populations.some(({ rateShare }) => rateShare !== null))
    return arrivalsOf(plan, layout, profile, ownStreams(clients, layout));
  return ownArrivals(arrivalsNs(profile, plan.arrival, plan.seed), layout, clients, from);
}

/**
 * Those arrivals whose stream is sent by one of `clients`, with their indices in the whole schedule. Streams before
 * number `from` are left out.
 */
export function ownArrivals(
  offsetsNs: Iterable<number>,
  layout: Layout,
  clients: ReadonlySet<number>,
  from = 0,
): Generator<PacedArrival, void> {
  const streams = [...layout.streams.keys()].slice(from);
  return arrivalsOfStreams(offsetsNs, streams, ownStreams(clients, layout));
}

/** By stream: whether one of `clients` sends it. */
function ownStreams(clients: ReadonlySet<number>, { streams }: Layout): boolean[] {
  return streams.map(({ sender }) => clients.has(sender));
}
