import { choice, integer, type OptionTable, type OptionValues, positive } from '../contract/options.ts';
import { SockbenchError } from '../errors.ts';
import { parseDurationMs } from '../units.ts';

/** `chat` and `/chat` are the same namespace. */
function namespaceOf(text: string): string {
  if (/^\/?[\w/-]+$/.test(text)) return text.startsWith('/') ? text : `/${text}`;
  throw new SockbenchError({
    code: 'BAD_OPTION',
    message: `"${text}" is not a namespace`,
    hint: 'Write chat or /chat.',
  });
}

function redisUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^rediss?:$/.test(url.protocol)) return text;
  throw new SockbenchError({
    code: 'BAD_OPTION',
    // It may hold a password.
    message: text.includes('@') ? 'that is no URL of a Redis' : `"${text}" is no URL of a Redis`,
    hint: 'Write redis://127.0.0.1:6379, or rediss: with TLS; leave it out to have a redis-server started.',
  });
}

const SWITCH = ['on', 'off'] as const;

/** How server and clients speak, beyond the transport. Each server and protocol has some of them. */
export const SETTING_OPTIONS = {
  namespace: {
    value: 'NAME',
    default: null,
    summary: "Socket.IO namespace, of('chat')",
    parse: namespaceOf,
  },
  parser: {
    value: 'default|msgpack',
    default: null,
    summary: "Socket.IO's parser",
    parse: choice(['default', 'msgpack']),
  },
  compression: {
    value: 'on|off',
    default: null,
    summary: 'per-message deflate of WebSocket, off unless asked for',
    parse: choice(SWITCH),
  },
  recovery: {
    value: 'on|off',
    default: null,
    summary: "Socket.IO's connection state recovery, off unless asked for",
    parse: choice(SWITCH),
  },
  processes: {
    value: 'N',
    default: null,
    summary: 'serving processes, 2 unless given',
    parse: integer(1, 64),
  },
  redis: {
    value: 'URL',
    default: null,
    summary: 'a Redis that runs already; else redis-server is started for the run',
    parse: redisUrl,
  },
  redisAdapter: {
    value: 'NAME',
    default: null,
    summary: 'pubsub, sharded (pub/sub) or streams',
    parse: choice(['pubsub', 'sharded', 'streams']),
  },
  pollInterval: {
    value: 'TIME',
    default: null,
    summary: 'time between two requests of short polling, 100ms unless given',
    parse: positive(parseDurationMs),
  },
} as const satisfies OptionTable;

/** As given; null for what was not. */
export type Settings = OptionValues<typeof SETTING_OPTIONS>;
export type SettingName = keyof Settings;

/** Nothing was asked for. */
export const NO_SETTINGS: Settings = {
  namespace: null,
  parser: null,
  compression: null,
  recovery: null,
  processes: null,
  redis: null,
  redisAdapter: null,
  pollInterval: null,
};
