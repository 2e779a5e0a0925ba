import { defineTarget } from 'sockbench';
import { sync } from './sync.ts';

export default defineTarget({
  name: 'Yjs',
  url: `ws://127.0.0.1:${process.env['PORT'] ?? 3000}/notes`,
  exec: 'node server.js',
  codec: sync,
  publish: ({ payload }) => ({ event: 'update', data: payload }),
  delivery: { event: 'update' },
});
