import { chat, type Mapping } from '../contract/mapping.ts';
import type { Client } from '../contract/target.ts';
import { type ConnectOptions, given } from '../drivers/driver.ts';
import type { Plan } from '../plan/plan.ts';
import { clientValues, loadTargetFile, type TargetDefinition } from '../user-files/target-file.ts';

/** The target of a run, loaded once per process. */
export interface Target {
  readonly mapping: Mapping;
  clientOf(number: number): Client;
  /** Headers of every request of a client. */
  headersOf(client: Client): Readonly<Record<string, string>>;
  /** How a client connects to the server at `url`. */
  connectOptions(client: Client, url: string): ConnectOptions;
}

/** Loads the target of a plan. */
export async function loadTarget({ transport, connectTimeoutMs, settings, target }: Plan): Promise<Target> {
  const { file, namespace } = target;
  const definition: Partial<TargetDefinition> = file === null ? chat : await loadTargetFile(file);
  const { path, tls, codec, auth, headers, query } = definition;
  const { parser, pollInterval: pollIntervalMs, compression } = settings;
  const known = new Map<number, Client>();
  const none = {};
  const values = file === null ? () => none : await clientValues(definition, file);
  return {
    mapping: definition,
    clientOf: (number) => {
      const client = known.get(number) ?? { number, values: values(number) };
      known.set(number, client);
      return client;
    },
    headersOf: (client) => forClient(headers, client) ?? {},
    connectOptions: (client, url) => ({
      url,
      transport,
      timeoutMs: connectTimeoutMs,
      compression: compression === 'on',
      ...given({ namespace, parser, pollIntervalMs, path, tls, codec }),
      ...given({
        auth: forClient(auth, client),
        headers: forClient(headers, client),
        query: forClient(query, client),
      }),
    }),
  };
}

/** The value for a client: one for all clients, or the result of a function of the client. */
function forClient<T extends object>(
  value: T | ((client: Client) => T) | undefined,
  client: Client,
): T | undefined {
  return typeof value === 'function' ? (value as (client: Client) => T)(client) : value;
}
