import { globalAgent as httpAgent } from 'node:http';
import { globalAgent as httpsAgent } from 'node:https';
import { Socket } from 'node:net';

/**
 * Refuses redirects for this process. Socket.IO's client follows them when it polls, to any host and as often as it
 * is told, and then asks Node's global agents, which nothing else here uses: load must stay where it was allowed.
 */
export function refuseRedirects(): void {
  for (const agent of [httpAgent, httpsAgent]) {
    agent.createConnection = ({ host }: { readonly host?: string | null }) => {
      const socket = new Socket();
      process.nextTick(() => socket.destroy(new Error(`redirected to ${host}, which is not followed`)));
      return socket;
    };
  }
}
