import { defineScenario, everyClient, integer, parseDurationMs } from 'sockbench';

export default defineScenario({
  name: 'chat-visit',
  summary: 'people join, read what they missed, write, and wait to see what they wrote',
  headline: 'iteration',
  series: {
    entering: 'joining -> the history is there',
    own_message: 'writing -> the writer sees its own message',
  },
  options: {
    messages: { value: 'N', default: '2', summary: 'messages of one visit', parse: integer(1, 100) },
    think: { value: 'TIME', default: '100ms', summary: 'wait before each message', parse: parseDurationMs },
  },
  defaults: { clients: '20', rate: '20/s' },
  layout(_options, clients) {
    const everyone = everyClient(clients);
    return {
      // Nobody joins a room: the chat is for all.
      rooms: everyone.map(() => []),
      // Each client makes visits. What it publishes is owed to everyone, itself included.
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
