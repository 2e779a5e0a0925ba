import { randomInt, randomUUID } from 'node:crypto';
import { decodeEnvelope, encodeEnvelope } from '../contract/protocol.ts';
import {
  type Client,
  type DecodedEvent,
  type Frame,
  type FrameCodec,
  forClient,
  type PerClient,
} from '../contract/target.ts';
import { fail } from '../errors.ts';
import type { Preset } from './preset.ts';

const SOCKJS_OPEN = 'sockjs:open';
const SOCKJS_CLOSE = 'sockjs:close';

const asList = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

function requireTextFrame(frame: Frame): string {
  if (typeof frame === 'string') return frame;
  return fail(
    'TEXT_ONLY',
    'SockJS carries text only, and the codec returned bytes',
    'Use --payload-type text.',
  );
}

/** The frames of SockJS around the messages of an application. */
export function inSockjsFrames(inner: FrameCodec): FrameCodec {
  const decodeAll = (messages: readonly string[]): readonly DecodedEvent[] =>
    messages.flatMap((message) => {
      const events = inner.decode(Buffer.from(message), false);
      return events === null ? [] : asList(events);
    });
  return {
    encode: (event) => JSON.stringify(asList(inner.encode(event)).map(requireTextFrame)),
    decode(message) {
      const text = message.toString();
      const content = text.slice(1);
      switch (text[0]) {
        case 'o':
          return { event: SOCKJS_OPEN };
        case 'h':
          return null;
        case 'a':
          return decodeAll(JSON.parse(content));
        case 'm':
          return decodeAll([JSON.parse(content)]);
        case 'c': {
          const [code, reason] = JSON.parse(content);
          return { event: SOCKJS_CLOSE, data: { code, reason } };
        }
        default:
          throw new Error('a message that is no frame of SockJS: o, h, a, m or c');
      }
    },
  };
}

/** `BASE/SERVER/SESSION/websocket`, with a session of its own for each connection. */
function sessionUrl(base: string): string {
  const url = new URL(base);
  if (url.pathname.endsWith('/websocket')) return base;
  const server = String(randomInt(1000)).padStart(3, '0');
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${server}/${randomUUID()}/websocket`;
  return url.href;
}

async function urlFor(url: PerClient<string>, client: Client): Promise<string> {
  return sessionUrl((await forClient(url, client)) ?? '');
}

/** https://sockjs.github.io/sockjs-protocol/sockjs-protocol-0.3.3.html */
export const sockjs: Preset = {
  summary:
    "The WebSocket transport of SockJS around the messages of `codec`. `url` is the server's prefix: `ws://127.0.0.1:3000/echo`.",
  auth: null,
  fields: () => ({
    codec: { encode: encodeEnvelope, decode: decodeEnvelope },
    opened: async (connection) => {
      await connection.next(SOCKJS_OPEN);
    },
  }),
  around: ({ url, server, codec = { encode: encodeEnvelope, decode: decodeEnvelope } }) => ({
    codec:
      typeof codec === 'function'
        ? (client, subprotocol) => inSockjsFrames(codec(client, subprotocol))
        : inSockjsFrames(codec),
    url: (client) => urlFor(url, client),
    ...(server === undefined && typeof url === 'string' ? { server: url } : {}),
  }),
};
