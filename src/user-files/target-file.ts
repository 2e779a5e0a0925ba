import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { z } from 'zod';
import {
  type Client,
  type FrameCodec,
  type Mapping,
  PROTOCOLS,
  type Protocol,
  type TlsOptions,
  TRANSPORTS,
  type Transport,
} from '../contract/target.ts';
import { messageOf, SockbenchError } from '../errors.ts';
import { plural } from '../text.ts';
import { firstIssue } from './first-issue.ts';
import { nameFunctions } from './functions.ts';
import { importUserModule } from './module.ts';

type PerClient<T> = T | ((client: Client) => T);

/** A server of the user's own: where it is, how clients connect, and how our operations become its events. */
export interface TargetDefinition extends Mapping {
  /** How reports call it; its URL unless given. */
  readonly name?: string;
  /** `http:` or `https:` for Socket.IO, `ws:` or `wss:` for raw WebSocket. */
  readonly url: string;
  /** Follows from the URL unless given. `http` is for plain requests of clients that poll. */
  readonly protocol?: Protocol;
  /** The command that starts it; --exec goes before. */
  readonly exec?: string;
  /** Unless --transport says otherwise. */
  readonly transport?: Transport;
  /** Socket.IO namespace, unless --namespace says otherwise. */
  readonly namespace?: string;
  /** Socket.IO's parser, unless --parser says otherwise. */
  readonly parser?: 'default' | 'msgpack';
  /** Socket.IO's path on the server, `/socket.io/` unless given. */
  readonly path?: string;
  readonly tls?: TlsOptions;
  /** How events become WebSocket messages; the envelope of docs/your-own-server.md unless given. */
  readonly codec?: FrameCodec;
  /** What each client gets: a CSV file with a row of names and a row for each client, or a function of its number. */
  readonly clients?: string | ((number: number) => Readonly<Record<string, unknown>>);
  /** Socket.IO's `auth`. */
  readonly auth?: PerClient<Readonly<Record<string, unknown>>>;
  readonly headers?: PerClient<Readonly<Record<string, string>>>;
  readonly query?: PerClient<Readonly<Record<string, string>>>;
}

/** Types a target. */
export function defineTarget(definition: TargetDefinition): TargetDefinition {
  return definition;
}

const fn = z.custom<never>((value) => typeof value === 'function', 'expected a function');
const record = z.record(z.string(), z.unknown());
const perClient = z.union([record, fn], 'expected an object or a function');
const events = z.union([z.string(), z.array(z.string()).nonempty()], 'expected a name or a list of names');
const incoming = z.strictObject({ event: events, payload: fn.optional() });

const definitionSchema = z.strictObject({
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
});

/** Loads a target file and checks it. Throws BAD_TARGET_FILE, or what {@link importUserModule} throws. */
export async function loadTargetFile(file: string): Promise<TargetDefinition> {
  const definition = await importUserModule(file, 'target');
  const checked = definitionSchema.safeParse(definition);
  if (checked.success) return nameFunctions(definition as TargetDefinition, file);
  throw new SockbenchError({
    code: 'BAD_TARGET_FILE',
    message: `${file}: ${firstIssue(checked.error, 'the default export')}`,
    hint: 'Write export default defineTarget({...}): your editor then shows what belongs in it.',
  });
}

const CSV_HINT = 'The first line names the columns; each other line is one client.';

/**
 * What each client gets, by its number. A CSV file is read from beside the target file. Throws BAD_CLIENTS_FILE;
 * the returned function throws it for a client that has no row.
 */
export async function clientValues(
  { clients = () => ({}) }: TargetDefinition,
  file: string,
): Promise<(number: number) => Readonly<Record<string, unknown>>> {
  if (typeof clients === 'function') return clients;
  const path = resolve(dirname(resolve(file)), clients);
  const rows = await readRows(path, clients);
  return (number) => {
    const row = rows[number];
    if (row !== undefined) return row;
    throw new SockbenchError({
      code: 'BAD_CLIENTS_FILE',
      message: `${clients} has ${plural(rows.length, 'row')}, which is not enough for client ${number + 1}`,
      hint:
        rows.length === 0 ? CSV_HINT : `Give --clients ${rows.length} or less, or add a row for each client.`,
    });
  };
}

async function readRows(path: string, shown: string): Promise<Array<Record<string, string>>> {
  try {
    const text = await readFile(path, 'utf8');
    return parseCsv<Record<string, string>>(text, {
      columns: true,
      skip_empty_lines: true,
      trim: true,
      bom: true,
    });
  } catch (error) {
    throw new SockbenchError({
      code: 'BAD_CLIENTS_FILE',
      message: `${shown} could not be read: ${messageOf(error)}`,
      hint: CSV_HINT,
    });
  }
}
