import { randomUUID } from 'node:crypto';
import type { ReferenceServer } from '../src/contract/server.ts';
import { findProgram } from './availability.ts';

const REDIS_SERVER = {
  name: 'redis-server',
  hint: 'install Redis (apt-get install redis-server), or pass the URL of a running Redis with --redis',
  unless: 'redis',
} as const;

export const server: ReferenceServer = {
  name: 'socketio-redis',
  summary: 'Socket.IO on several Node.js processes with sticky sessions and a Redis adapter',
  protocol: 'socketio',
  transports: ['websocket', 'polling', 'upgrade'],
  settings: ['namespace', 'compression', 'parser', 'processes', 'redis', 'redisAdapter'],
  packages: [
    '@socket.io/cluster-adapter',
    '@socket.io/redis-adapter',
    '@socket.io/redis-streams-adapter',
    '@socket.io/sticky',
    'redis',
  ],
  program: REDIS_SERVER,
  hasNodes: true,
  async start(options) {
    const { redis: givenUrl, redisAdapter: kind } = options.settings;
    const started = givenUrl === null ? await startRedis() : null;
    const redis = { kind, url: givenUrl ?? started?.url ?? '', prefix: `sockbench-${randomUUID()}` };
    const { removeStream, requireRedis } = await import('./cluster/redis-adapter.ts');
    await requireRedis(redis.url);
    const { ServingProcesses } = await import('./cluster/primary.ts');
    const serving = await ServingProcesses.start(options, redis);
    void started?.ended.then(() => serving.fail('redis-server has ended'));
    return {
      url: serving.url,
      restartNode: (restart) => serving.restartNode(restart),
      async close() {
        await serving.close();
        if (started === null) await removeStream(redis);
        else await started.stop();
      },
    };
  },
};

async function startRedis() {
  const program = findProgram(REDIS_SERVER.name);
  if (program === null) throw new Error(`${REDIS_SERVER.name} is not on PATH: ${REDIS_SERVER.hint}`);
  const { RedisProcess } = await import('./cluster/redis-process.ts');
  return RedisProcess.start(program);
}
