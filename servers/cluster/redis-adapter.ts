import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { createClient } from 'redis';
import type { Namespace } from 'socket.io';
import { resolveName } from '../../src/contract/address.ts';
import type { RedisPlan } from './channel.ts';

type RedisClient = ReturnType<typeof createRedisClient>;
type NamespaceAdapter = Namespace['adapter'];

/** Time in which Redis must answer. */
const REDIS_TIMEOUT_MS = 4000;

/** Never reconnects: messages that were published in the meantime would be lost silently. */
function createRedisClient(url: string) {
  return createClient({
    url,
    RESP: 2,
    socket: { reconnectStrategy: false, connectTimeout: REDIS_TIMEOUT_MS, lookup: resolveName },
  });
}

/** Connects one client. The process exits when that connection is lost later. */
async function connectToRedis(url: string): Promise<RedisClient> {
  const client = createRedisClient(url);
  let isConnected = false;
  client.on('error', (error: Error) => {
    if (!isConnected) return;
    console.error(`the connection to Redis is lost: ${error.message}`);
    process.exit(1);
  });
  await client.connect();
  isConnected = true;
  return client;
}

/** The URL without user name and password. */
function withoutCredentials(url: string): string {
  const { protocol, host } = URL.parse(url) ?? { protocol: 'redis:', host: '' };
  return `${protocol}//${host}`;
}

/** Rejects with the reason when no Redis answers at this URL within 4 s. */
export async function requireRedis(url: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeoutAfter = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, REDIS_TIMEOUT_MS, new Error(`no answer within ${REDIS_TIMEOUT_MS / 1000} s`));
  });
  try {
    const client = await Promise.race([connectToRedis(url), timeoutAfter]);
    await Promise.race([client.ping(), timeoutAfter]);
    client.destroy();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw Object.assign(new Error(`the Redis at ${withoutCredentials(url)} cannot be used: ${reason}`), {
      code: 'REDIS_UNREACHABLE',
    });
  } finally {
    clearTimeout(timer);
  }
}

const streamOf = (prefix: string) => `${prefix}-stream`;

/** Removes the server's stream from a Redis that runs on; its messages would stay there. */
export async function removeStream({ url, prefix }: RedisPlan): Promise<void> {
  const client = await connectToRedis(url);
  await client.del(streamOf(prefix));
  client.destroy();
}

/** Connects to Redis and returns the function that creates the adapter of each namespace. */
export async function createRedisAdapter({
  kind,
  url,
  prefix,
}: RedisPlan): Promise<(namespace: Namespace) => NamespaceAdapter> {
  const client = await connectToRedis(url);
  switch (kind) {
    case 'pubsub':
      return createAdapter(client, await connectToRedis(url), { key: prefix });
    case 'sharded': {
      const subscriber = await connectToRedis(url);
      const create = createShardedAdapter(client, subscriber, { channelPrefix: prefix });
      // Socket.IO calls it with `new`, which an arrow function does not support.
      return function createAwaited(namespace) {
        return awaitJoins(create(namespace), subscriber);
      };
    }
    case 'streams':
      return createStreamsAdapter(client, {
        streamName: streamOf(prefix),
        channelPrefix: prefix,
        sessionKeyPrefix: `${prefix}-session:`,
      });
  }
}

/**
 * Makes joins wait for Redis. The sharded adapter subscribes to a channel for each room without waiting, but an
 * acknowledged join must be effective. It is when Redis has answered a later command on the same connection.
 */
function awaitJoins(adapter: NamespaceAdapter, subscriber: RedisClient): NamespaceAdapter {
  const addAll = adapter.addAll.bind(adapter);
  adapter.addAll = async (id, rooms) => {
    await addAll(id, rooms);
    await subscriber.ping();
  };
  return adapter;
}
