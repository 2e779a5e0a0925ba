import {
  atMost,
  choice,
  integer,
  type OptionTable,
  type OptionValues,
  onOff,
  option,
  positive,
} from '../contract/options.ts';
import { fail } from '../errors.ts';
import { MIN_PAYLOAD_BYTES } from '../measure/stamp.ts';
import { parseRateHz } from '../units.ts';
import { ARRIVALS } from './arrivals.ts';
import { parseDisruptions } from './disruptions.ts';
import { parseLinks } from './link.ts';
import { parseNetworkVia } from './network.ts';
import { parsePayload } from './payload-plan.ts';
import { parsePayloadSizes } from './payload-sizes.ts';
import { parsePopulations } from './populations.ts';
import { parseProfile } from './profile.ts';
import { parseReconnect } from './reconnect.ts';
import { SETTING_OPTIONS, switched, timeMs, transportName } from './settings.ts';
import { parseSourceAddresses } from './source-addresses.ts';

const connectRateHz = atMost(parseRateHz, 1_000_000, '1,000,000/s');

/** Checks a rate while the flag can still be named; how long it holds is not known yet. */
function checkedRate(text: string): string {
  parseProfile(text, 1);
  return text;
}

/** The number is chosen when the rest of the plan is known. */
export const AUTO_WORKERS = 'auto';

const givenWorkers = integer(1, 256);

function workerCount(text: string): number | typeof AUTO_WORKERS {
  if (text === AUTO_WORKERS) return AUTO_WORKERS;
  if (/^\d+$/.test(text.trim())) return givenWorkers(text);
  return fail(
    'BAD_OPTION',
    `"${text}" is neither a whole number from 1 to 256 nor ${AUTO_WORKERS}`,
    `Give a number without a unit, or ${AUTO_WORKERS}.`,
  );
}

/**
 * Every option of a run that is not a scenario's own. Flags, config keys, defaults and help are read from this table.
 */
export const PLAN_OPTIONS = {
  target: option(
    'TARGET',
    'socketio',
    'reference server, target file or URL; http: is Socket.IO, ws: raw WebSocket',
  ),
  exec: option('CMD', null, 'command that starts your server at the target URL'),
  runtime: option(
    'PROGRAM',
    null,
    'Node.js or Bun program that runs the reference server (default: the Node.js that runs sockbench, or the installed Bun)',
  ),
  transport: option('NAME', 'websocket', 'transport', transportName),
  driver: option(
    'NAME',
    null,
    'client implementation, see list (default: wire for websocket, otherwise official)',
  ),
  sockets: option(
    'KIND',
    'auto',
    "sockets of the wire driver, the kernel's or those of Node.js",
    choice(['auto', 'kernel', 'node']),
  ),
  sourceAddresses: option(
    'LIST',
    null,
    'addresses of this machine that clients connect from, in turn, such as 127.0.0.2-127.0.0.9 (default: as many of 127.0.0.0/8 as the ports for the clients need, where the server is on loopback)',
    parseSourceAddresses,
  ),
  network: option(
    'LINKS',
    null,
    'links of the clients, such as "rtt=80ms jitter=20ms rate=2Mbit" or "10%: rtt=200ms, rtt=40ms"',
    parseLinks,
  ),
  networkVia: option(
    'HOW',
    'relay',
    'what makes the links: relay, a running Toxiproxy as toxiproxy=HOST:PORT, or netem (Linux, root)',
    parseNetworkVia,
  ),
  ...SETTING_OPTIONS,
  population: {
    ...option(
      'POPULATION',
      null,
      'clients that have something in common, such as \'mobile: clients=20% transport=polling link="rtt=200ms"\'; repeatable',
      parsePopulations,
    ),
    isRepeated: true,
  },
  clients: option('N', '200', 'connections', integer(1, 100_000)),
  rate: option('RATE', '100/s', 'messages of all senders, or stages: 10s@50/s,20s@50..500/s', checkedRate),
  arrival: option('KIND', 'constant', 'message spacing', choice(ARRIVALS)),
  senderCooldown: option(
    'TIME',
    null,
    'minimum time between two messages of one sender; an error where there are too few senders',
    positive(timeMs),
  ),
  payload: option(
    'SIZE',
    '64B',
    `message size, from ${MIN_PAYLOAD_BYTES.text}B (binary ${MIN_PAYLOAD_BYTES.binary}B), or a file or folder`,
    parsePayload,
  ),
  payloadSizes: option(
    'SIZES',
    null,
    'message sizes by percentile, drawn by --seed, such as "p50=200B p99=8KiB max=64KiB"',
    parsePayloadSizes,
  ),
  payloadType: option('TYPE', 'text', 'message type', choice(['text', 'binary'])),
  verify: option(
    null,
    'false',
    'compare the content of received payloads with what was sent, beside their length; costs CPU',
    onOff,
  ),
  profile: option(null, 'false', 'write a CPU profile of each server process', onOff),
  disrupt: option(
    'LIST',
    null,
    'what happens to clients or the server, and when, such as "reset at=5s clients=50% for=2s, restart at=20s"',
    parseDisruptions,
  ),
  reconnect: option(
    'POLICY',
    'none',
    'when clients that lost their connection open another: none, immediate, fixed or exponential, such as "exponential delay=1s max=5s jitter=0.5 attempts=10"',
    parseReconnect,
  ),
  duration: option('TIME', '10s', 'measured time, unless --rate has stages', positive(timeMs)),
  warmup: option('TIME', '2s', 'minimum warm-up, until latency is stable', timeMs),
  warmupMax: option(
    'TIME',
    '10s',
    'maximum warm-up; equal to --warmup for a warm-up of fixed length',
    timeMs,
  ),
  drain: option('TIME', '5s', 'maximum wait for messages in flight at the end; later ones are lost', timeMs),
  lateAfter: option('TIME', '1s', 'latency above which a message counts as late', positive(timeMs)),
  connectRate: option('RATE', '500/s', 'rate of new connections over all workers', positive(connectRateHz)),
  connectTimeout: option(
    'TIME',
    '10s',
    'maximum time for a connection to open, or for the server to start',
    positive(timeMs),
  ),
  workers: option('N', '1', 'generator processes, or auto: as calibrated', workerCount),
  pin: option('on|off', 'on', 'pin server and workers to separate CPUs (Linux)', switched),
  seed: option('N', '1', 'seed of random arrivals and of --payload-sizes', integer(0, 2 ** 31 - 1)),
  allowRemote: option('HOST', null, 'permit load on this remote host; its owner must agree'),
} as const satisfies OptionTable;

export type PlanOptions = OptionValues<typeof PLAN_OPTIONS>;
export const PLAN_OPTION_NAMES = Object.keys(PLAN_OPTIONS);

export const DEFAULT_WORKERS = Number(PLAN_OPTIONS.workers.default);

/** The workers of a plan. That of --workers auto is the default until a calibration replaces it. */
export function plannedWorkers(workers: PlanOptions['workers']) {
  return workers === AUTO_WORKERS
    ? { workers: DEFAULT_WORKERS, workersReason: 'the default' }
    : { workers, workersReason: null };
}
