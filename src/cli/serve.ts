import { EXIT } from '../errors.ts';
import { integer, parseOptions } from '../options.ts';
import { ServerProcess } from '../run/server-process.ts';
import { SETTING_OPTIONS } from '../settings.ts';
import type { AddCommand } from './cli.ts';
import { addTable } from './flags.ts';
import { planReference, requireAvailable, requireSettings, resolveServer } from './resolve.ts';

export const addServe: AddCommand = (program, cli, finish) => {
  const command = program
    .command('serve')
    .description('start a reference server and keep it running until Ctrl-C')
    .argument('<server>', 'name of a reference server; see list')
    .option('--host <HOST>', 'address to listen on', '127.0.0.1')
    .option('--port <PORT>', 'port to listen on; 0 takes a free one', '3000');
  addTable(command, SETTING_OPTIONS, true);
  command.action(async (name: string, flags: { host: string; port: string }) => {
    const server = await resolveServer(name);
    const asked = parseOptions(SETTING_OPTIONS, { ...flags });
    requireSettings(asked, server.settings, `the server "${name}"`);
    const reference = planReference(server, asked);
    requireAvailable(server, reference.settings);
    const listen = { host: flags.host, port: integer(0, 65535)(flags.port) };
    let died: string | null = null;
    let wake = () => {};
    const ended = new Promise<void>((resolve) => {
      wake = resolve;
    });
    cli.signal.addEventListener('abort', wake, { once: true });
    const running = await ServerProcess.startReference(name, reference, listen, {
      cpus: null,
      env: {},
      timeoutMs: 10_000,
      onDied: (reason) => {
        died = reason;
        wake();
      },
    });
    cli.out(`${name} listens at ${running.url}\n`);
    await ended;
    if (died !== null) cli.err(`the server ended with ${died}\n`);
    await running.stop();
    finish(died === null ? EXIT.passed : EXIT.invalid);
  });
};
