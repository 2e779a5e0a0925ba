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

/** Runs the scenario's steps. The stream's messages are those that the steps publish. */
export const stepsOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  ...DELIVERIES,
  starts: 'iteration',
  alsoRecords: () => ['ack', 'ack_actual'],
  start: (worker) => new Iterations(worker),
};

/** Runs iterations of users, each from when it was due, whether the one before is over or not. */
class Iterations implements RunningOperation {
  readonly #worker: OperationWorker;
  readonly #publishing: Publishing;
  readonly #inFlight = new Set<IteratingUser>();

  constructor(worker: OperationWorker) {
    this.#worker = worker;
    this.#publishing = new Publishing(worker);
  }

  /** Measured iterations that are not over, and messages that they published and that are not acknowledged. */
  get pending(): number {
    return this.#inFlight.size + this.#publishing.pending;
  }

  perform(message: DueMessage, connection: Connection): void {
    message.send((stamp) => void this.#run(message.stream.sender, stamp, connection));
  }

  finish(): void {
    for (const { waitsFor } of this.#inFlight) {
      const cause = waitsFor === null ? '' : `: ${waitsFor}`;
      this.#worker.failed.add(`the iteration was not over at the end of the drain${cause}`);
    }
    this.#publishing.finish();
  }

  async #run(sender: number, stamp: Stamp, connection: Connection): Promise<void> {
    const { scenario, clock, recorder, failed } = this.#worker;
    const parts = { worker: this.#worker, publishing: this.#publishing };
    const user = new IteratingUser({ ...parts, sender, stamp, connection });
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
}
