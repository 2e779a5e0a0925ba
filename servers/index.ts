import type { ReferenceServer } from '../src/contract/server.ts';

/** One line per server; loaded only when it is asked for, since some weigh a lot. */
export const servers: Readonly<Record<string, () => Promise<{ server: ReferenceServer }>>> = {
  socketio: () => import('./socketio.ts'),
  ws: () => import('./ws.ts'),
  'socketio-bun': () => import('./socketio-bun.ts'),
  'bun-ws': () => import('./bun-ws.ts'),
  'socketio-cluster': () => import('./socketio-cluster.ts'),
  'socketio-redis': () => import('./socketio-redis.ts'),
  'nest-socketio': () => import('./nest-socketio.ts'),
  'nest-ws': () => import('./nest-ws.ts'),
  'http-polling': () => import('./http-polling.ts'),
};
