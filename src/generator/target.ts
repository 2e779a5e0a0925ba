import { parseAddress, requireAllowedHost } from '../contract/address.ts';
import type { ClientHooks } from '../contract/hooks.ts';
import { chat, type Mapping } from '../contract/mapping.ts';
import { type Client, forClient, type PerClient, type TlsOptions } from '../contract/target.ts';
import { type ConnectOptions, given } from '../drivers/driver.ts';
import { fail } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { withSlash } from '../user-files/results.ts';
import type { TargetDefinition } from '../user-files/target-definition.ts';
import { clientValues, loadTargetFile } from '../user-files/target-file.ts';

type Headers = Readonly<Record<string, string>>;

/** Limits how long a function of the target, named so, may take to settle. */
export type Limit = <T>(name: string, result: T | Promise<T>) => T | Promise<T>;
const UNLIMITED: Limit = (_, result) => result;

/** The target of a run, loaded once per process. */
export interface Target {
  readonly mapping: Mapping;
  readonly hooks: Omit<ClientHooks, 'prepare'>;
  readonly tls: TlsOptions;
  /** Whether preparing a client may take time of the server. */
  readonly prepares: boolean;
  /** Returns the client with its values, those of `prepare` included; {@link clientOf} knows it from then on. */
  prepare(number: number, limit?: Limit): Promise<Client>;
  /** The client, which has been prepared. */
  clientOf(number: number): Client;
  /** Headers of every request of a client: those of its last connection. */
  headersOf(client: Client): Headers;
  /** How the next connection of a client connects to the server at `url`. */
  connectOptions(client: Client, url: string, limit?: Limit): Promise<ConnectOptions>;
}

/** Loads the target of a plan. */
export async function loadTarget(plan: Plan): Promise<Target> {
  const { file } = plan.target;
  const definition: Partial<TargetDefinition> = file === null ? chat : await loadTargetFile(file);
  const { prepare, opened, answer, acknowledge, keepAlive, leave } = definition;
  const values = file === null ? () => ({}) : await clientValues(definition, file);
  const clients = new Map<number, Client>();
  const headers = new Map<number, Headers>();
  return {
    mapping: definition,
    hooks: given({ opened, answer, acknowledge, keepAlive, leave }),
    tls: definition.tls ?? {},
    prepares: prepare !== undefined,
    async prepare(number, limit = UNLIMITED) {
      const client = { number, values: await limit('clients', values(number)) };
      const prepared = await limit('prepare', prepare?.(client));
      const whole = { number, values: { ...client.values, ...prepared } };
      clients.set(number, whole);
      return whole;
    },
    clientOf: (number) => clients.get(number) ?? { number, values: {} },
    headersOf: ({ number }) => headers.get(number) ?? {},
    async connectOptions(client, url, limit = UNLIMITED) {
      const options = await connectOptionsOf(plan, definition, client, url, limit);
      if (options.headers !== undefined) headers.set(client.number, options.headers);
      return options;
    },
  };
}

async function connectOptionsOf(
  { transport, connectTimeoutMs, settings, target }: Plan,
  definition: Partial<TargetDefinition>,
  client: Client,
  url: string,
  limit: Limit,
): Promise<ConnectOptions> {
  const { parser, pollInterval: pollIntervalMs, compression } = settings;
  const { tls, codec } = definition;
  const ownParser = typeof definition.parser === 'object' ? definition.parser : undefined;
  const ownOf = <T>(name: string, value: PerClient<T> | undefined) => limit(name, forClient(value, client));
  const [own, namespace, namespaces, path, protocols, auth, headers, query] = await Promise.all([
    ownOf('url', typeof definition.url === 'function' ? definition.url : undefined),
    target.namespace ?? ownOf('namespace', definition.namespace),
    ownOf('namespaces', definition.namespaces),
    ownOf('path', definition.path),
    ownOf('protocols', definition.protocols),
    ownOf('auth', definition.auth),
    ownOf('headers', definition.headers),
    ownOf('query', definition.query),
  ]);
  return {
    url: own === undefined ? url : urlOfClient(own, url, target.allowRemote),
    transport,
    timeoutMs: connectTimeoutMs,
    compression: compression === 'on',
    ...given({ namespace, parser: parser ?? ownParser, pollIntervalMs, path, tls, auth, headers, query }),
    ...(namespaces === undefined ? {} : { namespaces: namedNamespaces(namespaces) }),
    ...(protocols === undefined ? {} : { protocols: [protocols].flat() }),
    ...given({
      codec: typeof codec === 'function' ? (subprotocol: string | null) => codec(client, subprotocol) : codec,
    }),
  };
}

/** Namespaces by the names that events have for them: in a list their own, with a slash. */
function namedNamespaces(namespaces: readonly string[] | Headers): Headers {
  const isList = Array.isArray(namespaces);
  const named: ReadonlyArray<[string, string]> = isList
    ? namespaces.map((each: string) => [withSlash(each), each])
    : Object.entries(namespaces);
  return Object.fromEntries(named.map(([name, namespace]) => [name, withSlash(namespace)]));
}

/** The URL that a function of the target returned for a client; it may be relative to that of the server. */
function urlOfClient(text: string, base: string, allowRemote: string | null): string {
  const url = parseAddress(text, base);
  if (url === null) return fail('BAD_TARGET', `the url of a client is not a URL: ${text}`);
  requireAllowedHost(url, allowRemote);
  return url.href;
}
