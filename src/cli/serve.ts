import { EXIT } from '../errors.ts';
import { integer } from '../options.ts';
import { ServerProcess } from '../run/server-process.ts';
import type { AddCommand } from './cli.ts';
import { resolveServer } from './resolve.ts';

export const addServe: AddCommand = (program, cli, finish) => {
  program
    .command('serve')
    .description('start a reference server and keep it running until Ctrl-C')
    .argument('<server>', 'name of a reference server; see list')
    .option('--host <HOST>', 'address to listen on', '127.0.0.1')
    .option('--port <PORT>', 'port to listen on; 0 takes a free one', '3000')
    .action(async (name: string, flags: { host: string; port: string }) => {
      await resolveServer(name);
      const listen = { host: flags.host, port: integer(0, 65535)(flags.port) };
      let died: string | null = null;
      let wake = () => {};
      const ended = new Promise<void>((resolve) => {
        wake = resolve;
      });
      cli.signal.addEventListener('abort', wake, { once: true });
      const server = await ServerProcess.startReference(name, listen, {
        cpus: null,
        env: {},
        timeoutMs: 10_000,
        onDied: (reason) => {
          died = reason;
          wake();
        },
      });
      cli.out(`${name} listens at ${server.url}\n`);
      await ended;
      if (died !== null) cli.err(`the server ended with ${died}\n`);
      await server.stop();
      finish(died === null ? EXIT.passed : EXIT.invalid);
    });
};
