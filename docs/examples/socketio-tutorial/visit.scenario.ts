import { defineScenario, everyClient, integer, parseDurationMs } from 'sockbench';

export default defineScenario({
  name: 'chat-visit',
  summary: 'visitors join, read the history, write, and wait for their own message',
  headline: 'iteration',
  series: {
    entering: 'joining -> history received',
    own_message: 'writing -> the writer sees its own message',
  },
  options: {
    messages: { value: 'N', default: '2', summary: 'messages per visit', parse: integer(1, 100) },
    think: { value: 'TIME', default: '100ms', summary: 'wait before each message', parse: parseDurationMs },
  },
  defaults: { clients: '20', rate: '20/s' },
  layout(_options, clients) {
    const everyone = everyClient(clients);
    return {
      // The chat has no rooms.
      rooms: everyone.map(() => []),
      // Everyone receives what a visitor publishes, including the visitor.
      streams: everyone.map((sender) => ({
        sender,
        operation: { kind: 'steps' as const },
        receivers: everyone,
      })),
    };
  },
  async steps(user) {
    await user.time('entering', async () => {
      await user.call('join', `visitor ${user.client.number}`);
      await user.call('history', 0);
    });
    for (let message = 0; message < user.options.messages; message++) {
      await user.think(user.options.think);
      await user.time('own_message', async () => {
        const text = user.publish('everyone');
        await user.next('chat message', (data) => Array.isArray(data) && data[0] === text);
      });
    }
  },
});
