import { randomUUID } from 'node:crypto';
import type { ReferenceServer } from '../src/contract/server.ts';
import { findProgram } from './availability.ts';

const PROGRAM = {
  name: 'redis-server',
  hint: 'install Redis (apt-get install redis-server), or give --redis the URL of one that runs',
  unless: 'redis',
} as const;

export const server: ReferenceServer = {
  name: 'socketio-redis',
  summary: 'Socket.IO on several Node.js processes with sticky sessions and one of the adapters for Redis',
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
  program: PROGRAM,
  hasNodes: true,
  async start(options) {
    const { redis: given, redisAdapter: kind } = options.settings;
    const own = given === null ? await startOwn() : null;
    const redis = { kind, url: given ?? own?.url ?? '', prefix: `sockbench-${randomUUID()}` };
    const { removeStream, requireRedis } = await import('./cluster/redis-adapter.ts');
    await requireRedis(redis.url);
    const { ServingProcesses } = await import('./cluster/primary.ts');
    const serving = await ServingProcesses.start(options, redis);
    void own?.ended.then(() => serving.fail('redis-server has ended'));
    return {
      url: serving.url,
      async close() {
        await serving.close();
        if (own === null) await removeStream(redis);
        else await own.stop();
      },
    };
  },
};

async function startOwn() {
  const program = findProgram(PROGRAM.name);
  if (program === null) throw new Error(`${PROGRAM.name} is not on PATH: ${PROGRAM.hint}`);
  const { OwnRedis } = await import('./cluster/redis-process.ts');
  return OwnRedis.start(program);
}
