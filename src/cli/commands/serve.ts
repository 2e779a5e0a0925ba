import { integer, type OptionTable, parseOptions } from '../../contract/options.ts';
import { EXIT } from '../../errors.ts';
import { SETTING_OPTIONS } from '../../plan/settings.ts';
import { ServerProcess } from '../../run/server/server-process.ts';
import type { AddCommand } from '../cli.ts';
import { addTable } from '../flags.ts';
import { planReference, requireSettings, resolveServer } from '../resolve.ts';

const LISTEN_OPTIONS = {
  host: {
    value: 'HOST',
    default: '127.0.0.1',
    summary: 'address to listen on',
    parse: (text: string) => text,
  },
  port: {
    value: 'PORT',
    default: '3000',
    summary: 'port to listen on; 0 takes a free one',
    parse: integer(0, 65535),
  },
} as const satisfies OptionTable;

export const addServe: AddCommand = (program, cli, finish) => {
  const command = program
    .command('serve')
    .description('start a reference server and keep it running until Ctrl-C')
    .argument('<server>', 'name of a reference server; see list');
  addTable(command, LISTEN_OPTIONS, true);
  addTable(command, SETTING_OPTIONS, true);
  command.action(async (name: string, flags: Readonly<Record<string, string>>) => {
    const server = await resolveServer(name);
    const asked = parseOptions(SETTING_OPTIONS, flags);
    const listen = parseOptions(LISTEN_OPTIONS, flags);
    requireSettings(asked, server.settings, `the server "${name}"`);
    const reference = planReference(server, asked, null);
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
      signal: cli.signal,
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
