import type { OutgoingRequest } from '../../contract/mapping.ts';
import type { Payload } from '../../contract/protocol.ts';
import type { Scope } from '../../contract/scenario.ts';
import type { Connection } from '../../drivers/driver.ts';
import type { ReceiptTime } from '../../measure/receipts.ts';
import type { Stamp } from '../../measure/stamp.ts';
import type { DueMessage } from '../sender.ts';
import {
  type OperationDefinition,
  type OperationWorker,
  operationOf,
  PLAIN_OPERATION,
  type RunningOperation,
  undeclared,
} from './operation.ts';

/** Where each delivery of a published message, and the broadcast as a whole, is recorded. */
export const DELIVERIES = {
  series: 'delivery',
  broadcast: 'fanout',
  nodes: { sameNode: 'delivery_same_node', crossNode: 'delivery_cross_node' },
} as const;

const PUBLISHER_FULL = 'too many HTTP requests were in flight and waiting';

/** Sends a message to others, over the sender's connection or by an HTTP request. */
export const publishOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  ...DELIVERIES,
  needs: ['publish', 'delivery'],
  alsoRecords: (hasFile) => (hasFile ? ['ack', 'ack_actual'] : []),
  start: (worker) => new Publishing(worker),
};

export class Publishing implements RunningOperation {
  readonly #worker: OperationWorker;
  #usesHttp = false;
  #unacknowledged = 0;

  constructor(worker: OperationWorker) {
    this.#worker = worker;
  }

  /** Measured messages that the server has yet to acknowledge, where the target asks for that. */
  get pending(): number {
    return this.#unacknowledged;
  }

  listen(client: number, connection: Connection): void {
    const { target, receiver } = this.#worker;
    if (target.mapping.delivery !== undefined) {
      receiver.listenFor(client, connection, target.mapping.delivery);
    }
  }

  perform(message: DueMessage, connection: Connection): void {
    const { sender, operation } = message.stream;
    const { scope, room } = operationOf(operation, 'publish');
    const send = () =>
      message.send((stamp) => {
        const payload = this.#worker.write(stamp);
        const request = this.#send(sender, connection, stamp, { payload, scope, room });
        if (request !== null) this.#request(sender, request, stamp);
      });
    // A message that waits for a free connection is stamped when it is sent: its waiting is send lag.
    if (!this.#usesHttp) send();
    else if (!this.#worker.publisher.whenFree(send, () => message.drop(PUBLISHER_FULL)))
      message.drop(PUBLISHER_FULL);
  }

  /** Sends a message of a step, and returns its payload. Throws when too many wait for an HTTP connection. */
  publish(sender: number, connection: Connection, stamp: Stamp, scope: Scope, room: string | null): Payload {
    const { publisher, recorder, clock, write } = this.#worker;
    const payload = write(stamp);
    const request = this.#send(sender, connection, stamp, { payload, scope, room });
    if (request === null) return payload;
    let hasWaited = false;
    const isTaken = publisher.whenFree(() => {
      if (hasWaited && stamp.measured) recorder.record('send_lag', clock.nowNs() - stamp.actualNs);
      this.#request(sender, request, stamp);
    });
    hasWaited = true;
    if (!isTaken) throw new Error(PUBLISHER_FULL);
    return payload;
  }

  /** Sends over the connection, or returns the HTTP request that the target publishes by. */
  #send(
    sender: number,
    connection: Connection,
    stamp: Stamp,
    content: { readonly payload: Payload; readonly scope: Scope; readonly room: string | null },
  ): OutgoingRequest | null {
    const { target } = this.#worker;
    const { publish: describe = undeclared('publish') } = target.mapping;
    const message = describe({ ...content, client: target.clientOf(sender) });
    if ('url' in message) {
      this.#usesHttp = true;
      return message;
    }
    if (message.reply === 'acknowledgement') {
      connection.request(message.event, message.data, (_, arrival) => this.#noteAcknowledged(stamp, arrival));
      if (stamp.measured) this.#unacknowledged += 1;
    } else {
      // An event in reply does not say which message it belongs to, so nothing waits for it.
      connection.emit(message.event, message.data);
    }
    return null;
  }

  #request(sender: number, request: OutgoingRequest, { measured }: Stamp): void {
    const { publisher, target, failed } = this.#worker;
    publisher.send(request, target.headersOf(target.clientOf(sender)), (reason) => {
      if (measured) failed.add(reason);
    });
  }

  #noteAcknowledged({ measured, intendedNs, actualNs }: Stamp, arrival: ReceiptTime | undefined): void {
    if (!measured) return;
    this.#unacknowledged -= 1;
    const { recorder, receipts } = this.#worker;
    const receivedNs = receipts.at(arrival);
    recorder.record('ack', receivedNs - intendedNs);
    recorder.record('ack_actual', receivedNs - actualNs);
  }

  finish(): void {
    if (this.#unacknowledged === 0) return;
    this.#worker.failed.add('a published message was not acknowledged', this.#unacknowledged);
  }
}
