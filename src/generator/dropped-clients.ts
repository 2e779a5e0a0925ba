import { foreign } from '../foreign.ts';
import type { Clock } from '../measure/clock.ts';
import { REASON_CHARACTERS } from '../measure/reason-counts.ts';
import type { Timers } from '../measure/timers.ts';
import type { DroppedClient, FromWorker } from './messages.ts';

/** Reports dropped clients, together with all others of one pass of the event loop: one event may end many. */
export class DroppedClients {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #send: (message: FromWorker) => void;
  readonly #clients: DroppedClient[] = [];

  constructor(clock: Clock, timers: Timers, send: (message: FromWorker) => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#send = send;
  }

  add(client: number, reason: string, ageNs: number | null = null): void {
    if (this.#clients.length === 0) this.#timers.soon(() => this.post());
    this.#clients.push({ client, reason: foreign(reason, REASON_CHARACTERS), ageNs });
  }

  /** Reports those that were added since the last report. */
  post(): void {
    const clients = this.#clients.splice(0);
    if (clients.length > 0) this.#send({ type: 'dropped', atNs: this.#clock.nowNs(), clients });
  }
}
