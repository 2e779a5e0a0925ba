import { endpointOf, isSecure } from '../contract/address.ts';
import { WebSocketClient, type WebSocketHandlers } from '../wire/rfc6455/web-socket.ts';
import { nodeSockets } from '../wire/sockets/node-sockets.ts';
import type { ConnectOptions } from './driver.ts';

/** The longest message that is read; the `ws` package has the same limit. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

const openByNode = nodeSockets(() => Math.round(performance.now() * 1e6));

/** Opens a WebSocket at a URL. Throws an Error for a header that cannot be sent. */
export function openWebSocket(
  url: URL,
  { openStream = openByNode, tls = {}, headers = {}, compression = false }: ConnectOptions,
  handlers: WebSocketHandlers,
): WebSocketClient {
  const isTls = isSecure(url);
  return new WebSocketClient(
    isTls ? openByNode : openStream,
    {
      address: { ...endpointOf(url), tls: isTls ? tls : null },
      handshake: { host: url.host, path: `${url.pathname}${url.search}`, headers, subprotocols: [] },
      compression,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    },
    handlers,
  );
}
