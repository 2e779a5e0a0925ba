import type { Layout } from '../../contract/scenario.ts';
import type { Clock } from '../../measure/clock.ts';
import { callAt, type Timers } from '../../measure/timers.ts';
import {
  type RandomDisruption,
  type RandomTime,
  randomDisruptionsOf,
  timesAtClient,
} from '../../plan/disturbed-clients.ts';
import type { Plan } from '../../plan/plan.ts';

export interface RandomCutsOptions {
  readonly plan: Plan;
  readonly layout: Layout;
  /** The clients of this worker. */
  readonly clients: ReadonlySet<number>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Called when a random disruption happens to a client, which then stays offline for `forMs`. */
  readonly onDue: (client: number, disruption: RandomDisruption, forMs: number | null) => void;
}

/** Has the random disruptions of a plan happen to the clients of a worker. Each client has one timer at a time. */
export class RandomCuts {
  readonly #options: RandomCutsOptions;
  #isStopped = false;

  constructor(options: RandomCutsOptions) {
    this.#options = options;
  }

  start(startNs: number): void {
    const { plan, layout, clients } = this.#options;
    for (const random of randomDisruptionsOf(plan, layout)) {
      for (const client of random.clients) {
        if (clients.has(client))
          this.#waitForNext(client, random, timesAtClient(random, client, plan), startNs);
      }
    }
  }

  /** Has none happen any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #waitForNext(
    client: number,
    random: RandomDisruption,
    times: Iterator<RandomTime, void>,
    startNs: number,
  ): void {
    const next = times.next();
    if (next.done === true) return;
    const { atMs, forMs } = next.value;
    callAt(this.#options, startNs + atMs * 1e6, () => {
      if (this.#isStopped) return;
      this.#options.onDue(client, random, forMs);
      this.#waitForNext(client, random, times, startNs);
    });
  }
}
