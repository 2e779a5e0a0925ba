import { type Client, chat, type Mapping } from '../contract/target.ts';
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
export async function loadTarget(plan: Plan): Promise<Target> {
  const { file } = plan.target;
  const definition = file === null ? null : await loadTargetFile(file);
  const known = new Map<number, Client>();
  const values = definition === null || file === null ? () => ({}) : await clientValues(definition, file);
  return {
    mapping: definition ?? chat,
    clientOf: (number) => {
      const found = known.get(number);
      if (found !== undefined) return found;
      const client = { number, values: values(number) };
      known.set(number, client);
      return client;
    },
    headersOf: (client) => forClient(definition?.headers, client) ?? {},
    connectOptions: (client, url) => ({
      ...optionsOfPlan(plan, url),
      ...(definition === null ? {} : optionsOfFile(definition, client)),
    }),
  };
}

function optionsOfPlan({ transport, connectTimeoutMs, settings, target }: Plan, url: string): ConnectOptions {
  const { parser, pollInterval: pollIntervalMs, compression } = settings;
  return {
    url,
    transport,
    timeoutMs: connectTimeoutMs,
    compression: compression === 'on',
    ...given({ namespace: target.namespace, parser, pollIntervalMs }),
  };
}

function optionsOfFile(definition: TargetDefinition, client: Client): Partial<ConnectOptions> {
  const { path, tls, codec, auth, headers, query } = definition;
  return given({
    path,
    tls,
    codec,
    auth: forClient(auth, client),
    headers: forClient(headers, client),
    query: forClient(query, client),
  });
}

/** The value for a client: one for all clients, or the result of a function of the client. */
function forClient<T extends object>(
  value: T | ((client: Client) => T) | undefined,
  client: Client,
): T | undefined {
  return typeof value === 'function' ? (value as (client: Client) => T)(client) : value;
}
