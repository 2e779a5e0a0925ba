import { Rejected } from '../../contract/replies.ts';
import type { Connection } from '../../drivers/driver.ts';
import { messageOf } from '../../errors.ts';
import type { Stamp } from '../../measure/stamp.ts';
import { IteratingUser } from '../user.ts';
import { type OperationDefinition, PLAIN_OPERATION } from './operation.ts';
import { DELIVERIES, Publishing } from './publish.ts';

/**
 * Runs the scenario's steps, each iteration from when it was due, whether the one before is over or not. The stream's
 * messages are those that the steps publish.
 */
export const stepsOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  ...DELIVERIES,
  starts: 'iteration',
  mayGather: false,
  alsoRecords: () => ['ack', 'ack_actual'],
  start(worker) {
    const { scenario, recorder, failed, rejected } = worker;
    const publishing = new Publishing(worker);
    const inFlight = new Set<IteratingUser>();

    async function run(sender: number, stamp: Stamp, connection: Connection): Promise<void> {
      const user = new IteratingUser({ worker, publishing, sender, stamp, connection });
      if (stamp.measured) inFlight.add(user);
      try {
        await scenario.steps?.(user);
        const { nowNs } = user;
        const { intendedNs, actualNs } = stamp;
        if (stamp.measured) {
          recorder.recordDue('iteration', nowNs - intendedNs, intendedNs);
          recorder.recordDue('iteration_actual', nowNs - actualNs, intendedNs);
        } else {
          recorder.record('warmup', nowNs - intendedNs);
        }
      } catch (error) {
        if (stamp.measured && error instanceof Rejected) rejected.add(error.reason);
        else if (stamp.measured) failed.add(messageOf(error));
      }
      inFlight.delete(user);
      await user.leave();
    }

    return {
      /** Measured iterations that are not over, and messages that they published and that are not acknowledged. */
      get pending() {
        return inFlight.size + publishing.pending;
      },
      perform: (message, connection) =>
        message.send((stamp) => void run(message.stream.sender, stamp, connection)),
      finish() {
        for (const { waitsFor } of inFlight) {
          const cause = waitsFor === null ? '' : `: ${waitsFor}`;
          failed.add(`the iteration was not over at the end of the drain${cause}`);
        }
        publishing.finish();
      },
    };
  },
};
