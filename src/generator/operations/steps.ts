import type { Payload } from '../../contract/protocol.ts';
import type { Scenario, Stream } from '../../contract/scenario.ts';
import type { Connection } from '../../drivers/driver.ts';
import { messageOf } from '../../errors.ts';
import type { Stamp } from '../../measure/stamp.ts';
import type { DueMessage } from '../sender.ts';
import { IteratingUser } from '../user.ts';
import {
  type OperationDefinition,
  type OperationWorker,
  PLAIN_OPERATION,
  type RunningOperation,
} from './operation.ts';
import { DELIVERIES, Publishing } from './publish.ts';
import { Requesting } from './request.ts';

/** Runs the scenario's steps. The stream's messages are those that the steps publish. */
export const stepsOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  ...DELIVERIES,
  kind: 'steps',
  starts: 'iteration',
  alsoRecords: () => ['ack', 'ack_actual'],
  start: (worker) => new Iterations(worker),
};

/** Runs iterations of users, each from when it was due, whether the one before is over or not. */
class Iterations implements RunningOperation {
  readonly #worker: OperationWorker;
  readonly #publishing: Publishing;
  readonly #requesting: Requesting;
  readonly #inFlight = new Set<IteratingUser>();

  constructor(worker: OperationWorker) {
    this.#worker = worker;
    this.#publishing = new Publishing(worker);
    this.#requesting = new Requesting(worker);
  }

  /** Measured iterations that are not over, and messages that they published and that are not acknowledged. */
  get pending(): number {
    return this.#inFlight.size + this.#publishing.pending;
  }

  perform(message: DueMessage, connection: Connection): void {
    message.send((stamp) => void this.#run(message.stream, stamp, connection));
  }

  finish(): void {
    for (const { waitsFor } of this.#inFlight) {
      const cause = waitsFor === null ? '' : `: ${waitsFor}`;
      this.#worker.failed.add(`the iteration was not over at the end of the drain${cause}`);
    }
    this.#publishing.finish();
  }

  async #run(stream: Stream, stamp: Stamp, connection: Connection): Promise<void> {
    const { scenario, clock, recorder, failed } = this.#worker;
    const user = this.#userOf(stream, stamp, connection);
    if (stamp.measured) this.#inFlight.add(user);
    try {
      await scenario.steps?.(user);
      const nowNs = clock.nowNs();
      recorder.record(stamp.measured ? 'iteration' : 'warmup', nowNs - stamp.intendedNs);
      if (stamp.measured) recorder.record('iteration_actual', nowNs - stamp.actualNs);
    } catch (error) {
      if (stamp.measured) failed.add(messageOf(error));
    }
    this.#inFlight.delete(user);
    await user.leave();
  }

  #userOf(stream: Stream, stamp: Stamp, connection: Connection): IteratingUser {
    const { scenario, plan, clock, timers, target, pool, receiver, recorder, messages } = this.#worker;
    const { measured } = stamp;
    const { sender } = stream;
    return new IteratingUser({
      client: target.clientOf(sender),
      options: plan.scenarioOptions,
      stamp,
      connection,
      timeoutMs: plan.connectTimeoutMs,
      clock,
      timers,
      noteReceived: () => receiver.noteReceived(),
      noteLag: (lagNs) => {
        if (measured) recorder.record('send_lag', lagNs);
      },
      record: (series, valueNs) => {
        requireOwnSeries(scenario, series);
        if (measured) recorder.record(series, Math.round(valueNs));
      },
      publish: (intendedNs, scope, room) => {
        let payload: Payload = '';
        messages.sendNext(stamp.stream, intendedNs, measured, (each) => {
          payload = this.#publishing.publish(sender, connection, each, scope, room);
        });
        return payload;
      },
      request: (own, intendedNs, onReply) => {
        const sent = { ...stamp, intendedNs, actualNs: clock.nowNs(), measured: false };
        return this.#requesting.request(sender, own, sent, onReply);
      },
      open: () => pool.openAnother(sender),
    });
  }
}

/** A user's request records into `ack`; everything else must be declared. */
function requireOwnSeries({ name, series = {} }: Scenario, given: string): void {
  if (Object.hasOwn(series, given) || given === 'ack' || given === 'ack_actual') return;
  throw new Error(`the scenario ${name} records into "${given}", which is not among its series`);
}
