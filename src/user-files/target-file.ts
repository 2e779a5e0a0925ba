import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { z } from 'zod';
import type { Mapping } from '../contract/mapping.ts';
import {
  type Client,
  type FrameCodec,
  PROTOCOLS,
  type Protocol,
  type TlsOptions,
  TRANSPORTS,
  type Transport,
} from '../contract/target.ts';
import { fail, messageOf } from '../errors.ts';
import { plural } from '../text.ts';
import { MAX_CSV_BYTES } from './csv.ts';
import { TARGET_RESULTS } from './results.ts';
import { fn, loadUserFile, problemOfFile } from './user-file.ts';

type PerClient<T> = T | ((client: Client) => T);

/** A server of the user: its URL, how clients connect, and how operations become its events. */
export interface TargetDefinition extends Mapping {
  /** Its name in reports; the URL by default. */
  readonly name?: string;
  /** `http:` or `https:` for Socket.IO, `ws:` or `wss:` for raw WebSocket. */
  readonly url: string;
  /** Follows from the URL by default. `http` is for plain requests of clients that poll. */
  readonly protocol?: Protocol;
  /** The command that starts the server; --exec overrides it. */
  readonly exec?: string;
  /** Transport; --transport overrides it. */
  readonly transport?: Transport;
  /** Socket.IO namespace; --namespace overrides it. */
  readonly namespace?: string;
  /** Socket.IO parser; --parser overrides it. */
  readonly parser?: 'default' | 'msgpack';
  /** Path of Socket.IO on the server; `/socket.io/` by default. */
  readonly path?: string;
  readonly tls?: TlsOptions;
  /** Encodes events as WebSocket messages; the envelope of docs/your-own-server.md by default. */
  readonly codec?: FrameCodec;
  /** The values of each client: a CSV file with a row of names and a row for each client, or a function of its number. */
  readonly clients?: string | ((number: number) => Readonly<Record<string, unknown>>);
  /** `auth` of Socket.IO. */
  readonly auth?: PerClient<Readonly<Record<string, unknown>>>;
  readonly headers?: PerClient<Readonly<Record<string, string>>>;
  readonly query?: PerClient<Readonly<Record<string, string>>>;
}

/** Types a target. */
export function defineTarget(definition: TargetDefinition): TargetDefinition {
  return definition;
}

const record = z.record(z.string(), z.unknown());
const perClient = z.union([record, fn], 'expected an object or a function');
const events = z.union([z.string(), z.array(z.string()).nonempty()], 'expected a name or a list of names');
const incoming = z.strictObject({ event: events, payload: fn.optional() });

const targetFields = {
  name: z.string().optional(),
  url: z.string(),
  protocol: z.enum(PROTOCOLS).optional(),
  exec: z.string().optional(),
  transport: z.enum(TRANSPORTS).optional(),
  namespace: z.string().optional(),
  parser: z.enum(['default', 'msgpack']).optional(),
  path: z.string().optional(),
  tls: z
    .strictObject({
      ca: z.string().optional(),
      cert: z.string().optional(),
      key: z.string().optional(),
      servername: z.string().optional(),
      rejectUnauthorized: z.boolean().optional(),
    })
    .optional(),
  codec: z.strictObject({ encode: fn, decode: fn }).optional(),
  clients: z.union([z.string(), fn], 'expected the path of a CSV file or a function').optional(),
  auth: perClient.optional(),
  headers: perClient.optional(),
  query: perClient.optional(),
  join: fn.optional(),
  publish: fn.optional(),
  changesPayload: z.boolean().optional(),
  delivery: incoming.optional(),
  request: fn.optional(),
  reply: fn.optional(),
  echo: fn.optional(),
  echoed: incoming.optional(),
  streamRequest: fn.optional(),
  streamed: z.strictObject({ event: z.string(), read: fn }).optional(),
  askMe: fn.optional(),
  asked: z.strictObject({ event: z.string(), read: fn }).optional(),
  observe: z.strictObject({ event: z.string(), key: fn }).optional(),
  node: fn.optional(),
} satisfies Record<keyof TargetDefinition, z.ZodType>;

const targetSchema = z.strictObject(targetFields);

/** Loads a target file. Throws BAD_TARGET_FILE for a definition that does not fit. */
export async function loadTargetFile(file: string): Promise<TargetDefinition> {
  return (await loadUserFile(file, 'target', targetSchema, TARGET_RESULTS)) as TargetDefinition;
}

const CSV_HINT = 'The first line names the columns; every other line is one client.';

/**
 * Returns a function that gives the values of a client by its number. A CSV file is read relative to the target file.
 * Throws BAD_CLIENTS_FILE; the returned function throws it for a client without a row.
 */
export async function clientValues(
  { clients = () => ({}) }: Pick<TargetDefinition, 'clients'>,
  file: string,
): Promise<(number: number) => Readonly<Record<string, unknown>>> {
  if (typeof clients === 'function') return clients;
  const rows = await readRows(resolve(dirname(resolve(file)), clients), clients);
  const hint =
    rows.length === 0 ? CSV_HINT : `Give --clients ${rows.length} or less, or add a row for each client.`;
  return (number) =>
    rows[number] ??
    fail(
      'BAD_CLIENTS_FILE',
      `${clients} has ${plural(rows.length, 'row')}, which is not enough for client ${number + 1}`,
      hint,
    );
}

async function readRows(path: string, shown: string): Promise<Array<Record<string, string>>> {
  const problem = problemOfFile(path, MAX_CSV_BYTES);
  if (problem !== null) fail('BAD_CLIENTS_FILE', `${shown} ${problem}`, CSV_HINT);
  try {
    return parseCsv<Record<string, string>>(await readFile(path, 'utf8'), {
      columns: true,
      skip_empty_lines: true,
      trim: true,
      bom: true,
    });
  } catch (error) {
    return fail('BAD_CLIENTS_FILE', `${shown} could not be read: ${messageOf(error)}`, CSV_HINT);
  }
}
