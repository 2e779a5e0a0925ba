/**
 * A workload of your own: what one user does, step by step.
 *
 *     npx sockbench run ./sockbench.scenario.ts --target ./sockbench.target.ts --clients 20 --rate 5/s
 *
 * --rate is visits per second over all clients; a visit begins when it is due, whether the one before is over or
 * not. All that a scenario can hold: docs/scenario.md of sockbench.
 */
import { defineScenario, everyClient, integer } from 'sockbench';

export default defineScenario({
  name: 'chat-visit',
  summary: 'users look around, think, and write to everyone',
  // Shown first and judged: how long a whole visit takes. `delivery` for the messages that visits publish.
  headline: 'iteration',
  // Series of your own, and what one value of each is.
  series: { own_message: 'writing -> the user sees its own message' },
  // Given as --option messages=3.
  options: {
    messages: { value: 'N', default: '2', summary: 'messages of one visit', parse: integer(1, 100) },
  },
  layout(_options, clients) {
    const everyone = everyClient(clients);
    return {
      rooms: everyone.map(() => []),
      // Whom a message that a visit publishes is owed to: here everyone, the writer too.
      streams: everyone.map((sender) => ({
        sender,
        operation: { kind: 'steps' as const },
        receivers: everyone,
      })),
    };
  },
  async steps(user) {
    for (let message = 0; message < user.options.messages; message++) {
      await user.think(200);
      await user.time('own_message', async () => {
        // No other message has the same text, so that others' are not taken for it.
        const text = user.publish('everyone');
        await user.next('message', (data) => JSON.stringify(data).includes(String(text)));
      });
    }
    // Any event of your server: user.emit('typing'), await user.call('history', { last: 20 }).
  },
});
