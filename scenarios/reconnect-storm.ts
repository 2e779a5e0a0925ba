import {
  choice,
  defineScenario,
  everyClient,
  integer,
  option,
  type Stream,
} from '../src/contract/scenario.ts';

/** One client publishes to each room; the others receive. */
export function roomsWithPublisher(rooms: number, clients: number) {
  const names = Array.from({ length: Math.min(rooms, clients) }, (_, index) => `room-${index}`);
  const streams = names.map((room, index): Stream => {
    const members = everyClient(clients).filter((client) => client % names.length === index);
    const receivers = members.filter((client) => client !== index);
    return { sender: index, operation: { kind: 'publish', scope: 'room-but-me', room }, receivers };
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
  },
  defaults: { rate: '20/s', duration: '20s', reconnect: 'exponential' },
  disrupt: ({ cut }) => `${cut} at=50%`,
  layout: ({ rooms }, clients) => roomsWithPublisher(rooms, clients),
});
