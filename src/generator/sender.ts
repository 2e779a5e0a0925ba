import type { Layout } from '../contract/scenario.ts';
import type { Connection } from '../drivers/driver.ts';
import { arrivalsNs } from '../plan/arrivals.ts';
import { initialRateHz, type Profile } from '../plan/profile.ts';
import type { WorkerContext } from './context.ts';
import { type PacedArrival, Pacer } from './pacer.ts';
import { type DueMessage, SENDER_GONE, type SentMessages } from './sent-messages.ts';

export interface SenderOptions {
  readonly messages: SentMessages;
  /** Null when the client is not connected. */
  readonly connectionOf: (client: number) => Connection | null;
  /** Carries out the operation of a message's stream. */
  readonly perform: (message: DueMessage, connection: Connection) => void;
  /** Called when there is time for chores. */
  readonly onSlack: () => void;
}

/** Sends what this worker's clients send, on schedule. A worker whose clients send nothing has no pacer. */
export class Sender {
  readonly #context: WorkerContext;
  readonly #options: SenderOptions;
  readonly #pacers: Pacer[] = [];
  readonly #stopped = Promise.withResolvers<void>();

  constructor(context: WorkerContext, options: SenderOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Time spent waiting on purpose in a busy loop. */
  get pacingNs(): number {
    return this.#pacers.reduce((sum, pacer) => sum + pacer.waitingNs, 0);
  }

  /** Sends at the first rate of the profile until {@link measure} begins. */
  warmUp(startNs: number): void {
    const rateHz = initialRateHz(this.#context.plan.profile);
    void this.#pace([{ durationMs: 3.6e6, fromHz: rateHz, toHz: rateHz }], startNs, false);
  }

  /** Sends the measured schedule. Resolves at its end, or when all is sent if that is later, or after {@link stop}. */
  async measure(): Promise<void> {
    const { plan, clock, timers, measuring } = this.#context;
    const { startNs, endNs } = measuring;
    for (const pacer of this.#pacers) pacer.endAt(startNs);
    const ended = Promise.withResolvers<void>();
    const cancel = timers.after(Math.max(0, endNs - clock.nowNs()) / 1e6, ended.resolve);
    const paced = this.#pace(plan.profile, startNs, true);
    await Promise.race([ended.promise, this.#stopped.promise]);
    cancel();
    await paced;
  }

  /** Sends nothing more; a pacer that sleeps ends within 100 ms. */
  stop(): void {
    for (const pacer of this.#pacers) pacer.endAt(this.#context.clock.nowNs());
    this.#stopped.resolve();
  }

  /** Resolves when {@link stop} is called. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  async #pace(profile: Profile, startNs: number, measured: boolean): Promise<void> {
    const { clock, timers, plan, layout, clients, window } = this.#context;
    if (!layout.streams.some(({ sender }) => clients.has(sender))) return;
    const offsetsNs = arrivalsNs(profile, plan.arrival, plan.seed);
    const pacer = new Pacer({
      clock,
      timers,
      arrivals: ownArrivals(offsetsNs, layout, clients),
      startNs,
      onDue: (index, intendedNs) => this.#send(index, intendedNs, measured),
      workDone: () => window.total,
      onSlack: this.#options.onSlack,
    });
    this.#pacers.push(pacer);
    await pacer.run();
  }

  #send(index: number, intendedNs: number, measured: boolean): void {
    const { messages, connectionOf, perform } = this.#options;
    const message = messages.begin(index, intendedNs, measured);
    const connection = connectionOf(message.stream.sender);
    if (connection === null) message.drop(SENDER_GONE);
    else perform(message, connection);
  }
}

/** Those arrivals whose stream is sent by one of `clients`, with their indices in the whole schedule. */
export function* ownArrivals(
  offsetsNs: Iterable<number>,
  { streams }: Layout,
  clients: ReadonlySet<number>,
): Generator<PacedArrival, void> {
  const isOwn = streams.map(({ sender }) => clients.has(sender));
  let index = 0;
  for (const offsetNs of offsetsNs) {
    if (isOwn[index % streams.length] === true) yield { index, offsetNs };
    index += 1;
  }
}
