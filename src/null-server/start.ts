/**
 * Child entry: `node start.ts NAME HOST PORT SETTINGS` starts the null server and prints one line of JSON, as
 * servers/start.ts does. Ends with its parent.
 */
import { NULL_SERVERS, type ServerSettings } from '../contract/server.ts';
import { listenByKernel } from './kernel-listener.ts';
import { listenByNode } from './node-listener.ts';
import { NullChat } from './null-chat.ts';
import type { Peer } from './peer.ts';
import { NullSocketioClient } from './socketio-client.ts';
import { NullWsClient } from './ws-client.ts';

const [name = '', host = '127.0.0.1', port = '0', settings = '{}'] = process.argv.slice(2);

function printReady(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

try {
  const isSocketio = name === NULL_SERVERS.socketio;
  const { namespace = null }: Partial<ServerSettings> = JSON.parse(settings);
  const chat = new NullChat();
  const accept = (peer: Peer) => {
    const client = isSocketio ? new NullSocketioClient(peer, chat, namespace) : new NullWsClient(peer, chat);
    chat.enter(client);
    return client;
  };
  const { port: bound } = await listenByKernel(host, Number(port), accept).catch(() =>
    listenByNode(host, Number(port), accept),
  );
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group, but the parent decides when a server stops.
  process.on('SIGINT', () => {});
  printReady({ ready: true, url: `${isSocketio ? 'http' : 'ws'}://${host}:${bound}` });
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  printReady({ ready: false, code, message });
  process.exit(1);
}
