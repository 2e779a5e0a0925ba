import { defineScenario, everyClient, integer, onOff, requireAtMost } from '../src/contract/scenario.ts';

export const broadcastLatency = defineScenario({
  name: 'broadcast-latency',
  summary: 'publishers send, every client receives; latency to each receiver and to the last one',
  headline: 'delivery',
  options: {
    publishers: {
      value: 'N',
      default: '1',
      summary: 'number of clients that publish, in turn; they receive too',
      parse: integer(1),
    },
    excludeSender: {
      value: null,
      default: 'false',
      summary: 'publish to everyone but the sender (broadcast.emit) instead of to everyone (server.emit)',
      parse: onOff,
    },
  },
  layout({ publishers, excludeSender }, clients) {
    requireAtMost('publishers', publishers, clients, 'clients');
    const everyone = everyClient(clients);
    return {
      rooms: everyone.map(() => []),
      streams: everyone.slice(0, publishers).map((sender) => ({
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
