import {
  defineScenario,
  everyClient,
  integer,
  onOff,
  option,
  requireAtMost,
} from '../src/contract/scenario.ts';

export const broadcastLatency = defineScenario({
  name: 'broadcast-latency',
  summary: 'publishers send, every client receives; latency to each receiver and to the last one',
  headline: 'delivery',
  options: {
    publishers: option('N', '1', 'clients that publish, in turn; they receive too', integer(1)),
    excludeSender: option(null, 'false', 'publish to everyone but the sender (broadcast.emit)', onOff),
  },
  takesPublishers: true,
  layout({ publishers, excludeSender }, clients, _, chosen) {
    requireAtMost('publishers', publishers, clients, 'clients');
    const everyone = everyClient(clients);
    return {
      rooms: everyone.map(() => []),
      streams: (chosen ?? everyone.slice(0, publishers)).map((sender) => ({
        sender,
        operation: {
          kind: 'publish' as const,
          scope: excludeSender ? 'everyone-but-me' : 'everyone',
          room: null,
        },
        receivers: excludeSender ? everyone.filter((client) => client !== sender) : everyone,
      })),
    };
  },
});
