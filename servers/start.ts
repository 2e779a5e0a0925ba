/**
 * Child entry: `node start.ts NAME HOST PORT SETTINGS` starts a reference server and prints one line of JSON,
 * `{"ready":true,"url":...}` or `{"ready":false,"code":...,"message":...}`. Ends with its parent.
 */
import {
  DEFAULT_SERVER_SETTINGS,
  type NodeRestartReply,
  type NodeRestartRequest,
  type RunningServer,
} from '../src/contract/server.ts';
import { servers } from './index.ts';

const [name = '', host = '127.0.0.1', port = '0', settings = '{}'] = process.argv.slice(2);

function printLine(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function restartNode(
  running: RunningServer,
  { type: _, ...restart }: NodeRestartRequest,
): Promise<void> {
  const reply = (problem: string | null): NodeRestartReply => ({
    type: 'node-restarted',
    node: restart.node,
    problem,
  });
  try {
    if (running.restartNode === undefined) throw new Error('this server has one process');
    await running.restartNode(restart);
    process.send?.(reply(null));
  } catch (error) {
    process.send?.(reply(error instanceof Error ? error.message : String(error)));
  }
}

try {
  const load = Object.hasOwn(servers, name) ? servers[name] : undefined;
  if (load === undefined) {
    const known = Object.keys(servers).join(', ');
    throw Object.assign(new Error(`there is no reference server "${name}"; available: ${known}`), {
      code: 'UNKNOWN_SERVER',
    });
  }
  const { server } = await load();
  const running = await server.start({
    host,
    port: Number(port),
    settings: { ...DEFAULT_SERVER_SETTINGS, ...JSON.parse(settings) },
  });
  const stop = () => void running.close().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  process.on('disconnect', stop);
  process.on('message', (message: Partial<NodeRestartRequest>) => {
    if (message.type === 'restart-node') void restartNode(running, message as NodeRestartRequest);
  });
  // Ctrl-C reaches the whole process group, but the parent decides when a server stops.
  process.on('SIGINT', () => {});
  printLine({ ready: true, url: running.url });
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  printLine({ ready: false, code, message });
  process.exit(1);
}
