import { defineTarget } from 'sockbench';

const url = `http://127.0.0.1:${process.env['PORT'] ?? 3000}`;

export default defineTarget({
  name: 'session chat',
  url,
  exec: 'node server.js',
  prepare: async ({ number }) => {
    const body = new URLSearchParams({ user: `user-${number}` });
    const response = await fetch(`${url}/login`, { method: 'POST', body });
    return { cookie: response.headers.getSetCookie().join('; ') };
  },
  headers: ({ values }) => ({ cookie: `${values['cookie']}` }),
  publish: ({ payload }) => ({ event: 'say', data: payload, reply: 'acknowledgement' }),
  delivery: { event: 'said' },
});
