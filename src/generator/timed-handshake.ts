import type { HandshakeStage } from '../contract/scenario.ts';
import type { ConnectOptions } from '../drivers/driver.ts';
import type { Clock } from '../measure/clock.ts';

/** The stages of one handshake. */
export class TimedHandshake {
  readonly stages: Partial<Record<HandshakeStage, number>> = {};
  readonly #clock: Clock;
  #lastNs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastNs = clock.nowNs();
  }

  /** Notes the end of a stage. */
  readonly note: NonNullable<ConnectOptions['onStage']> = (stage, arrival) => {
    const atNs = Math.max(this.#lastNs, arrival?.receivedNs ?? this.#clock.nowNs());
    this.stages[stage] = atNs - this.#lastNs;
    this.#lastNs = atNs;
  };

  /** When it was over: at the end of its last stage, or now where the driver reports none. */
  get endedNs(): number {
    return Object.keys(this.stages).length > 0 ? this.#lastNs : this.#clock.nowNs();
  }
}
