import type { Payload } from '../contract/protocol.ts';
import type { Scenario, Stream } from '../contract/scenario.ts';
import type { Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { Clock } from '../measure/clock.ts';
import type { ReasonCounts } from '../measure/reason-counts.ts';
import type { ReceiveWindow } from '../measure/receive-window.ts';
import type { Recorder } from '../measure/recorder.ts';
import type { Stamp } from '../measure/stamp.ts';
import type { Plan } from '../plan/plan.ts';
import type { Performer } from './performer.ts';
import type { ClientPool } from './pool.ts';
import type { Sender } from './sender.ts';
import type { Target } from './target.ts';
import { IteratingUser } from './user.ts';

export interface IterationsOptions {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly clock: Clock;
  readonly target: Target;
  readonly pool: ClientPool;
  readonly performer: Performer;
  readonly recorder: Recorder;
  readonly sender: Sender;
  /** Where replies are noted that go to a step and not to the intake. */
  readonly window: ReceiveWindow;
  /** Counts visits that threw, or that were not over at the end. */
  readonly failed: ReasonCounts;
}

/** Has users go through a scenario's steps, each visit from when it was due, whether the one before is over or not. */
export class Iterations {
  readonly #options: IterationsOptions;
  readonly #underWay = new Set<IteratingUser>();

  constructor(options: IterationsOptions) {
    this.#options = options;
  }

  /** Measured visits that are not over. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Begins a visit; false when the client is not connected. */
  begin(stream: Stream, stamp: Stamp): boolean {
    const connection = this.#options.pool.connection(stream.sender);
    if (connection === null) return false;
    void this.#carryOut(stream, stamp, connection);
    return true;
  }

  /** Counts what is still under way as failed. */
  giveUp(): void {
    for (const { waitsFor } of this.#underWay) {
      const cause = waitsFor === null ? '' : `: ${waitsFor}`;
      this.#options.failed.add(`the visit was not over at the end of the drain${cause}`);
    }
  }

  async #carryOut(stream: Stream, stamp: Stamp, connection: Connection): Promise<void> {
    const { scenario, clock, recorder, failed } = this.#options;
    const user = this.#userOf(stream, stamp, connection);
    if (stamp.measured) this.#underWay.add(user);
    try {
      await scenario.steps?.(user);
      const lengthNs = clock.nowNs() - stamp.intendedNs;
      recorder.record(stamp.measured ? 'iteration' : 'warmup', lengthNs);
      if (stamp.measured) recorder.record('iteration_actual', clock.nowNs() - stamp.actualNs);
    } catch (error) {
      if (stamp.measured) failed.add(messageOf(error));
    }
    this.#underWay.delete(user);
    await user.leave();
  }

  #userOf(stream: Stream, stamp: Stamp, connection: Connection): IteratingUser {
    const { scenario, plan, clock, target, pool, performer, recorder, sender, window } = this.#options;
    const { measured } = stamp;
    return new IteratingUser({
      client: target.clientOf(stream.sender),
      options: plan.scenarioOptions,
      stamp,
      connection,
      timeoutMs: plan.connectTimeoutMs,
      nowNs: () => clock.nowNs(),
      noteReceived: () => window.note(clock.nowNs()),
      noteLag: (lagNs) => {
        if (measured) recorder.record('send_lag', lagNs);
      },
      record: (series, valueNs) => {
        requireOwnSeries(scenario, series);
        if (measured) recorder.record(series, Math.round(valueNs));
      },
      publish: (intendedNs, scope, room) => {
        let payload: Payload = '';
        sender.sendOf(stamp.stream, intendedNs, measured, (each) => {
          payload = performer.publish(stream.sender, connection, each, scope, room);
          return true;
        });
        return payload;
      },
      request: (own, intendedNs, onReply) => {
        const actualNs = clock.nowNs();
        performer.request(stream.sender, own, { ...stamp, intendedNs, actualNs, measured: false }, onReply);
      },
      open: () => pool.openAnother(stream.sender),
    });
  }
}

/** `ack` is what a user's request records. */
function requireOwnSeries({ name, series = {} }: Scenario, given: string): void {
  if (Object.hasOwn(series, given) || given === 'ack' || given === 'ack_actual') return;
  throw new Error(`the scenario ${name} records into "${given}", which is not among its series`);
}
