import { choice, defineScenario, everyClient } from '../src/contract/scenario.ts';

export const ackRoundtrip = defineScenario({
  name: 'ack-roundtrip',
  summary: 'clients send requests in turn; time until each is acknowledged',
  headline: 'ack',
  options: {
    direction: {
      value: 'client|server',
      default: 'client',
      summary: 'who sends the request: the client, or the server when the client asks for it',
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
