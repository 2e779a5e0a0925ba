import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';
import type { Connection, ConnectOptions } from '../../drivers/driver.ts';
import { messageOf } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import type { RunningAbsence } from '../../measure/absence.ts';
import type { Clock } from '../../measure/clock.ts';
import { REASON_CHARACTERS } from '../../measure/reason-counts.ts';
import type { Timers } from '../../measure/timers.ts';
import type { Plan } from '../../plan/plan.ts';
import { allowsAttempt, delayBeforeMs } from '../../plan/reconnect.ts';

/** What a client takes along from its last connection to the next. */
export type TakenAlong = Pick<ConnectOptions, 'recovery'>;

export interface ReconnectorOptions {
  readonly plan: Pick<Plan, 'reconnect' | 'seed'>;
  readonly clock: Clock;
  readonly timers: Timers;
  /**
   * Opens another connection of a client and has it join its rooms; `onConnected` is called with the connection when it
   * is ready for use. Rejects with the reason when it fails.
   */
  readonly reconnect: (
    client: number,
    takenAlong: TakenAlong,
    onConnected: (connection: Connection) => void,
  ) => Promise<void>;
  /** Called when a client is back. */
  readonly onBack: (absence: RunningAbsence) => void;
  /** Called when a client does not try again, with the reason of its last attempt. */
  readonly onGivenUp: (absence: RunningAbsence, reason: string) => void;
}

/** How a client comes back. */
export interface Return {
  readonly absence: RunningAbsence;
  readonly takenAlong: TakenAlong;
  /** How long it stays offline at least; null where the policy alone decides. */
  readonly offlineMs: number | null;
  /** Resolves when its last connection is closed, where the client closes it by the protocol. */
  readonly closed: Promise<unknown> | null;
}

/** Opens the next connections of clients that lost theirs, by the policy of the plan. */
export class Reconnector {
  readonly #options: ReconnectorOptions;
  readonly #waits = new Set<() => void>();
  #isStopped = false;

  constructor(options: ReconnectorOptions) {
    this.#options = options;
  }

  /** A client has lost its connection. With a time offline, the policy decides from its second attempt on. */
  begin(returning: Return): void {
    const { absence, offlineMs } = returning;
    const delayMs = this.#delayMs(returning, 1);
    const firstMs = delayMs === null ? null : (offlineMs ?? delayMs);
    if (firstMs === null) this.#options.onGivenUp(absence, absence.reason);
    else this.#after(firstMs, () => void this.#try(returning));
  }

  /** Begins no attempt any more. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#waits) cancel();
    this.#waits.clear();
  }

  async #try(returning: Return): Promise<void> {
    const { absence, takenAlong, closed } = returning;
    if (closed !== null) await closed;
    if (this.#isStopped) return;
    const { clock, reconnect, onBack, onGivenUp } = this.#options;
    absence.attempts += 1;
    absence.lastTriedNs = clock.nowNs();
    try {
      await reconnect(absence.client, takenAlong, (connection) => {
        absence.connectedNs = clock.nowNs();
        absence.recovered = connection.session?.()?.isRecovered ?? null;
      });
    } catch (error) {
      absence.connectedNs = null;
      absence.recovered = null;
      absence.failure = foreign(messageOf(error), REASON_CHARACTERS);
      const delayMs = this.#delayMs(returning, absence.attempts + 1);
      if (delayMs === null) onGivenUp(absence, messageOf(error));
      else this.#after(delayMs, () => void this.#try(returning));
      return;
    }
    absence.failure = null;
    absence.backNs = clock.nowNs();
    onBack(absence);
  }

  /** The same in every arm of a comparison. An attempt after a time offline is not one of the policy. */
  #delayMs({ absence, offlineMs }: Return, attempt: number): number | null {
    const { reconnect, seed } = this.#options.plan;
    if (!allowsAttempt(reconnect, attempt)) return null;
    const numbered = offlineMs === null ? attempt : Math.max(1, attempt - 1);
    const key = [seed, absence.client, absence.disruption ?? -1, absence.repetition, attempt];
    const random = mersenne(key.reduce((sum, part) => (Math.imul(sum, 31) + part) | 0, 7));
    return delayBeforeMs(reconnect, numbered, () => uniformFloat64(random));
  }

  #after(delayMs: number, work: () => void): void {
    if (this.#isStopped) return;
    const cancel = this.#options.timers.after(delayMs, () => {
      this.#waits.delete(cancel);
      work();
    });
    this.#waits.add(cancel);
  }
}
