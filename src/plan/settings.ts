/** Settings of servers and their clients: options that only some servers and protocols support. */
import { addressText, parseAddress } from '../contract/address.ts';
import { atMost, choice, integer, type OptionTable, option, positive } from '../contract/options.ts';
import { DEFAULT_PROCESSES, DEFAULT_RECOVERY_WINDOW_MS, UNSUPPORTED_TRANSPORTS } from '../contract/server.ts';
import { DEFAULT_POLL_INTERVAL_MS, TRANSPORTS } from '../contract/target.ts';
import { fail } from '../errors.ts';
import { formatDurationMs, parseDurationMs } from '../units.ts';

/** A time of at most a day. */
export const timeMs = atMost(parseDurationMs, 24 * 3600e3, '24h');
export const switched = choice(['on', 'off']);

const knownTransport = choice(TRANSPORTS);

function parseTransport(name: string): (typeof TRANSPORTS)[number] {
  const unsupported = UNSUPPORTED_TRANSPORTS.get(name);
  if (unsupported === undefined) return knownTransport(name);
  return fail('BAD_OPTION', `${name} is not supported: ${unsupported.reason}`, unsupported.hint);
}

/** Reads a transport; one that is not supported has a reason. */
export const transportName = Object.assign(parseTransport, { allowed: knownTransport.allowed });

/** `chat` and `/chat` are the same namespace. */
function namespaceName(text: string): string {
  if (/^\/?[\w/-]+$/.test(text)) return text.startsWith('/') ? text : `/${text}`;
  return fail('BAD_OPTION', `"${text}" is not a namespace`, 'Write chat or /chat.');
}

function redisUrl(text: string): string {
  const url = parseAddress(text);
  if (url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '') return addressText(url);
  return fail(
    'BAD_OPTION',
    // A URL with "@" may hold a password.
    `${text.includes('@') ? 'the value' : `"${text}"`} is not the URL of a Redis`,
    'Write redis://127.0.0.1:6379, or rediss: for TLS. Without --redis, a redis-server is started.',
  );
}

/** Settings of server and clients beyond the transport. Each server and protocol supports some of them. */
export const SETTING_OPTIONS = {
  namespace: option('NAME', null, 'Socket.IO namespace that clients enter', namespaceName),
  parser: option('NAME', 'default', 'Socket.IO parser', choice(['default', 'msgpack'])),
  compression: option('on|off', 'off', 'per-message deflate of WebSocket', switched),
  recovery: option('on|off', 'off', 'Socket.IO connection state recovery', switched),
  recoveryWindow: option(
    'TIME',
    formatDurationMs(DEFAULT_RECOVERY_WINDOW_MS),
    'time in which the server restores a session with --recovery on',
    positive(timeMs),
  ),
  processes: option(
    'N',
    String(DEFAULT_PROCESSES),
    'serving processes of a clustered server',
    integer(1, 64),
  ),
  redis: option(
    'URL',
    null,
    'a running Redis to use; without it, a redis-server is started for the run',
    redisUrl,
  ),
  redisAdapter: option(
    'NAME',
    'pubsub',
    'Socket.IO adapter for Redis',
    choice(['pubsub', 'sharded', 'streams']),
  ),
  pollInterval: option(
    'TIME',
    formatDurationMs(DEFAULT_POLL_INTERVAL_MS),
    'time between two requests of short polling',
    positive(timeMs),
  ),
} as const satisfies OptionTable;

export type SettingName = keyof typeof SETTING_OPTIONS;
export const SETTING_NAMES = Object.keys(SETTING_OPTIONS) as readonly SettingName[];

/** The settings that were given; null for every other, whose default applies where it is supported. */
export type Settings = {
  readonly [Name in SettingName]: ReturnType<(typeof SETTING_OPTIONS)[Name]['parse']> | null;
};
