import { choice, defineScenario, everyClient } from '../src/contract/scenario.ts';

export const ackRoundtrip = defineScenario({
  name: 'ack-roundtrip',
  summary: 'clients send requests in turn on an open schedule; how long until each is acknowledged',
  headline: 'ack',
  options: {
    direction: {
      value: 'client|server',
      default: 'client',
      summary: "who asks: a client the server, or (on a client's word) the server that client",
      parse: choice(['client', 'server']),
    },
  },
  layout({ direction }, clients) {
    return {
      rooms: everyClient(clients).map(() => []),
      streams: everyClient(clients).map((client) => ({
        sender: client,
        operation: { kind: direction === 'client' ? ('request' as const) : ('ask-me' as const) },
        receivers: [client],
      })),
    };
  },
});
