import { type OperationDefinition, PLAIN_OPERATION } from './operation.ts';

/** Sends a ping of the protocol, which only raw WebSocket clients have. */
export const pingOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  kind: 'ping',
  isSupported: ({ protocol }) => protocol === 'ws',
  start: ({ receiver, clock }) => ({
    perform(message, connection) {
      const { sender } = message.stream;
      message.send((stamp) => connection.ping?.(() => receiver.takeAnswer(sender, stamp, clock.nowNs())));
    },
  }),
};
