import { unescape as unescapeText } from 'node:querystring';
import { endpointOf, isSecure } from '../contract/address.ts';
import type { Handshake } from '../wire/rfc6455/handshake.ts';
import { WebSocketClient, type WebSocketHandlers } from '../wire/rfc6455/web-socket.ts';
import { nodeSockets } from '../wire/sockets/node-sockets.ts';
import type { ConnectOptions } from './driver.ts';

/** The longest message that is read; the `ws` package has the same limit. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

const openByNode = nodeSockets(() => Math.round(performance.now() * 1e6));

/** Opens a WebSocket at a URL. Throws an Error for a header that cannot be sent. */
export function openWebSocket(
  url: URL,
  { openStream = openByNode, tls = {}, headers = {}, compression = false, localAddress }: ConnectOptions,
  handlers: WebSocketHandlers,
): WebSocketClient {
  const isTls = isSecure(url);
  return new WebSocketClient(
    openStream,
    {
      address: { ...endpointOf(url), localAddress, tls: isTls ? tls : null },
      handshake: handshakeOf(url, headers),
      compression,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    },
    handlers,
  );
}

/** Subprotocols are offered by a header of the user. Credentials in a URL become a header, unless there is one. */
function handshakeOf(url: URL, headers: Readonly<Record<string, string>>): Omit<Handshake, 'extensions'> {
  const { host, pathname, search, username, password } = url;
  const headerOf = (name: string) =>
    Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1];
  const isNamed = username !== '' || password !== '';
  const credentials = Buffer.from(`${unescapeText(username)}:${unescapeText(password)}`).toString('base64');
  const authorization =
    isNamed && headerOf('authorization') === undefined ? { Authorization: `Basic ${credentials}` } : {};
  const subprotocols =
    headerOf('sec-websocket-protocol')
      ?.split(',')
      .map((each) => each.trim()) ?? [];
  return { host, path: `${pathname}${search}`, headers: { ...authorization, ...headers }, subprotocols };
}
