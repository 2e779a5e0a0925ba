import {
  defineScenario,
  everyClient,
  fail,
  integer,
  option,
  requireAtMost,
} from '../src/contract/scenario.ts';

export const directMessages = defineScenario({
  name: 'direct-messages',
  summary: 'clients write to one another in pairs; latency of each message to its only receiver',
  headline: 'delivery',
  options: {
    distance: option('N', '1', 'client i writes to client i + N, the last ones to the first', integer(1)),
    publishers: option('N', null, 'clients that write, in turn (default: all)', integer(1)),
  },
  takesPublishers: true,
  layout({ distance, publishers }, clients, _, chosen) {
    if (distance % clients === 0) {
      fail(
        'NO_RECEIVERS',
        `with --distance ${distance} and --clients ${clients}, clients would write to themselves`,
        'Give --clients 2 or more, and a --distance that is no multiple of it.',
      );
    }
    requireAtMost('publishers', publishers ?? 1, clients, 'clients');
    const roomOf = (client: number) => `client-${client}`;
    return {
      rooms: everyClient(clients).map((client) => [roomOf(client)]),
      streams: (chosen ?? everyClient(publishers ?? clients)).map((sender) => {
        const to = (sender + distance) % clients;
        return {
          sender,
          operation: { kind: 'publish' as const, scope: 'room-but-me' as const, room: roomOf(to), to },
          receivers: [to],
        };
      }),
    };
  },
});
