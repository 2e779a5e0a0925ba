import { aloneEach, choice, defineScenario, option } from '../src/contract/scenario.ts';

export const ackRoundtrip = defineScenario({
  name: 'ack-roundtrip',
  summary: 'clients send requests in turn; time until each is acknowledged',
  headline: 'ack',
  options: {
    direction: option(
      'client|server',
      'client',
      'who sends the request: the client, or the server when the client asks for it',
      choice(['client', 'server']),
    ),
  },
  layout: ({ direction }, clients) =>
    aloneEach(clients, { kind: direction === 'client' ? 'request' : 'ask-me' }),
});
