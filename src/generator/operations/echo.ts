import {
  type OperationDefinition,
  operationOf,
  PLAIN_OPERATION,
  sendEvent,
  undeclared,
} from './operation.ts';

/** Sends a message that comes back to its sender as an event. */
export const echoOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  kind: 'echo',
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
