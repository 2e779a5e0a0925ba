import { defineScenario, everyClient, integer } from '../src/contract/scenario.ts';

export const streamReply = defineScenario({
  name: 'stream-reply',
  summary:
    'one request, several replies, as from an Observable in Nest; time to the first and the last reply',
  headline: 'reply',
  options: {
    replies: { value: 'K', default: '3', summary: 'replies to each request', parse: integer(1, 1000) },
  },
  layout({ replies }, clients) {
    return {
      rooms: everyClient(clients).map(() => []),
      streams: everyClient(clients).map((client) => ({
        sender: client,
        operation: { kind: 'stream-reply' as const, replies },
        receivers: [client],
      })),
    };
  },
});
