import { setTimeout as delay } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { EVENT, type SendMessage } from '../../src/contract/protocol.ts';
import type { ServerSettings } from '../../src/contract/server.ts';

const TIMEOUT_MS = 5000;
const ROUND_MS = 50;

/**
 * Whether what one serving process broadcasts reaches the clients of all: with a client of each. An adapter that
 * is still connecting would lose what is sent at first. Rejects when it does not come to that within some seconds.
 */
export async function requireReach(url: string, count: number, settings: ServerSettings): Promise<void> {
  const clients: Socket[] = [];
  try {
    await Promise.race([reachAll(url, count, settings, clients), tooLate()]);
  } finally {
    for (const client of clients) client.disconnect();
  }
}

async function tooLate(): Promise<never> {
  await delay(TIMEOUT_MS, undefined, { ref: false });
  throw new Error(`the serving processes do not reach each other after ${TIMEOUT_MS / 1000} s`);
}

async function reachAll(
  url: string,
  count: number,
  settings: ServerSettings,
  clients: Socket[],
): Promise<void> {
  const nodes = new Set<number>();
  while (nodes.size < count) {
    const client = await connect(url, settings);
    clients.push(client);
    nodes.add(await client.emitWithAck(EVENT.whichNode, null));
  }
  let heard = new Set<string>();
  clients.forEach((client, receiver) => {
    client.on(EVENT.receiveMessage, (message: string) => heard.add(`${message} at ${receiver}`));
  });
  // A round that is heard in full was not overtaken by an earlier one: nothing is under way any more.
  for (let round = 0; heard.size < clients.length ** 2; round += 1) {
    heard = new Set();
    clients.forEach((client, sender) => {
      const message: SendMessage = { message: `${round} of ${sender}`, scope: 'everyone' };
      client.emit(EVENT.sendMessage, message);
    });
    await delay(ROUND_MS);
  }
}

function connect(url: string, { namespace, parser }: ServerSettings): Promise<Socket> {
  const address = new URL(url);
  address.pathname = namespace ?? '/';
  const client = io(address.href, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...(parser === 'msgpack' ? { parser: msgpackParser } : {}),
  });
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('connect_error', reject);
  });
}
