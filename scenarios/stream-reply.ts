import { aloneEach, defineScenario, integer, option } from '../src/contract/scenario.ts';

export const streamReply = defineScenario({
  name: 'stream-reply',
  summary:
    'one request, several replies, as from an Observable in Nest; time to the first and the last reply',
  headline: 'reply',
  options: { replies: option('K', '3', 'replies to each request', integer(1, 1000)) },
  layout: ({ replies }, clients) => aloneEach(clients, { kind: 'stream-reply', replies }),
});
