import type { OutgoingEvent, OutgoingRequest } from '../../contract/mapping.ts';
import type { Payload } from '../../contract/protocol.ts';
import type { Scope } from '../../contract/scenario.ts';
import type { Connection } from '../../drivers/driver.ts';
import type { ReceiptTime } from '../../measure/receipts.ts';
import type { Stamp } from '../../measure/stamp.ts';
import type { GivenReply, OnAnswer } from '../replies.ts';
import type { DueMessage } from '../sent-messages.ts';
import {
  type OperationDefinition,
  type OperationWorker,
  operationOf,
  PLAIN_OPERATION,
  type RunningOperation,
  undeclared,
} from './operation.ts';
import { sendForReply } from './send-for-reply.ts';

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

/** A message that is being published. */
interface Published {
  readonly sender: number;
  readonly connection: Connection;
  readonly stamp: Stamp;
}

export const UNACKNOWLEDGED = 'a published message was not acknowledged';

/** Whom a message is for; `to` is the number of the client that a direct message is for. */
interface Destination {
  readonly scope: Scope;
  readonly room: string | null;
  readonly to: number | null;
}

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
    const { delivery } = target.mapping;
    if (delivery !== undefined) receiver.listenFor(client, connection, delivery, 'delivery');
    receiver.listenForRefusals(client, connection);
  }

  perform(message: DueMessage, connection: Connection): void {
    const { sender, operation } = message.stream;
    const { scope, room, to = null } = operationOf(operation, 'publish');
    const send = () =>
      message.send((stamp) => {
        this.#begin({ sender, connection, stamp }, { scope, room, to }, (request) =>
          this.#request(sender, request, stamp),
        );
      });
    // A message that waits for a free connection is stamped when it is sent: its waiting is send lag.
    if (!this.#usesHttp) send();
    else if (!this.#worker.publisher.whenFree(send, () => message.drop(PUBLISHER_FULL)))
      message.drop(PUBLISHER_FULL);
  }

  /** Sends a message of a step, and returns its payload. Throws when too many wait for an HTTP connection. */
  publish(sender: number, connection: Connection, stamp: Stamp, scope: Scope, room: string | null): Payload {
    const { publisher, recorder, clock } = this.#worker;
    return this.#begin({ sender, connection, stamp }, { scope, room, to: null }, (request) => {
      let hasWaited = false;
      const isTaken = publisher.whenFree(() => {
        if (hasWaited && stamp.measured) recorder.record('send_lag', clock.nowNs() - stamp.actualNs);
        this.#request(sender, request, stamp);
      });
      hasWaited = true;
      if (!isTaken) throw new Error(PUBLISHER_FULL);
    });
  }

  /** Has the target describe a message, and sends it over the connection, or by `request` where it is published by HTTP. */
  #begin(
    { sender, connection, stamp }: Published,
    { scope, room, to }: Destination,
    request: (request: OutgoingRequest) => void,
  ): Payload {
    const { target, messages, write } = this.#worker;
    const { publish: describe = undeclared('publish') } = target.mapping;
    const payload = write(stamp);
    const id = messages.calls.nextId(sender);
    messages.calls.make(
      connection,
      stamp,
      () =>
        describe({
          ...{ payload, scope, room, id },
          to: to === null ? null : target.clientOf(to),
          client: target.clientOf(sender),
        }),
      (message) => {
        if ('url' in message) {
          this.#usesHttp = true;
          request(message);
        } else {
          this.#send({ sender, connection, stamp }, id, message);
        }
      },
    );
    return payload;
  }

  #send({ sender, connection, stamp }: Published, id: number, message: OutgoingEvent): void {
    const { receiver, target, messages } = this.#worker;
    const { event, data, reply = 'none' } = message;
    if (reply === 'none') {
      receiver.refusals?.note(sender, stamp, false, (reason) => messages.reject(stamp, reason));
      connection.emit(event, data);
      return;
    }
    if (stamp.measured) this.#unacknowledged += 1;
    let isOpen = true;
    const onAnswer: OnAnswer = (answer, arrival) => {
      if (isOpen) this.#noteAnswer(stamp, answer, arrival);
      isOpen = false;
    };
    // The delivery to the sender itself may be what replies.
    const takesEvent =
      typeof reply !== 'object' || ![target.mapping.delivery?.event ?? []].flat().includes(reply.event);
    sendForReply(receiver, { sender, connection, stamp, id, onAnswer, takesEvent }, message);
  }

  #request(sender: number, request: OutgoingRequest, stamp: Stamp): void {
    const { publisher, target, receiver, messages, failed } = this.#worker;
    publisher.send(request, target.headersOf(target.clientOf(sender)), {
      onFailed: (reason) => {
        if (stamp.measured) failed.add(reason);
      },
      onRefused: (reason) => messages.reject(stamp, reason),
      onAnswered: (body) => {
        const answer = receiver.replies.judge(body, request.url);
        if (answer.kind === 'rejected') messages.reject(stamp, answer.reason);
      },
    });
  }

  #noteAnswer(stamp: Stamp, answer: GivenReply, arrival: ReceiptTime | undefined): void {
    const { recorder, receipts, messages } = this.#worker;
    const { measured, intendedNs, actualNs } = stamp;
    if (!measured) return;
    this.#unacknowledged -= 1;
    if (answer.kind === 'rejected') {
      messages.reject(stamp, answer.reason);
      return;
    }
    const receivedNs = receipts.at(arrival);
    recorder.recordDue('ack', receivedNs - intendedNs, intendedNs);
    recorder.recordDue('ack_actual', receivedNs - actualNs, intendedNs);
  }

  finish(): void {
    if (this.#unacknowledged === 0) return;
    this.#worker.failed.add(UNACKNOWLEDGED, this.#unacknowledged);
  }
}
