import { findStamp } from '../../measure/stamp.ts';
import { type OperationDefinition, PLAIN_OPERATION, undeclared } from './operation.ts';

/** Has the server send the client a request; the server then reports the answer and its own timing. */
export const askMeOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  kind: 'ask-me',
  needs: ['askMe', 'asked'],
  alsoRecords: () => ['ack_server'],
  start: ({ target, receiver, recorder, clock, write }) => ({
    listen(_client, connection) {
      const { asked } = target.mapping;
      if (asked !== undefined) connection.answer(asked.event, (data) => data);
    },
    perform(message, connection) {
      const { askMe: describe = undeclared('askMe'), asked } = target.mapping;
      const { sender } = message.stream;
      message.send((stamp) => {
        const { event, data } = describe({ payload: write(stamp), client: target.clientOf(sender) });
        connection.request(event, data, (reply) => {
          const receivedNs = clock.nowNs();
          const report = (asked === undefined ? null : receiver.read(asked.read, reply)) ?? null;
          if (report !== null && stamp.measured) recorder.record('ack_server', report.roundTripNs);
          receiver.take(sender, findStamp(report?.answer), receivedNs);
        });
      });
    },
  }),
};
