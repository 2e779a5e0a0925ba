import type { Connection } from '../../drivers/driver.ts';
import { findStamp, type Stamp } from '../../measure/stamp.ts';
import type { DueMessage } from '../sender.ts';
import {
  type OperationDefinition,
  type OperationWorker,
  PLAIN_OPERATION,
  type RunningOperation,
  undeclared,
} from './operation.ts';

/** Sends a request to which the server replies, by an acknowledgement or an event. */
export const requestOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  kind: 'request',
  needs: ['request'],
  start: (worker) => new Requesting(worker),
};

export class Requesting implements RunningOperation {
  readonly #worker: OperationWorker;

  constructor(worker: OperationWorker) {
    this.#worker = worker;
  }

  perform(message: DueMessage, connection: Connection): void {
    message.send((stamp) => {
      this.request(message.stream.sender, connection, stamp);
    });
  }

  /**
   * Sends a request. Its reply goes to the receiver, or to `onReply` alone where that is given. The returned function
   * stops waiting for the reply.
   */
  request(sender: number, connection: Connection, stamp: Stamp, onReply?: () => void): () => void {
    const { target, receiver, write } = this.#worker;
    const { request: describe = undeclared('request'), reply: read } = target.mapping;
    const client = target.clientOf(sender);
    const { event, data, reply = 'acknowledgement' } = describe({ payload: write(stamp), client });
    if (reply === 'acknowledgement') {
      connection.request(event, data, onReply ?? ((answer) => this.#takeReply(sender, stamp, answer)));
      return () => {};
    }
    let stop = () => {};
    if (reply !== 'none') {
      if (onReply !== undefined) stop = receiver.expect(stamp, onReply);
      receiver.listen(sender, connection, reply.event, read);
    }
    connection.emit(event, data);
    return stop;
  }

  /**
   * The protocol says which request an acknowledgement belongs to, so it need not hold the payload unless the target
   * says where. If it does hold one, that counts.
   */
  #takeReply(sender: number, stamp: Stamp, answer: unknown): void {
    const { target, receiver, clock } = this.#worker;
    const receivedNs = clock.nowNs();
    const { reply: read } = target.mapping;
    const found = findStamp(read === undefined ? answer : receiver.read(read, answer));
    if (read === undefined && found === null) receiver.takeAnswer(sender, stamp, receivedNs);
    else receiver.take(sender, found, receivedNs);
  }
}
