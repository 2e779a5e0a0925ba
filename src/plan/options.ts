import {
  anyText,
  atMost,
  choice,
  integer,
  type OptionTable,
  type OptionValues,
  positive,
} from '../contract/options.ts';
import { DEFAULT_PROCESSES, UNSUPPORTED_TRANSPORTS } from '../contract/server.ts';
import { DEFAULT_POLL_INTERVAL_MS, TRANSPORTS } from '../contract/target.ts';
import { fail } from '../errors.ts';
import { MIN_PAYLOAD_BYTES } from '../measure/stamp.ts';
import { either } from '../text.ts';
import { formatDurationMs, parseBytes, parseDurationMs, parseRateHz } from '../units.ts';
import { ARRIVALS } from './arrivals.ts';
import { parseProfile } from './profile.ts';

const timeMs = atMost(parseDurationMs, 24 * 3600e3, '24h');
const switched = choice(['on', 'off']);

/** Checks a rate while the flag can still be named; how long it holds is not known yet. */
function checkedRate(text: string): string {
  parseProfile(text, 1);
  return text;
}

function transportName(name: string): (typeof TRANSPORTS)[number] {
  const unsupported = UNSUPPORTED_TRANSPORTS.get(name);
  if (unsupported === undefined) return choice(TRANSPORTS)(name);
  return fail('BAD_OPTION', `${name} is not supported: ${unsupported.reason}`, unsupported.hint);
}

/** `chat` and `/chat` are the same namespace. */
function namespaceName(text: string): string {
  if (/^\/?[\w/-]+$/.test(text)) return text.startsWith('/') ? text : `/${text}`;
  return fail('BAD_OPTION', `"${text}" is not a namespace`, 'Write chat or /chat.');
}

function redisUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^rediss?:$/.test(url.protocol)) return text;
  return fail(
    'BAD_OPTION',
    // A URL with "@" may hold a password.
    `${text.includes('@') ? 'the value' : `"${text}"`} is not the URL of a Redis`,
    'Write redis://127.0.0.1:6379, or rediss: for TLS. Without --redis, a redis-server is started.',
  );
}

/** How server and clients speak, beyond the transport. Each server and protocol supports some of the settings. */
export const SETTING_OPTIONS = {
  namespace: {
    value: 'NAME',
    default: null,
    summary: 'Socket.IO namespace that clients enter',
    parse: namespaceName,
  },
  parser: {
    value: 'default|msgpack',
    default: 'default',
    summary: 'Socket.IO parser',
    parse: choice(['default', 'msgpack']),
  },
  compression: {
    value: 'on|off',
    default: 'off',
    summary: 'per-message deflate of WebSocket',
    parse: switched,
  },
  recovery: {
    value: 'on|off',
    default: 'off',
    summary: 'Socket.IO connection state recovery',
    parse: switched,
  },
  processes: {
    value: 'N',
    default: String(DEFAULT_PROCESSES),
    summary: 'serving processes of a clustered server',
    parse: integer(1, 64),
  },
  redis: {
    value: 'URL',
    default: null,
    summary: 'a running Redis to use; without it, a redis-server is started for the run',
    parse: redisUrl,
  },
  redisAdapter: {
    value: 'pubsub|sharded|streams',
    default: 'pubsub',
    summary: 'Socket.IO adapter for Redis: pub/sub, sharded pub/sub or streams',
    parse: choice(['pubsub', 'sharded', 'streams']),
  },
  pollInterval: {
    value: 'TIME',
    default: formatDurationMs(DEFAULT_POLL_INTERVAL_MS),
    summary: 'time between two requests of short polling',
    parse: positive(parseDurationMs),
  },
} as const satisfies OptionTable;

export type SettingName = keyof typeof SETTING_OPTIONS;
export const SETTING_NAMES = Object.keys(SETTING_OPTIONS) as readonly SettingName[];

/** The settings that were given; null for every other, whose default applies where it is supported. */
export type Settings = {
  readonly [Name in SettingName]: ReturnType<(typeof SETTING_OPTIONS)[Name]['parse']> | null;
};

/**
 * Every option of a run that is not a scenario's own. Flags, config keys, defaults and help are read from this table.
 */
export const PLAN_OPTIONS = {
  target: {
    value: 'NAME|FILE|URL',
    default: 'socketio',
    summary:
      'a reference server by name, a target file (init writes one), or the URL of a server that uses the same events (http: Socket.IO, ws: raw WebSocket)',
    parse: anyText,
  },
  exec: {
    value: 'CMD',
    default: null,
    summary: 'command that starts the server at the target URL; it is stopped after the run',
    parse: anyText,
  },
  runtime: {
    value: 'PROGRAM',
    default: null,
    summary:
      'Node.js or Bun program that runs the reference server (default: the Node.js that runs sockbench, or the installed Bun)',
    parse: anyText,
  },
  transport: {
    value: 'NAME',
    default: 'websocket',
    summary: `transport of the connections: ${either(TRANSPORTS)}`,
    parse: transportName,
  },
  driver: {
    value: 'NAME',
    default: 'official',
    summary: 'client implementation; list shows them',
    parse: anyText,
  },
  ...SETTING_OPTIONS,
  clients: { value: 'N', default: '200', summary: 'number of connections', parse: integer(1, 100_000) },
  rate: {
    value: 'RATE',
    default: '100/s',
    summary: 'messages over all senders, such as 100/s, or a profile of stages, 10s@50/s,20s@50..500/s',
    parse: checkedRate,
  },
  arrival: {
    value: ARRIVALS.join('|'),
    default: 'constant',
    summary: 'spacing of the messages',
    parse: choice(ARRIVALS),
  },
  payload: {
    value: 'SIZE',
    default: '64B',
    summary: `message size, minimum ${MIN_PAYLOAD_BYTES.text}B for text and ${MIN_PAYLOAD_BYTES.binary}B for binary`,
    parse: positive(parseBytes),
  },
  payloadType: {
    value: 'text|binary',
    default: 'text',
    summary: 'message type',
    parse: choice(['text', 'binary']),
  },
  duration: {
    value: 'TIME',
    default: '10s',
    summary: 'measured time, unless --rate is a profile',
    parse: positive(timeMs),
  },
  warmup: {
    value: 'TIME',
    default: '2s',
    summary: 'minimum warm-up; it ends when the medians of three seconds agree within 5 %',
    parse: timeMs,
  },
  warmupMax: {
    value: 'TIME',
    default: '10s',
    summary: 'maximum warm-up; equal to --warmup for a warm-up of fixed length',
    parse: timeMs,
  },
  drain: {
    value: 'TIME',
    default: '5s',
    summary: 'maximum wait for messages in flight after the last one was sent; later ones are lost',
    parse: timeMs,
  },
  lateAfter: {
    value: 'TIME',
    default: '1s',
    summary: 'latency above which a message counts as late',
    parse: positive(timeMs),
  },
  connectRate: {
    value: 'RATE',
    default: '500/s',
    summary: 'rate of new connections over all workers',
    parse: positive(parseRateHz),
  },
  connectTimeout: {
    value: 'TIME',
    default: '10s',
    summary: 'maximum time for a connection to open, or for the server to start',
    parse: positive(timeMs),
  },
  workers: { value: 'N', default: '1', summary: 'generator processes', parse: integer(1, 256) },
  pin: {
    value: 'on|off',
    default: 'on',
    summary: 'pin server and workers to separate CPUs (Linux)',
    parse: switched,
  },
  seed: { value: 'N', default: '1', summary: 'seed of random arrivals', parse: integer(0, 2 ** 31 - 1) },
  allowRemote: {
    value: 'HOST',
    default: null,
    summary: 'permit load on this remote host; its owner must agree',
    parse: anyText,
  },
} as const satisfies OptionTable;

export type PlanOptions = OptionValues<typeof PLAN_OPTIONS>;
export const PLAN_OPTION_NAMES = Object.keys(PLAN_OPTIONS);
