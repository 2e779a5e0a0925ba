import { Arguments, defineTarget, type Payload } from 'sockbench';

const create = (text: Payload) => ({
  event: 'create',
  data: new Arguments(['messages', { text }, {}]),
  reply: 'acknowledgement' as const,
});

export default defineTarget({
  name: 'Feathers',
  url: `http://127.0.0.1:${process.env['PORT'] ?? 3000}`,
  exec: 'node server.js',
  // Feathers acknowledges with an error and a result: null and the message.
  reply: (answer) => {
    const [error, message] = answer as [{ message: string } | null, { text: string }];
    if (error !== null) throw new Error(error.message);
    return message.text;
  },
  publish: ({ payload }) => create(payload),
  request: ({ payload }) => create(payload),
  delivery: { event: 'messages created' },
});
