/**
 * Child entry: `node start.ts NAME HOST PORT SETTINGS` starts a reference server and prints one line of JSON,
 * `{"ready":true,"url":...}` or `{"ready":false,"code":...,"message":...}`. Ends with its parent.
 */

import { NO_SETTINGS } from '../src/contract/server.ts';
import { servers } from './index.ts';

const [name = '', host = '127.0.0.1', port = '0', settings = '{}'] = process.argv.slice(2);

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

try {
  const load = Object.hasOwn(servers, name) ? servers[name] : undefined;
  if (load === undefined) {
    const known = Object.keys(servers).join(', ');
    throw Object.assign(new Error(`no reference server is called "${name}"; there are ${known}`), {
      code: 'UNKNOWN_SERVER',
    });
  }
  const { server } = await load();
  const running = await server.start({
    host,
    port: Number(port),
    settings: { ...NO_SETTINGS, ...JSON.parse(settings) },
  });
  const stop = () => void running.close().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  process.on('disconnect', stop);
  // Ctrl-C reaches the whole terminal group; the parent decides when a server stops.
  process.on('SIGINT', () => {});
  say({ ready: true, url: running.url });
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  say({ ready: false, code, message });
  process.exit(1);
}
