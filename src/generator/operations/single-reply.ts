import { Rejected, rejectionIn } from '../../contract/replies.ts';
import type { Connection } from '../../drivers/driver.ts';
import { messageOf } from '../../errors.ts';
import type { Reading } from '../../measure/payload.ts';
import type { ReceiptTime } from '../../measure/receipts.ts';
import { isSameStamp, type Stamp } from '../../measure/stamp.ts';
import { type GivenReply, isReadingOf, type OnAnswer } from '../replies.ts';
import {
  type OperationDefinition,
  type OperationWorker,
  operationOf,
  PLAIN_OPERATION,
  sendEvent,
  undeclared,
} from './operation.ts';
import { sendForReply } from './send-for-reply.ts';

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
export type OnReply = (problem: Error | null, arrival: ReceiptTime | undefined) => void;

/** Sends a request. Its reply goes to the receiver, or to `onReply` alone. Returns what stops waiting for it. */
export function sendRequest(
  worker: OperationWorker,
  sender: number,
  connection: Connection,
  stamp: Stamp,
  onReply?: OnReply,
): () => void {
  const { target, messages, write } = worker;
  const { request: describe = undeclared('request') } = target.mapping;
  const id = messages.calls.nextId(sender);
  const payload = write(stamp);
  const onAnswer: OnAnswer =
    onReply === undefined
      ? (answer, arrival) => takeAnswer(worker, sender, stamp, answer, worker.receipts.at(arrival))
      : (answer, arrival) => onReply(problemIn(answer, stamp), arrival);
  let stop = () => {};
  messages.calls.make(
    connection,
    stamp,
    () => describe({ payload, client: target.clientOf(sender), id }),
    (event) => {
      worker.receiver.replies.noteAsked(event);
      stop = sendForReply(worker.receiver, { sender, connection, stamp, id, onAnswer }, event);
    },
    onReply && ((error) => onReply(new Error(messageOf(error)), undefined)),
  );
  return () => stop();
}

/** Takes the reply to a request, which counts for its own request only. */
function takeAnswer(
  worker: OperationWorker,
  sender: number,
  stamp: Stamp,
  answer: GivenReply,
  receivedNs: number,
): void {
  const { receiver, receipts, messages } = worker;
  if (answer.kind === 'rejected') {
    receipts.note(receivedNs);
    messages.reject(stamp, answer.reason);
  } else if (answer.reading === null && answer.mayLackPayload) {
    receiver.takeAnswer(sender, stamp, receivedNs);
  } else {
    takeReply(worker, sender, stamp, answer.reading, receivedNs);
  }
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
function problemIn(answer: GivenReply, stamp: Stamp): Error | null {
  if (answer.kind === 'rejected') return new Rejected(answer.reason);
  const { reading } = answer;
  if (reading === null) return null;
  if (!isReadingOf(reading, stamp)) return new Error(FOREIGN_REPLY);
  return reading.state === 'corrupted' ? new Error(CORRUPTED_REPLY) : null;
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
      const { target, receiver, payloads, recorder, receipts, messages, write } = worker;
      const { askMe: describe = undeclared('askMe'), asked } = target.mapping;
      const { sender } = message.stream;
      message.send((stamp) => {
        const payload = write(stamp);
        const id = messages.calls.nextId(sender);
        const make = () => describe({ payload, client: target.clientOf(sender), id });
        messages.calls.make(connection, stamp, make, ({ event, data }) => {
          const reject = (reason: string) => messages.reject(stamp, reason);
          receiver.refusals?.note(sender, stamp, true, reject);
          connection.request(event, data, (reply, arrival) => {
            const receivedNs = receipts.at(arrival);
            receiver.refusals?.settle(sender, stamp);
            const reason = rejectionIn(reply);
            const report = (asked === undefined ? null : receiver.read(asked.read, reply)) ?? null;
            if (report === null && reason !== null) {
              reject(reason);
              return;
            }
            if (report !== null && stamp.measured)
              recorder.recordDue('ack_server', report.roundTripNs, stamp.intendedNs);
            takeReply(worker, sender, stamp, payloads.read(report?.answer), receivedNs);
          });
        });
      });
    },
  }),
};

/** Sends a message that comes back to its sender as an event. */
export const echoOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  needs: ['echo', 'echoed'],
  start: (worker) => ({
    listen(client, connection) {
      const { echoed } = worker.target.mapping;
      if (echoed !== undefined) worker.receiver.listenFor(client, connection, echoed, 'echo');
    },
    perform(message, connection) {
      const { target, messages, write } = worker;
      const { echo: describe = undeclared('echo') } = target.mapping;
      const { sender, operation } = message.stream;
      const { payloadType } = operationOf(operation, 'echo');
      message.send((stamp) => {
        const payload = write(stamp, payloadType);
        const id = messages.calls.nextId(sender);
        const make = () => describe({ payload, client: target.clientOf(sender), id });
        messages.calls.make(connection, stamp, make, (event) =>
          sendEvent(worker, sender, connection, stamp, event),
        );
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
