import { unescape as unescapeText } from 'node:querystring';
import { endpointOf, isSecure } from '../contract/address.ts';
import type { Handshake } from '../wire/rfc6455/handshake.ts';
import { WebSocketClient } from '../wire/rfc6455/web-socket.ts';
import type { WebSocketHandlers } from '../wire/rfc6455/web-socket-handlers.ts';
import { nodeSockets } from '../wire/sockets/node-sockets.ts';
import { type ConnectOptions, subprotocolsOf } from './driver.ts';

/** The longest message that is read; the `ws` package has the same limit. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

const openByNode = nodeSockets(() => Math.round(performance.now() * 1e6));

/** Opens a WebSocket at a URL. Throws an Error for a header that cannot be sent. */
export function openWebSocket(
  url: URL,
  options: ConnectOptions,
  handlers: WebSocketHandlers,
): WebSocketClient {
  const { openStream = openByNode, tls = {}, compression = false, localAddress } = options;
  const isTls = isSecure(url);
  const named = endpointOf(url);
  const { host, port } = options.dial ?? named;
  return new WebSocketClient(
    openStream,
    {
      address: { host, port, localAddress, tls: isTls ? { servername: named.host, ...tls } : null },
      handshake: handshakeOf(url, options),
      compression,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    },
    handlers,
  );
}

/** Credentials in a URL become a header, unless there is one. */
function handshakeOf(url: URL, options: ConnectOptions): Omit<Handshake, 'extensions'> {
  const { headers = {} } = options;
  const { host, pathname, search, username, password } = url;
  const isNamed = username !== '' || password !== '';
  const isAuthorized = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  const credentials = Buffer.from(`${unescapeText(username)}:${unescapeText(password)}`).toString('base64');
  const authorization = isNamed && !isAuthorized ? { Authorization: `Basic ${credentials}` } : {};
  return {
    host,
    path: `${pathname}${search}`,
    headers: { ...authorization, ...headers },
    subprotocols: subprotocolsOf(options),
  };
}
