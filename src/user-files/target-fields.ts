/** The one table of the fields of a target. */
import { z } from 'zod';
import { PROTOCOLS, TRANSPORTS } from '../contract/target.ts';
import { PRESET_NAMES } from '../presets/index.ts';
import { LIFE_FIELDS } from './life-fields.ts';
import { MAPPING_FIELDS, type TargetField } from './mapping-fields.ts';
import {
  ANY_TEXT,
  CLASSES,
  CLIENT_VALUES,
  CODEC_PARTS,
  CODEC_RESULT,
  eventually,
  FIELDS,
  isCodec,
  isFieldsObject,
  NAMESPACES,
  type ResultCheck,
  type ResultChecks,
  SUBPROTOCOLS,
  TEXT_FIELDS,
} from './results.ts';
import type { TargetDefinition } from './target-definition.ts';
import { fn } from './user-file.ts';

const record = z.record(z.string(), z.unknown());
const fieldsPerClient = z.union([record, fn], 'expected an object or a function').optional();
/** A value that a check accepts, or a function that returns one. */
function fitting({ isFitting, expected }: ResultCheck): z.ZodType {
  const value = z.custom((given) => typeof given === 'function' || isFitting(given), `expected ${expected}`);
  return value.optional();
}

/** An object or an instance of a class, whose methods are not its own fields; or a function that returns one. */
const codec = z
  .custom(
    (value) => typeof value === 'function' || isFieldsObject(value),
    'expected { encode, decode } or a function that returns it',
  )
  .superRefine((value, { addIssue }) => {
    if (typeof value === 'function' || isCodec(value)) return;
    for (const name of Object.keys(CODEC_PARTS)) {
      if (typeof Reflect.get(Object(value), name) === 'function') continue;
      addIssue({ code: 'custom', path: [name], message: 'expected a function' });
    }
  });

const PARSER = 'expected default, msgpack, or a module with Encoder and Decoder';
const parser = z.custom(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    ['Encoder', 'Decoder'].every((name) => typeof Reflect.get(value, name) === 'function'),
);

const textPerClient = z.union([z.string(), fn], 'expected text or a function');
const optionalText = z.string().optional();

const PER_CONNECTION = 'For each connection, before it is opened: `(client)`. May be async.';

const CONNECT_FIELDS = {
  name: { schema: optionalText, about: 'The name in reports.', default: 'the URL' },
  url: {
    schema: textPerClient,
    about: '`http:` or `https:` for Socket.IO, `ws:` or `wss:` for raw WebSocket.',
    called: `${PER_CONNECTION} Once more before the run, without the values of \`prepare\`.`,
    results: eventually(ANY_TEXT),
  },
  server: {
    schema: optionalText,
    about: 'The URL at which the server listens, where the function `url` needs what `prepare` returns.',
    default: '`url` of the first client',
  },
  protocol: {
    schema: z.enum([...PROTOCOLS, ...PRESET_NAMES]).optional(),
    about: `What the server speaks: ${PROTOCOLS.join(', ')}, or a preset: ${PRESET_NAMES.join(', ')}.`,
    default: 'follows from the URL',
  },
  exec: { schema: optionalText, about: 'The command that starts the server; --exec overrides it.' },
  transport: {
    schema: z.enum(TRANSPORTS).optional(),
    about: `The transport: ${TRANSPORTS.join(', ')}; --transport overrides it.`,
    default: 'websocket',
  },
  namespace: {
    schema: textPerClient.optional(),
    about: 'Socket.IO namespace; --namespace overrides it.',
    called: PER_CONNECTION,
    default: 'the main namespace',
    results: eventually(ANY_TEXT),
  },
  namespaces: {
    schema: fitting(NAMESPACES),
    about:
      'Namespaces that a client enters over one connection: a list, or an object with a name for each. Events of all but the first are written `/presence,update`.',
    called: PER_CONNECTION,
    default: '`namespace` alone',
    results: eventually(NAMESPACES),
  },
  parser: {
    schema: z.union([z.enum(['default', 'msgpack']), parser], PARSER).optional(),
    about:
      'Socket.IO parser: default, msgpack, or a module with `Encoder` and `Decoder`, as socket.io-client takes it; --parser overrides it.',
    default: 'default',
    results: CLASSES,
  },
  path: {
    schema: textPerClient.optional(),
    about: 'Path of Socket.IO on the server.',
    called: PER_CONNECTION,
    default: '/socket.io/',
    results: eventually(ANY_TEXT),
  },
  protocols: {
    schema: fitting(SUBPROTOCOLS),
    about:
      'WebSocket subprotocols that clients offer, the preferred one first. The server must choose one of them.',
    called: PER_CONNECTION,
    default: 'none',
    results: eventually(SUBPROTOCOLS),
  },
  tls: {
    schema: z
      .strictObject({
        ca: optionalText,
        cert: optionalText,
        key: optionalText,
        servername: optionalText,
        rejectUnauthorized: z.boolean().optional(),
      })
      .optional(),
    about: 'TLS of `https:` and `wss:`, with PEM texts, as the options of `tls.connect` of Node.js.',
    default: 'the certificates that Node.js trusts',
  },
  codec: {
    schema: codec.optional(),
    about:
      'How events become WebSocket messages, and messages events. A function makes a codec for each connection, which may keep state.',
    called:
      'For each message: `encode({ event, data, id, ack })`, `decode(message, isBinary)`. As a function, once for each connection: `(client, subprotocol)`.',
    default: 'the JSON envelope',
    results: CODEC_RESULT,
  },
  clients: {
    schema: z.union([z.string(), fn], 'expected the path of a CSV file or a function').optional(),
    about:
      'The values of each client: a CSV file with a row of names and a row for each client, or a function.',
    called: 'Once for each client, before `prepare`: `(number)`, from 0. May be async.',
    default: 'no values',
    results: eventually(CLIENT_VALUES),
  },
  auth: {
    schema: fieldsPerClient,
    about: '`auth` of Socket.IO.',
    called: PER_CONNECTION,
    default: 'none',
    results: eventually(FIELDS),
  },
  headers: {
    schema: fieldsPerClient,
    about: 'HTTP headers of every request and of the WebSocket handshake.',
    called: PER_CONNECTION,
    default: 'none',
    results: eventually(TEXT_FIELDS),
  },
  query: {
    schema: fieldsPerClient,
    about: 'Parameters that are added to the query of the URL.',
    called: PER_CONNECTION,
    default: 'none',
    results: eventually(TEXT_FIELDS),
  },
} as const satisfies Record<string, TargetField>;

/** Every field of a target, by name. A new field is a row here, and a type in target-definition.ts or in the contract. */
export const TARGET_FIELDS = {
  ...CONNECT_FIELDS,
  ...LIFE_FIELDS,
  ...MAPPING_FIELDS,
} as const satisfies Record<keyof TargetDefinition, TargetField>;

const rows: ReadonlyArray<readonly [string, TargetField]> = Object.entries(TARGET_FIELDS);

export const targetSchema = z.strictObject(
  Object.fromEntries(rows.map(([name, { schema }]) => [name, schema])),
);

function isCheck(results: NonNullable<TargetField['results']>): results is ResultCheck {
  return typeof results['isFitting'] === 'function';
}

/** The checks of all functions of a target. */
export const TARGET_RESULTS: ResultChecks = Object.fromEntries(
  rows.flatMap(([name, { results = {} }]) =>
    isCheck(results)
      ? [[name, results]]
      : Object.entries(results).map(([inner, check]) => [`${name}.${inner}`, check]),
  ),
);
