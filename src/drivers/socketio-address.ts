import { addressText } from '../contract/address.ts';
import { MAIN_NAMESPACE } from '../wire/socketio/packet.ts';
import type { ConnectOptions } from './driver.ts';
import { Namespaces } from './namespaces.ts';

/** The namespaces that a client enters. The path of the URL is one, as in the official client. */
export function namespacesOf(options: ConnectOptions): Namespaces {
  const { pathname } = new URL(namespaceUrl(options));
  const isGiven = options.namespace !== undefined || pathname !== MAIN_NAMESPACE;
  return new Namespaces(isGiven ? pathname : null, options.namespaces);
}

/** The URL whose path is the namespace; the given URL where there is no namespace. */
export function namespaceUrl({
  url,
  namespace,
}: {
  readonly url: string;
  readonly namespace?: string | undefined;
}): string {
  if (namespace === undefined) return url;
  const address = new URL(url);
  address.pathname = namespace;
  return addressText(address);
}

const DEFAULT_PATH = '/socket.io/';

/** The URL of Engine.IO's WebSocket. As in the official client, parameters of the URL replace those of the options. */
export function engineUrl({ path = DEFAULT_PATH, query = {} }: ConnectOptions, address: URL): URL {
  const url = new URL(address);
  // The official client does not send them.
  url.username = '';
  url.password = '';
  url.pathname = path.endsWith('/') ? path : `${path}/`;
  const given = address.search === '' ? Object.entries(query) : parametersOf(address.search);
  const parameters = { ...Object.fromEntries(given), EIO: '4', transport: 'websocket' };
  url.search = Object.entries(parameters)
    .map((parameter) => parameter.map(encodeURIComponent).join('='))
    .join('&');
  return url;
}

/** The names and values of a query, in which a plus is a plus. */
function parametersOf(search: string): Array<[string, string]> {
  return search
    .slice(1)
    .split('&')
    .map((parameter) => {
      const [name = '', ...value] = parameter.split('=');
      return [decodeURIComponent(name), decodeURIComponent(value.join('='))];
    });
}
