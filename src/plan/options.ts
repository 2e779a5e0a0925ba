import {
  atMost,
  choice,
  integer,
  type OptionTable,
  type OptionValues,
  positive,
} from '../contract/options.ts';
import { TRANSPORTS } from '../contract/target.ts';
import { UNAVAILABLE_TRANSPORTS, unavailable } from '../contract/unavailable.ts';
import { SockbenchError } from '../errors.ts';
import { MIN_PAYLOAD_BYTES } from '../measure/stamp.ts';
import { parseBytes, parseDurationMs, parseRateHz } from '../units.ts';
import { ARRIVALS } from './arrivals.ts';
import { parseProfile } from './profile.ts';
import { SETTING_OPTIONS } from './settings.ts';

const text = (value: string) => value;
const timeMs = atMost(parseDurationMs, 24 * 3600e3, '24h');

/** Refuses what is no rate while the flag can still be named; how long it holds is not known yet. */
const rateText = (value: string) => {
  parseProfile(value, 1);
  return value;
};

const transportName = (name: string) => {
  const missing = unavailable(UNAVAILABLE_TRANSPORTS, name);
  if (missing === undefined) return choice(TRANSPORTS)(name);
  throw new SockbenchError({
    code: 'BAD_OPTION',
    message: `${name} cannot be had: ${missing.reason}`,
    hint: missing.hint,
  });
};

/** Every option of a run that is not a scenario's own: flags, config keys, defaults and help come from here. */
export const PLAN_OPTIONS = {
  target: {
    value: 'NAME|FILE|URL',
    default: 'socketio',
    summary:
      'a reference server by name, a file that says how to speak with yours (init writes one), or the URL of a server that speaks like ours (http: Socket.IO, ws: raw)',
    parse: text,
  },
  exec: {
    value: 'CMD',
    default: null,
    summary:
      'command that starts the server at the target URL; it is probed when it is Node, and stopped after',
    parse: text,
  },
  runtime: {
    value: 'PROGRAM',
    default: null,
    summary:
      'Node.js or Bun program that runs the reference server (default: the one that runs sockbench, or the installed bun)',
    parse: text,
  },
  transport: {
    value: TRANSPORTS.join('|'),
    default: 'websocket',
    summary: "Engine.IO's transport",
    parse: transportName,
  },
  driver: { value: 'NAME', default: 'official', summary: 'how clients speak; see list', parse: text },
  ...SETTING_OPTIONS,
  clients: { value: 'N', default: '200', summary: 'connections', parse: integer(1, 100_000) },
  rate: {
    value: 'RATE',
    default: '100/s',
    summary: 'messages over all senders, 100/s, or a profile of stages, 10s@50/s,20s@50..500/s',
    parse: rateText,
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
    summary: `size of a message, at least ${MIN_PAYLOAD_BYTES.text}B as text and ${MIN_PAYLOAD_BYTES.binary}B as binary`,
    parse: positive(parseBytes),
  },
  payloadType: {
    value: 'text|binary',
    default: 'text',
    summary: 'kind of message',
    parse: choice(['text', 'binary']),
  },
  duration: {
    value: 'TIME',
    default: '10s',
    summary: 'how long to measure, unless the rate is a profile',
    parse: positive(timeMs),
  },
  warmup: {
    value: 'TIME',
    default: '2s',
    summary: 'least warm-up; it goes on until three seconds agree within 5 % on the median',
    parse: timeMs,
  },
  warmupMax: {
    value: 'TIME',
    default: '10s',
    summary: 'most warm-up; the same as --warmup fixes its length',
    parse: timeMs,
  },
  drain: {
    value: 'TIME',
    default: '5s',
    summary: 'wait for what is still under way after the last message; what comes later is lost',
    parse: timeMs,
  },
  lateAfter: {
    value: 'TIME',
    default: '1s',
    summary: 'a message that takes longer counts as late',
    parse: positive(timeMs),
  },
  connectRate: {
    value: 'RATE',
    default: '500/s',
    summary: 'new connections over all workers',
    parse: positive(parseRateHz),
  },
  connectTimeout: {
    value: 'TIME',
    default: '10s',
    summary: 'most time for one connection, or for a server to start',
    parse: positive(timeMs),
  },
  workers: { value: 'N', default: '1', summary: 'generator processes', parse: integer(1, 256) },
  pin: {
    value: 'on|off',
    default: 'on',
    summary: 'on Linux, keep server and workers on CPUs of their own',
    parse: choice(['on', 'off']),
  },
  seed: { value: 'N', default: '1', summary: 'of random arrivals', parse: integer(0, 2 ** 31 - 1) },
  allowRemote: {
    value: 'HOST',
    default: null,
    summary: "permits load on this host, which is not this machine; only with its owner's consent",
    parse: text,
  },
} as const satisfies OptionTable;

export type PlanOptions = OptionValues<typeof PLAN_OPTIONS>;
