import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { createClient } from 'redis';
import type { Namespace } from 'socket.io';
import type { RedisPlan } from './plan.ts';

type Client = ReturnType<typeof createClientFor>;
type Adapter = Namespace['adapter'];

/** Time in which a Redis has to answer. */
const REDIS_TIMEOUT_MS = 4000;

/** One that does not connect again: what was published in the meantime would be lost without a word. */
function createClientFor(url: string) {
  return createClient({
    url,
    RESP: 2,
    socket: { reconnectStrategy: false, connectTimeout: REDIS_TIMEOUT_MS },
  });
}

/** Connects one client; a connection that is lost later ends the process. */
async function connectTo(url: string): Promise<Client> {
  const client = createClientFor(url);
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

/** Where a Redis is, without what is secret in its URL. */
function placeOf(url: string): string {
  const { protocol, host } = URL.parse(url) ?? { protocol: 'redis:', host: '' };
  return `${protocol}//${host}`;
}

/** Rejects with the reason, within some seconds, when no Redis answers there. */
export async function requireRedis(url: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeoutAfter = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, REDIS_TIMEOUT_MS, new Error(`no answer within ${REDIS_TIMEOUT_MS / 1000} s`));
  });
  try {
    const client = await Promise.race([connectTo(url), timeoutAfter]);
    await Promise.race([client.ping(), timeoutAfter]);
    client.destroy();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw Object.assign(new Error(`the Redis at ${placeOf(url)} cannot be used: ${reason}`), {
      code: 'REDIS_UNREACHABLE',
    });
  } finally {
    clearTimeout(timer);
  }
}

const streamOf = (prefix: string) => `${prefix}-stream`;

/** Removes what a server has left in a Redis that is not its own: messages in a stream stay there for ever. */
export async function removeStream({ url, prefix }: RedisPlan): Promise<void> {
  const client = await connectTo(url);
  await client.del(streamOf(prefix));
  client.destroy();
}

/** Connects to Redis and returns what makes the adapter of each namespace. */
export async function createRedisAdapter({
  kind,
  url,
  prefix,
}: RedisPlan): Promise<(namespace: Namespace) => Adapter> {
  const client = await connectTo(url);
  switch (kind) {
    case 'pubsub':
      return createAdapter(client, await connectTo(url), { key: prefix });
    case 'sharded': {
      const subscriber = await connectTo(url);
      const create = createShardedAdapter(client, subscriber, { channelPrefix: prefix });
      // Socket.IO calls it with `new`, which an arrow function does not allow.
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
 * The sharded adapter subscribes to a channel for each room and does not wait for Redis. A join that is
 * acknowledged has to be effective: it is when Redis has answered what was asked after it.
 */
function awaitJoins(adapter: Adapter, subscriber: Client): Adapter {
  const addAll = adapter.addAll.bind(adapter);
  adapter.addAll = async (id, rooms) => {
    await addAll(id, rooms);
    await subscriber.ping();
  };
  return adapter;
}
