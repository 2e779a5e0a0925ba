/**
 * Your own workload: what one user does, step by step.
 *
 *     npx --no-install sockbench run ./sockbench.scenario.mts --target ./sockbench.target.mts --clients 20 --rate 5/s
 *
 * --rate is iterations per second over all clients. An iteration begins when it is due, even if the previous one has
 * not ended. Reference: docs/scenario.md of sockbench.
 */
import { defineScenario, everyClient, integer } from 'sockbench';

export default defineScenario({
  name: 'chat-visit',
  summary: 'users think and write to everyone',
  // The series that is shown first and judged: the time of an iteration. Use `delivery` for the published messages.
  headline: 'iteration',
  // Your own series, and the meaning of one value.
  series: { own_message: 'publishing a message -> receiving it back' },
  // Set with --option messages=3.
  options: {
    messages: { value: 'N', default: '2', summary: 'messages of one iteration', parse: integer(1, 100) },
  },
  layout(_options, clients) {
    const everyone = everyClient(clients);
    return {
      rooms: everyone.map(() => []),
      // The clients that must receive a message of an iteration: here everyone, including its sender.
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
        // Every message has its own text, so that a message of another user is not mistaken for it.
        const text = user.publish('everyone');
        await user.next('message', (data) => JSON.stringify(data).includes(String(text)));
      });
    }
    // Other events of your server: user.emit('typing'), await user.call('history', { last: 20 }).
  },
});
