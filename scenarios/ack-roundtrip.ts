import { aloneEach, choice, defineScenario, option } from '../src/contract/scenario.ts';

export const ackRoundtrip = defineScenario({
  name: 'ack-roundtrip',
  summary: 'clients send requests in turn; time until each is acknowledged',
  headline: 'ack',
  options: {
    direction: option(
      'SIDE',
      'client',
      'who sends the requests; the server does when the client asks for it',
      choice(['client', 'server']),
    ),
  },
  takesPublishers: true,
  layout: ({ direction }, clients, _, publishers) =>
    aloneEach(clients, { kind: direction === 'client' ? 'request' : 'ask-me' }, publishers),
});
