/** The same broker with QoS 1: it acknowledges each message of a client, and the clients acknowledge theirs. */
import { defineTarget } from 'sockbench';
import target from './sockbench.target.ts';

export default defineTarget({
  ...target,
  name: 'aedes, QoS 1',
  join: ({ rooms }) => rooms.map((room) => ({ event: 'subscribe', data: { topic: room, qos: 1 } })),
  publish: ({ payload, room }) => ({
    event: 'publish',
    data: { topic: room, payload, qos: 1 },
    reply: 'acknowledgement',
  }),
});
