import { type OperationDefinition, PLAIN_OPERATION } from './operation.ts';

/** Closes the client's connection and then opens another. The reply is the server's close frame. */
export const closeOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  kind: 'close',
  // Polling has no close frame.
  isSupported: ({ protocol, transport }) =>
    protocol === 'ws' || (protocol === 'socketio' && transport !== 'polling'),
  start: ({ pool, receiver, clock, closed }) => ({
    perform(message) {
      const { sender } = message.stream;
      message.send((stamp) => {
        void pool.reopen(sender, (outcome) => {
          if (outcome !== null) receiver.takeAnswer(sender, stamp, clock.nowNs());
          if (!stamp.measured) return;
          const { code, reason } = outcome ?? { code: 'no answer to the close', reason: '' };
          closed.add(reason === '' ? String(code) : `${code} ${reason}`);
        });
      });
    },
  }),
};
