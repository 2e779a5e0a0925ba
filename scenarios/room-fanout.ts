import {
  defineScenario,
  everyClient,
  integer,
  onOff,
  option,
  requireAtMost,
  type Stream,
} from '../src/contract/scenario.ts';

export const roomFanout = defineScenario({
  name: 'room-fanout',
  summary: 'members publish to their rooms; latency to the first, median and last receiver',
  headline: 'delivery',
  options: {
    rooms: option('R', '10', 'number of rooms', integer(1)),
    members: option('M', null, 'members of each room, in turn (default: clients / rooms)', integer(1)),
    publishers: option('N', '1', 'members of each room that publish, in turn', integer(1)),
    excludeSender: option(null, 'false', 'publish to the room without the sender (socket.to)', onOff),
  },
  takesPublishers: true,
  layout(options, clients, _, chosen) {
    if (options.members === null) requireAtMost('rooms', options.rooms, clients, 'clients');
    const size = options.members ?? Math.floor(clients / options.rooms);
    requireAtMost('members', size, clients, 'clients');
    requireAtMost('publishers', options.publishers, size, 'members of a room');
    const joined: string[][] = everyClient(clients).map(() => []);
    const streams: Stream[] = [];
    for (let index = 0; index < options.rooms; index++) {
      const room = `room-${index}`;
      const members = everyClient(size).map((place) => (index * size + place) % clients);
      for (const member of members) joined[member]?.push(room);
      const ascending = members.toSorted((a, b) => a - b);
      const inRoom = new Set(members);
      const publishers = chosen?.filter((client) => inRoom.has(client));
      for (const sender of publishers ?? members.slice(0, options.publishers)) {
        streams.push({
          sender,
          operation: { kind: 'publish', scope: options.excludeSender ? 'room-but-me' : 'room', room },
          receivers: options.excludeSender ? ascending.filter((client) => client !== sender) : ascending,
        });
      }
    }
    return { rooms: joined, streams };
  },
});
