import type { Connection } from '../../drivers/driver.ts';
import type { Reading } from '../../measure/payload.ts';
import type { ReceiptTime } from '../../measure/receipts.ts';
import { isSameStamp, type Stamp } from '../../measure/stamp.ts';
import {
  type OperationDefinition,
  type OperationWorker,
  operationOf,
  PLAIN_OPERATION,
  sendEvent,
  undeclared,
} from './operation.ts';

/** Sends a request to which the server replies, by an acknowledgement or an event. */
export const requestOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  needs: ['request'],
  start: (worker) => ({
    perform(message, connection) {
      message.send((stamp) => void sendRequest(worker, message.stream.sender, connection, stamp));
    },
  }),
};

/** Takes the reply to a request, or what is wrong with it, and when it arrived. */
export type OnReply = (problem: string | null, arrival: ReceiptTime | undefined) => void;

/** Sends a request. Its reply goes to the receiver, or to `onReply` alone. Returns what stops waiting for it. */
export function sendRequest(
  worker: OperationWorker,
  sender: number,
  connection: Connection,
  stamp: Stamp,
  onReply?: OnReply,
): () => void {
  const { target, receiver, write } = worker;
  const { request: describe = undeclared('request'), reply: read } = target.mapping;
  const client = target.clientOf(sender);
  const { event, data, reply = 'acknowledgement' } = describe({ payload: write(stamp), client });
  if (reply === 'acknowledgement') {
    connection.request(event, data, (answer, arrival) => {
      const receivedNs = worker.receipts.at(arrival);
      const reading = receiver.readPayload(answer, read);
      if (onReply !== undefined) onReply(replyProblem(reading, stamp), arrival);
      // An acknowledgement belongs to its request, so it need not hold the payload unless the target says where.
      else if (reading === null && read === undefined) receiver.takeAnswer(sender, stamp, receivedNs);
      else takeReply(worker, sender, stamp, reading, receivedNs);
    });
    return () => {};
  }
  let stop = () => {};
  if (reply !== 'none') {
    receiver.listen(sender, connection, reply.event, read);
    if (onReply !== undefined) {
      stop = receiver.expect(stamp, (reading, arrival) => onReply(replyProblem(reading, stamp), arrival));
    }
  }
  connection.emit(event, data);
  return stop;
}

/** Takes an acknowledgement, which counts for its own request only. */
function takeReply(
  { receiver }: OperationWorker,
  sender: number,
  stamp: Stamp,
  reading: Reading | null,
  receivedNs: number,
): void {
  const isSent = reading !== null && reading.state !== 'invented';
  if (isSent && !isSameStamp(reading.stamp, stamp)) receiver.takeUnexpected('otherRequest', receivedNs);
  else receiver.take(sender, reading, receivedNs);
}

const CORRUPTED_REPLY = 'the reply to a request has another payload than the request';
const FOREIGN_REPLY = 'the reply to a request has the timestamp of another message';

/** What is wrong with the reply to a step's request; null when nothing is, or when it holds no payload. */
function replyProblem(reading: Reading | null, stamp: Stamp): string | null {
  if (reading === null) return null;
  const { state } = reading;
  if (state === 'invented' || !isSameStamp(reading.stamp, stamp)) return FOREIGN_REPLY;
  return state === 'corrupted' ? CORRUPTED_REPLY : null;
}

/** Has the server send the client a request; the server then reports the answer and its own timing. */
export const askMeOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  mayGather: false,
  needs: ['askMe', 'asked'],
  alsoRecords: () => ['ack_server'],
  start: (worker) => ({
    listen(_client, connection) {
      const { asked } = worker.target.mapping;
      if (asked !== undefined) connection.answer(asked.event, (data) => data);
    },
    perform(message, connection) {
      const { target, receiver, payloads, recorder, receipts, write } = worker;
      const { askMe: describe = undeclared('askMe'), asked } = target.mapping;
      const { sender } = message.stream;
      message.send((stamp) => {
        const { event, data } = describe({ payload: write(stamp), client: target.clientOf(sender) });
        connection.request(event, data, (reply, arrival) => {
          const receivedNs = receipts.at(arrival);
          const report = (asked === undefined ? null : receiver.read(asked.read, reply)) ?? null;
          if (report !== null && stamp.measured) recorder.record('ack_server', report.roundTripNs);
          takeReply(worker, sender, stamp, payloads.read(report?.answer), receivedNs);
        });
      });
    },
  }),
};

/** Sends a message that comes back to its sender as an event. */
export const echoOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  needs: ['echo', 'echoed'],
  start: ({ target, receiver, write }) => ({
    listen(client, connection) {
      const { echoed } = target.mapping;
      if (echoed !== undefined) receiver.listenFor(client, connection, echoed);
    },
    perform(message, connection) {
      const { echo: describe = undeclared('echo') } = target.mapping;
      const { sender, operation } = message.stream;
      const { payloadType } = operationOf(operation, 'echo');
      message.send((stamp) => {
        const payload = write(stamp, payloadType);
        sendEvent(connection, describe({ payload, client: target.clientOf(sender) }));
      });
    },
  }),
};

/** Sends a ping of the protocol, which only raw WebSocket clients have. */
export const pingOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  isSupported: ({ protocol }) => protocol === 'ws',
  start: ({ receiver, receipts }) => ({
    perform(message, connection) {
      const { sender } = message.stream;
      message.send((stamp) =>
        connection.ping?.((arrival) => receiver.takeAnswer(sender, stamp, receipts.at(arrival))),
      );
    },
  }),
};

/** Closes the client's connection and then opens another. The reply is the server's close frame. */
export const closeOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  // The answer to a close has no time of the kernel.
  mayGather: false,
  // Polling has no close frame.
  isSupported: ({ protocol, transport }) =>
    protocol === 'ws' || (protocol === 'socketio' && transport !== 'polling'),
  start: ({ pool, receiver, receipts, closed }) => ({
    perform(message) {
      const { sender } = message.stream;
      message.send((stamp) => {
        void pool.reopen(sender, (outcome) => {
          if (outcome !== null) receiver.takeAnswer(sender, stamp, receipts.at(undefined));
          if (!stamp.measured) return;
          const { code, reason } = outcome ?? { code: 'no answer to the close', reason: '' };
          closed.add(reason === '' ? String(code) : `${code} ${reason}`);
        });
      });
    },
  }),
};
