import {
  choice,
  defineScenario,
  everyClient,
  integer,
  onOff,
  option,
  type Stream,
} from '../src/contract/scenario.ts';

/** For servers that send a message to its sender too. */
export const INCLUDE_SENDER = option(
  null,
  'false',
  'publish to the room with the sender, for a server that sends messages back',
  onOff,
);

/** One client publishes to each room; the others receive, and the client itself where it is asked for. */
export function roomsWithPublisher(
  rooms: number,
  clients: number,
  { includeSender = false }: { readonly includeSender?: boolean } = {},
) {
  const names = Array.from({ length: Math.min(rooms, clients) }, (_, index) => `room-${index}`);
  const streams = names.map((room, index): Stream => {
    const members = everyClient(clients).filter((client) => client % names.length === index);
    const receivers = members.filter((client) => includeSender || client !== index);
    const scope = includeSender ? 'room' : 'room-but-me';
    return { sender: index, operation: { kind: 'publish', scope, room }, receivers };
  });
  return {
    rooms: everyClient(clients).map((client) => [names[client % names.length] ?? '']),
    streams,
  };
}

export const reconnectStorm = defineScenario({
  name: 'reconnect-storm',
  summary: 'all receivers lose their connections at once; time until each is connected, joined and receiving',
  headline: 'delivery',
  options: {
    rooms: option('R', '1', 'number of rooms, each with one publisher', integer(1)),
    cut: option(
      'KIND',
      'reset',
      'how connections end, unless --disrupt is given',
      choice(['reset', 'fin', 'close', 'restart']),
    ),
    includeSender: INCLUDE_SENDER,
  },
  defaults: { rate: '20/s', duration: '20s', reconnect: 'exponential' },
  disrupt: ({ cut }) => `${cut} at=50%`,
  layout: ({ rooms, includeSender }, clients) => roomsWithPublisher(rooms, clients, { includeSender }),
});
