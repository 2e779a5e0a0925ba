import type { Clock } from '../measure/clock.ts';
import type { ControlMessage } from './channel.ts';

/** Time for the release of users to reach every thread before what they send together is due. */
const LEAD_NS = 150e6;

/** Brings users of all threads together: it releases as many as a rendezvous asks for, in the order of their arrival. */
export class UserRendezvous {
  readonly #clock: Clock;
  readonly #post: (message: ControlMessage) => void;
  readonly #waiting = new Map<string, number[]>();

  constructor(clock: Clock, post: (message: ControlMessage) => void) {
    this.#clock = clock;
    this.#post = post;
  }

  wait({ place, users, client }: Extract<ControlMessage, { type: 'waiting' }>): void {
    const waiting = [...(this.#waiting.get(place) ?? []), client];
    this.#waiting.set(place, waiting);
    if (waiting.length < users) return;
    this.#waiting.set(place, waiting.slice(users));
    this.#post({
      type: 'released',
      place,
      clients: waiting.slice(0, users),
      startNs: this.#clock.nowNs() + LEAD_NS,
    });
  }

  giveUp({ place, client }: Extract<ControlMessage, { type: 'gave-up' }>): void {
    const waiting = this.#waiting.get(place) ?? [];
    this.#waiting.set(
      place,
      waiting.filter((each) => each !== client),
    );
  }
}
