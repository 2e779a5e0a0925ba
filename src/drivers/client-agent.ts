import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { TlsOptions } from '../contract/target.ts';

/**
 * Keeps a polling client's connections open between requests, as browsers do. One for each client, so that giving up
 * one client ends its requests and nobody else's.
 */
export function clientAgent(url: URL, tls: TlsOptions): HttpAgent {
  const options = { keepAlive: true, ...tls };
  return url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
}
