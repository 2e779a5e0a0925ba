import type { ReferenceServer } from '../src/contract/server.ts';

/** One line per server. Loaded only when used, because some are large. */
export const servers: Readonly<Record<string, () => Promise<{ server: ReferenceServer }>>> = {
  socketio: () => import('./socketio.ts'),
  ws: () => import('./ws.ts'),
  'socketio-bun': () => import('./socketio-bun.ts'),
  'bun-ws': () => import('./bun-ws.ts'),
  'socketio-cluster': () => import('./socketio-cluster.ts'),
  'socketio-redis': () => import('./socketio-redis.ts'),
  'nest-socketio': () => import('./nest-socketio.ts'),
  'nest-ws': () => import('./nest-ws.ts'),
  'http-polling': () => import('./http-polling/server.ts'),
};
